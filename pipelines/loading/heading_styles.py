"""Headings of a PDF, told by how its lines are drawn: larger than most of the text, or bold on a line alone. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.loading.document import Heading, Page

_LARGER = 1.12  # sizes of the body: a heading
_BOLD = 0.95  # sizes of the body: a heading if it is bold
_SAME_STYLE = 0.5  # points
_DEEPEST = 6
_LONGEST = 120  # characters of a line
_MOST_LINES = 3
_LONGEST_SENTENCE = 6  # words of a title that ends with a full stop
_SHORT = 40  # characters; a bold line as long as this may be part of a paragraph
_EDGE_LINES = 2  # at the top and the bottom of a page, where running lines are
_RUNNING_PAGES, _RUNNING_SHARE = 3, 1 / 3
_LEAST_BODY = 0.3  # of the characters, in a document whose sizes say anything
_MOST_HEADINGS = 0.25  # of the lines

_NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*|[A-Z](?:\.\d{1,2})+|[A-Z](?=\.))[.)]?\s+(?=\S)")
_NO_TITLE = re.compile(
    r"[•▪◦‣·–—*-]\s"  # an item of a list
    r"|(?:fig(?:ure|\.)|table|tab\.|listing|abb(?:ildung|\.)|tabelle|tableau)\s*\d"  # a caption
    r"|.*(?:\.\s*){4}|.*[,;]$",  # leaders of a table of contents; a line that goes on
    re.IGNORECASE,
)
_ENTRY = re.compile(r"(.+?)\s+(?:\d+|[ivxlc]+)")  # of a table of contents: a title and its page


class Block(NamedTuple):
    """Lines of one style that follow each other."""

    start: int  # offsets in the document's text
    end: int
    size: float  # points; 0 where a line has no size of its own
    bold: bool


class _Title(NamedTuple):
    text: str
    start: int
    size: float
    large: bool  # not only bold
    page: Page
    lines: int
    at_edge: bool


def styled_headings(text: str, pages: Sequence[Page], blocks: Sequence[Block]) -> tuple[Heading, ...]:
    """Headings in the order of the text, each where its title begins.

    A heading is one to three lines of one style, clearly larger than the size most of the text has, or bold
    where that text is not. Running headers, captions, entries of the contents, lines without letters and
    sentences are none. The largest size is level 1; sizes within half a point share a level; there are six.

    Args:
        text: The document's text.
        pages: Its pages.
        blocks: How its lines are drawn, in the order of the text.

    Returns:
        None at all where the guess is implausible: more than a quarter of the lines would be headings (slides,
        forms), or no size holds a good part of the text (a scan read by a machine).
    """
    sizes: Counter[float] = Counter()
    for block in blocks:
        sizes[block.size] += block.end - block.start
    size, held = max(sizes.items(), key=lambda item: (item[1], item[0]), default=(0.0, 0))
    if not size or held < _LEAST_BODY * sizes.total():
        return ()
    bold = sum((b.end - b.start) * (1 if b.bold else -1) for b in blocks if b.size == size) > 0
    found = [title for block in blocks for title in _titles(text, pages, block, Block(0, 0, size, bold))]
    found = _without_lone_bold(_without_entries(_without_running(found)))
    lines = sum(text.count("\n", block.start, block.end) + 1 for block in blocks)
    if sum(title.lines for title in found) > _MOST_HEADINGS * lines:
        return ()
    levels = _levels(found)
    return tuple(Heading(title.text, levels[title.size], title.page.number, title.start) for title in found)


def _levels(found: Sequence[_Title]) -> dict[float, int]:
    """The level of each size."""
    levels: dict[float, int] = {}
    level, largest = 0, float("inf")
    for size in sorted({title.size for title in found}, reverse=True):
        if size < largest - _SAME_STYLE:
            level, largest = level + 1, size
        levels[size] = min(level, _DEEPEST)
    return levels


def _titles(text: str, pages: Sequence[Page], block: Block, body: Block) -> Iterator[_Title]:
    """The headings of a block: one, or more where numbers begin them."""
    large = block.size >= _LARGER * body.size
    if not large and not (block.bold and not body.bold and block.size >= _BOLD * body.size):
        return
    page = pages[max(0, bisect_right(pages, block.start, key=lambda page: page.start) - 1)]
    parts: list[list[tuple[int, int]]] = []
    for line in re.finditer(r"[^\n]+", text[block.start : block.end]):
        if not parts or _NUMBER.match(line.group()):
            parts.append([])
        parts[-1].append((block.start + line.start(), block.start + line.end()))
    for part in parts:
        (start, _), (last, end) = part[0], part[-1]
        title = " ".join(text[start:end].split())
        short = len(part) <= _MOST_LINES and all(b - a <= _LONGEST for a, b in part)
        if short and _is_title(title) and (large or _stands_alone(text, title, last, end)):
            above, below = text.count("\n", page.start, start), text.count("\n", end, page.end)
            yield _Title(title, start, block.size, large, page, len(part), min(above, below) < _EDGE_LINES)


def _is_title(title: str) -> bool:
    named = _NUMBER.sub("", title, count=1)
    letters = sum(map(str.isalpha, named))
    if letters < 2 or 2 * letters < len(named.replace(" ", "")) or _NO_TITLE.match(title):
        return False
    return not (title.endswith(".") and len(title.split()) > _LONGEST_SENTENCE)


def _stands_alone(text: str, title: str, last: int, end: int) -> bool:
    """Whether a bold title is no part of a paragraph: those begin or go on with small letters, or are sentences."""
    if title.endswith(".") or title[0].islower():
        return False
    return end - last <= _SHORT or not text[end : end + _SHORT].lstrip()[:1].islower()


def _without_running(found: Sequence[_Title]) -> list[_Title]:
    """Without the lines that come again, but for a page number, at the edge of page after page."""
    pages: dict[str, set[int]] = defaultdict(set)
    for title in found:
        for key in _running_keys(title):
            pages[key].add(title.page.number)
    running = {
        key for key, on in pages.items() if len(on) >= max(_RUNNING_PAGES, _RUNNING_SHARE * (max(on) - min(on) + 1))
    }
    return [title for title in found if not running.intersection(_running_keys(title))]


def _running_keys(title: _Title) -> Iterator[str]:
    """What the line has in common with those of other pages: its text, or that with a number that counts pages."""
    if title.at_edge:
        yield f"{title.size} {title.text}"
        numbers = list(re.finditer(r"\d+", title.text))
        for number in (*numbers[:1], *numbers[1:][-1:]):
            offset = int(number.group()) - title.page.number
            yield f"{title.size} {title.text[: number.start()]}#{offset}{title.text[number.end() :]}"


def _without_entries(found: Sequence[_Title]) -> list[_Title]:
    """Without the lines of a table of contents: another title and its page."""
    known = {title.text for title in found}
    entries = ((title, _ENTRY.fullmatch(title.text)) for title in found)
    return [title for title, entry in entries if not (entry and entry[1] in known)]


def _without_lone_bold(found: Sequence[_Title]) -> list[_Title]:
    """Without the bold lines that are the only ones of their size: emphasis, a signature."""
    levels = _levels(found)
    of_level = Counter(levels[title.size] for title in found)
    return [title for title in found if title.large or of_level[levels[title.size]] > 1]
