"""Sections of a PDF: the outline's titles, found in the text of the pages they point to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.loading.document import Heading, Page


def place_headings(text: str, pages: Sequence[Page], outline: Sequence[tuple[str, int, int]]) -> tuple[Heading, ...]:
    """Headings in the order of the text.

    Args:
        text: The document's text.
        pages: Its pages.
        outline: (title, level, page), both from 1; entries that point to no page are left out.

    Returns:
        Each where its title stands on its page, or at the top of the page where it is not found.
    """
    found: list[Heading] = []
    after: dict[int, int] = {}  # page -> end of the last title found on it
    for title, level, number in outline:
        if not 1 <= number <= len(pages) or not title:
            continue
        page = pages[number - 1]
        place = _find(text, title, after.get(number, page.start), page.end)
        if place is None and number in after:  # an outline need not follow the page
            place = _find(text, title, page.start, page.end)
        start, end = place or (page.start, page.start)
        after[number] = max(end, after.get(number, page.start))
        found.append(Heading(title=title, level=level, page=number, start=start))
    return tuple(sorted(found, key=lambda heading: heading.start))


def _find(text: str, title: str, start: int, end: int) -> tuple[int, int] | None:
    """A title on a line of its own, or else anywhere; white space and capitals do not count."""
    lowered = text[start:end].lower()
    if not all(word in lowered for word in title.lower().split()):
        return None
    words = r"\s+".join(map(re.escape, title.split()))
    inside = re.compile(words, re.IGNORECASE)
    whole = re.compile(rf"^[^\S\n]*(?:[\dIVXivx.]+[^\S\n]+)?({words})[^\S\n]*$", re.IGNORECASE | re.MULTILINE)
    match = whole.search(text, start, end)
    if match:
        return match.span(1)
    match = inside.search(text, start, end)
    return match.span() if match else None
