"""Switches that several panels and labs have: how large, how many columns."""

from __future__ import annotations

from markupsafe import Markup

from playground.views.html import button, el


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
