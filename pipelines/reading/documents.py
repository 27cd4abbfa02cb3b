"""A document with pages as a reader read them: its text, its health, and where every word of it stands. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.loading.document import PAGE_BREAK, Document, Heading, Page, Rect
from pipelines.loading.health import garbled, pdf_health
from pipelines.reading.base import Box, Transcript

#: Share of the lower of two words by which they must overlap in height to stand on one line.
_SAME_LINE = 0.5


@dataclass(frozen=True)
class PlacedWord:
    """A word that was read: ``document.text[start:end]``, and its box on the page."""

    start: int
    end: int
    box: Box


#: Words by physical page, in the order of the text.
Places = Mapping[int, Sequence[PlacedWord]]


def wanting(document: Document) -> list[int]:
    """Pages of a PDF whose text a reader might give: those without any, and those whose letters are not letters."""
    if document.kind != "pdf":
        return []
    text = document.text
    return [page.number for page in document.pages if page.garbled or not text[page.start : page.end].strip()]


def read_id(file: str, reader: str) -> str:
    """The id of a file's document as a reader read it: another reader, or another knob of it, is another document."""
    return hashlib.sha256(f"{file}\n{reader}".encode()).hexdigest()


def with_readings(
    document: Document, readings: Mapping[int, Transcript], id: str, notes: Iterable[str] = ()
) -> tuple[Document, dict[int, list[PlacedWord]]]:
    """Put what was read in the place of pages' own text.

    Args:
        document: As loaded.
        readings: Transcripts by physical page.
        id: Of the new document, see :func:`read_id`.
        notes: What a person should know, for its health.

    Returns:
        The document, and where the words of the pages read stand; a reader that does not say leaves a page out.
    """
    texts: list[str] = []
    pages: list[Page] = []
    places: dict[int, list[PlacedWord]] = {}
    start = 0
    for page in document.pages:
        reading = readings.get(page.number)
        text = document.text[page.start : page.end] if reading is None else reading.text.rstrip()
        odd = page.garbled if reading is None else garbled(text)
        pages.append(replace(page, start=start, end=start + len(text), garbled=odd))
        if reading is not None and reading.words is not None:
            places[page.number] = [
                PlacedWord(start + word.start, start + word.start + len(word.text), word.box) for word in reading.words
            ]
        texts.append(text)
        start += len(text) + len(PAGE_BREAK)
    whole = PAGE_BREAK.join(texts)
    health = pdf_health(whole, pages, encrypted=document.health.encrypted, notes=tuple(notes))
    moved = tuple(_moved(document, pages, readings))
    return replace(document, id=id, text=whole, pages=tuple(pages), health=health, headings=moved), places


def _moved(document: Document, pages: Sequence[Page], readings: Mapping[int, Transcript]) -> Iterable[Heading]:
    """Headings of pages that kept their text, where they stand now."""
    shift = {new.number: new.start - old.start for old, new in zip(document.pages, pages, strict=True)}
    for heading in document.headings:
        if heading.page not in readings:
            yield replace(heading, start=heading.start + shift.get(heading.page, 0))


def rectangles(places: Places, start: int, end: int) -> list[Rect]:
    """Where a range of the text stands on the pages that were read: a rectangle a line."""
    found: list[Rect] = []
    for page, words in places.items():
        line: list[Box] = []
        for word in words:
            if word.end <= start or word.start >= end:
                continue
            if line and not _beside(line[-1], word.box):
                found.append(_around(page, line))
                line = []
            line.append(word.box)
        if line:
            found.append(_around(page, line))
    return found


def _beside(one: Box, other: Box) -> bool:
    """Whether two words stand on one line, the second after the first."""
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    lower = min(one[3] - one[1], other[3] - other[1])
    return overlap > _SAME_LINE * lower and other[0] >= one[0]


def _around(page: int, boxes: Sequence[Box]) -> Rect:
    left, top, right, bottom = zip(*boxes, strict=True)
    return Rect(page, min(left), min(top), max(right), max(bottom))
