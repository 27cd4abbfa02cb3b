"""Numbers of runs as people read them."""

from __future__ import annotations

from pipelines.runs.numbers import number
from playground.views.words import seconds


def told(name: str, value: float, *, named: bool = False) -> str:
    """``0.34 s``, ``82.1 %``, ``12 tokens/s``; with its label before it where it is ``named``."""
    known = number(name)
    match known.unit:
        case "s":
            words = seconds(value) or "0 s"
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
    """How a number changed, and whether that is "better", "worse" or "" (no direction, or no change)."""
    known, change = number(name), new - old
    if change == 0:
        return "same", ""
    sign = "+" if change > 0 else "−"
    unit = " points" if known.unit == "share" else ""
    size = f"{abs(change) * 100:.1f}{unit}" if unit else told(name, abs(change))
    if not known.better:
        return f"{sign}{size}", ""
    return f"{sign}{size}", "better" if (change > 0) == (known.better == "higher") else "worse"
