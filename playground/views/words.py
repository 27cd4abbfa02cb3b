"""Numbers as people read them: units always, no digit more than is known."""

from __future__ import annotations

from datetime import datetime

from pipelines.retrieval.base import Hit


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 page``, ``1,204 pages``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int | None) -> str:
    """Bytes in decimal units, as disks and downloads state them."""
    if number is None:
        return ""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= step:
            value = number / step
            return f"{value:.1f} {unit}" if value < 10 and unit == "GB" else f"{value:.0f} {unit}"
    return f"{number} B"


def seconds(number: float | None) -> str:
    """``12 ms``, ``0.34 s``, ``12 s``, ``3 min 20 s``; empty where nothing was measured."""
    if number is None:
        return ""
    if number < 0.1:
        return f"{number * 1000:.0f} ms" if number >= 0.001 else "under 1 ms"
    if number < 10:
        return f"{number:.2f} s" if number < 1 else f"{number:.1f} s"
    whole = round(number)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def parameters(number: int | None) -> str:
    """``135 M``, ``7.6 B`` parameters."""
    if not number:
        return ""
    return f"{number / 1e9:.1f} B" if number >= 1e9 else f"{number / 1e6:.0f} M"


def place(page: int, label: str) -> str:
    """``p. 3``, or ``p. 3 (printed ii)`` where the printed number differs."""
    return f"p. {page}" if label in ("", str(page)) else f"p. {page} (printed {label})"


def where(hit: Hit) -> str:
    """The page of a passage; of one that runs over pages, the page with most of it and the range."""
    main = place(hit.page, hit.page_label)
    return main if len(hit.pages) < 2 else f"{main}, in pp. {hit.pages[0]}–{hit.pages[-1]}"


def score(number: float) -> str:
    """Three significant decimals for fractions, two for larger scores."""
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.2f}"


def moment(when: str | float) -> str:
    """``24 Nov 2026, 21:40`` on this machine's clock, of ISO 8601 or seconds since 1970; empty of anything else."""
    try:
        here = (datetime.fromisoformat(when) if isinstance(when, str) else datetime.fromtimestamp(when)).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{here.day} {here:%b %Y, %H:%M}"


def lately(when: float) -> str:
    """A moment in a list: ``21:40:07`` of today, with the day of any other."""
    here = datetime.fromtimestamp(when)
    return f"{here:%H:%M:%S}" if here.date() == datetime.now().date() else moment(when)
