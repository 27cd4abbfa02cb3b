"""Runs as people read them: their numbers, and what was read."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.loading.page_numbers import told_pages
from pipelines.runs.numbers import number
from playground.views.words import seconds

_TIMES = ("s", "ms", "tokens/s")

#: A time of one run that is less than so many times another's is not called better or worse.
_TIMES_VARY = 1.5


def what_was_read(pages: Sequence[int], degrade: str | None) -> str:
    """``pages 1–3``, and by what they were made worse."""
    worse = f", {degrade}" if degrade and degrade != "none" else ""
    return f"{told_pages(pages)}{worse}"


def told(name: str, value: float, *, named: bool = False) -> str:
    """``0.34 s``, ``82.1 %``, ``12 tokens/s``; with its label before it where it is ``named``."""
    known = number(name)
    match known.unit:
        case "s":
            words = seconds(value)
        case "ms":
            words = seconds(value / 1000)
        case "share":
            words = f"{100 * value:.1f} %"
        case "tokens/s":
            words = f"{value:.1f} tokens/s" if value < 100 else f"{value:,.0f} tokens/s"
        case _:
            words = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
            words = f"{words} {known.unit}".strip()
    return f"{known.label} {words}" if named else words


def difference(name: str, old: float, new: float) -> tuple[str, str]:
    """How a number changed, and whether that is "better", "worse" or "" (no direction, no change, or noise)."""
    known, change = number(name), new - old
    if change == 0:
        return "same", ""
    sign = "+" if change > 0 else "−"
    unit = " points" if known.unit == "share" else ""
    size = f"{abs(change) * 100:.1f}{unit}" if unit else told(name, abs(change))
    if not known.better:
        return f"{sign}{size}", ""
    if known.unit in _TIMES and max(old, new) < _TIMES_VARY * min(old, new):
        return f"{sign}{size}", ""
    return f"{sign}{size}", "better" if (change > 0) == (known.better == "higher") else "worse"
