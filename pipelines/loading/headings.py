"""Sections of a PDF: its outline's titles, found in the text of the pages they point to, and finer ones. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

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


def refine(outline: Sequence[Heading], styled: Sequence[Heading]) -> tuple[Heading, ...]:
    """The outline's headings, and finer ones told by their letters that it does not name.

    The outline keeps its levels. A style that is mostly in the outline has a level there: a heading of that
    style that was forgotten gets it too. Other styles go below the heading they stand under: one level down
    for the largest of them, two for the next. Nothing is added before the outline's first heading (a title
    page, the contents), nor what is larger than its own headings (a figure made to shout).

    Args:
        outline: As of :func:`place_headings`.
        styled: As of :func:`~pipelines.loading.heading_styles.styled_headings`: each level is a style.

    Returns:
        Both in the order of the text; one alone where the other is empty.
    """
    if not outline or not styled:
        return tuple(outline or styled)
    named = _levels_in(outline, styled)
    known = _levels_of_styles(styled, named)
    largest = min(known, default=0)
    new = [
        heading
        for heading, level in zip(styled, named, strict=True)
        if not level and heading.level >= largest and heading.start > outline[0].start
    ]
    finer = sorted({heading.level for heading in new} - known.keys())
    found: list[Heading] = []
    under = 0
    for heading, told in sorted([(h, False) for h in outline] + [(h, True) for h in new], key=lambda h: h[0].start):
        style = heading.level
        if told and style not in known:
            found.append(replace(heading, level=under + 1 + finer.index(style)))
        else:
            under = known[style] if told else style
            found.append(replace(heading, level=under))
    return tuple(found)


def _levels_in(outline: Sequence[Heading], styled: Sequence[Heading]) -> list[int]:
    """For each styled heading its level in the outline, that names it by its place or its title on the page; or 0."""
    on_page: dict[int, list[Heading]] = defaultdict(list)
    for heading in outline:
        on_page[heading.page].append(heading)
    return [
        next((h.level for h in on_page[one.page] if _within(h, one) or _bare(h.title) == _bare(one.title)), 0)
        for one in styled
    ]


def _within(heading: Heading, one: Heading) -> bool:
    return one.start <= heading.start < one.start + len(one.title)


def _bare(title: str) -> str:
    """A title as another program may have written it: without its number, its hyphens, its spaces."""
    return "".join(filter(str.isalnum, re.sub(r"^[\dIVXivx.]+\s+", "", title).lower()))


def _levels_of_styles(styled: Sequence[Heading], named: Sequence[int]) -> dict[int, int]:
    """The outline's usual level of each style that is mostly in it."""
    votes: dict[int, list[int]] = defaultdict(list)
    for heading, level in zip(styled, named, strict=True):
        votes[heading.level].append(level)
    usual = {style: Counter(levels).most_common(1)[0] for style, levels in votes.items()}
    return {style: level for style, (level, count) in usual.items() if level and 2 * count > len(votes[style])}
