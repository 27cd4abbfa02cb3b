"""What of a document is on show at a time: a page, or of a text without pages a part of some lines."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from statistics import median

from pipelines.errors import UsageError
from pipelines.loading.document import Document, Page
from pipelines.loading.plain import markdown_headings, plain_document

#: Characters of a text on one sheet, about.
SHEET = 5000


@dataclass(frozen=True)
class Sheet:
    """A range of the document, ``number`` of ``of``; ``page`` where it is a page of a PDF."""

    number: int
    of: int
    start: int
    end: int
    page: Page | None = None


def sheet_of(document: Document, number: int) -> Sheet:
    """A sheet by number; numbers out of range are the nearest one."""
    if document.kind == "pdf":
        number = min(max(number, 1), len(document.pages))
        page = document.pages[number - 1]
        return Sheet(number, len(document.pages), page.start, page.end, page)
    borders = _borders(document.text)
    number = min(max(number, 1), len(borders) - 1)
    return Sheet(number, len(borders) - 1, borders[number - 1], borders[number])


def full_sheet(document: Document) -> int:
    """Number of the first sheet with about as much text as the others have: where strategies differ."""
    if document.kind != "pdf":
        return 1
    lengths = [page.end - page.start for page in document.pages]
    usual = median(length for length in lengths if length) if any(lengths) else 0
    return next((at for at, length in enumerate(lengths, 1) if length >= 0.6 * usual), 1)


def sheet_at(document: Document, offset: int) -> int:
    """Number of the sheet that holds a character."""
    if document.kind == "pdf":
        return document.page_at(offset).number
    borders = _borders(document.text)
    return min(max(bisect_right(borders, offset), 1), len(borders) - 1)


def _borders(text: str) -> list[int]:
    """Where the parts of a text begin, at line ends where there are any near."""
    borders = [0]
    while len(text) - borders[-1] > SHEET * 1.3:
        at = text.find("\n", borders[-1] + SHEET, borders[-1] + int(SHEET * 1.3))
        borders.append(at + 1 if at > 0 else borders[-1] + SHEET)
    return [*borders, len(text)] if text else [0, 0]


def pasted_document(text: str) -> Document:
    """A pasted text as a document, Markdown if it has headings. Raises UsageError where there is none."""
    if not text.strip():
        raise UsageError("No text has been pasted.", "Paste some, or choose a document.")
    kind = "markdown" if next(markdown_headings(text), None) else "text"
    name = "pasted text.md" if kind == "markdown" else "pasted text.txt"
    id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return plain_document(text, name, id, kind)  # type: ignore[arg-type]
