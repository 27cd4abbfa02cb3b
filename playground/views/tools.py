"""Switches and small forms that several panels and labs have: how large, how many columns, another name, a download."""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup

from playground.views.html import Child, button, el, fold


def pressed(on: bool) -> str:
    """The value of ``aria-pressed``."""
    return "true" if on else "false"


def zooms(zoom: int, to: str = "panel", most: int = 400) -> list[Markup]:
    """Smaller, as wide as what it stands in (``to``), larger; in percent, from 50 to ``most``."""
    return [
        button("−", "zoom", max(50, zoom - 25), aria_label="Zoom out", disabled=zoom <= 50),
        button(f"{zoom} %", "zoom", 100, class_="place", aria_label=f"Zoom to the {to}’s width"),
        button("+", "zoom", min(most, zoom + 25), aria_label="Zoom in", disabled=zoom >= most),
    ]


def how_many(shown: int) -> Markup:
    """The switch of a lab's columns."""
    many = [
        button(str(n), "columns", n, class_="switch", aria_pressed=pressed(shown == n), aria_label=f"{n} columns")
        for n in (2, 3, 4)
    ]
    return el("div", el("span", "Columns"), many, class_="group end")


def download(label: str, text: str, kind: str, name: str) -> Markup:
    """A link that saves a text as a file of a media type, made here: nothing is stored for it."""
    return el("a", label, href=f"data:{kind};charset=utf-8,{quote(text)}", download=name, class_="quiet")


def inline_form(act: str, arg: str, value: str, label: str) -> Markup:
    """One line to type into, and a button; the panel's handler gets what was typed."""
    field = el("input", name="value", value=value, aria_label=label)
    return el("form", field, el("button", label, type="submit"), data_act=act, data_arg=arg, class_="inline")


def sure(question: Child, label: str, act: str, arg: str) -> Markup:
    """A button that only comes forth when asked for: what it does cannot be undone."""
    return fold(question, button(label, act, arg, class_="danger"), class_="confirm")
