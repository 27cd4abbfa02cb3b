"""Markup that escapes by construction: a ``str`` is text, only ``Markup`` is HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markupsafe import Markup, escape

Child = str | Markup | None | Iterable["Child"]

_VOID = {"img", "input", "br", "hr", "meta"}


def el(tag: str, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Children that are plain ``str`` and all attribute values are escaped.

    ``class_`` stands for ``class``, underscores for hyphens; True gives a bare attribute, None and False none.
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        words.append(name if value is True else f'{name}="{escape(str(value))}"')
    opening = Markup("<" + " ".join(words) + ">")  # noqa: S704 - every value above is escaped
    if tag in _VOID:
        return opening
    return opening + join(*children) + Markup(f"</{tag}>")  # noqa: S704 - tag names are ours


def join(*children: Child) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(_escaped(children)))  # noqa: S704 - every piece is escaped


def _escaped(children: Iterable[Child]) -> Iterator[str]:
    """The pieces, to be put together once: adding one to the next takes seconds for thousands."""
    for child in children:
        if isinstance(child, str):  # Markup is one
            yield escape(child)
        elif child is not None:
            yield from _escaped(child)


def button(label: Child, act: str, arg: str | int = "", **attributes: str | bool | None) -> Markup:
    """A button whose click reaches the handler of its component as (act, arg)."""
    return el("button", label, type="button", data_act=act, data_arg=str(arg), **attributes)


def fold(summary: Child, *children: Child, class_: str = "fold", open_: bool = False) -> Markup:
    """A closed box that a person can open."""
    return el("details", el("summary", summary), *children, class_=class_, open=open_)


def tip(label: Child, explanation: str, class_: str = "") -> Markup:
    """A word that explains itself on hover and on focus."""
    return el("span", label, class_=f"tip {class_}".strip(), title=explanation, tabindex=0)


def bar(fraction: float | None, label: str) -> Markup:
    """A progress bar; None is work of unknown length."""
    percent = None if fraction is None else round(100 * min(max(fraction, 0.0), 1.0))
    fill = el("i", style=f"width:{percent}%") if percent is not None else el("i", class_="unknown")
    return el("div", fill, class_="bar", role="progressbar", aria_label=label, aria_valuenow=percent)
