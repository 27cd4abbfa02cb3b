"""What loading gives: one text, pages that are ranges of it, and how healthy it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

#: Between two pages of a document's text.
PAGE_BREAK = "\n\n"


@dataclass(frozen=True)
class Rect:
    """A rectangle on a page, in fractions of its width and height, origin at the top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Page:
    """One physical page: ``text[start:end]`` of its document."""

    number: int  # physical, from 1
    label: str  # as printed: "iv", "12"; the number where the file says nothing
    start: int
    end: int
    width: float  # points
    height: float
    garbled: bool = False  # its characters are mostly not letters of any script


@dataclass(frozen=True)
class Heading:
    """A section title: of Markdown, of a PDF's outline, or told by its letters."""

    title: str
    level: int  # from 1
    page: int
    start: int  # where the title begins in the document's text


@dataclass(frozen=True)
class Health:
    """What a person must know before trusting answers from this document."""

    pages: int
    words: int
    pages_without_text: int = 0
    garbled_pages: int = 0
    encrypted: bool = False
    notes: tuple[str, ...] = ()  # warnings in plain words

    @property
    def needs_ocr(self) -> bool:
        """No text at all."""
        return self.pages > 0 and self.words == 0


@dataclass(frozen=True)
class Document:
    """One file, read. ``id`` is the sha256 of its bytes (and of the reader that read it)."""

    id: str
    name: str  # the bare file name
    kind: str  # "pdf", "markdown", "text"
    text: str
    pages: tuple[Page, ...]
    health: Health
    headings: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)  # title, author, … as the file says

    def page_at(self, offset: int) -> Page:
        """The page that holds a character (a page break belongs to the page before it)."""
        return self.pages[max(0, bisect_right(self.pages, offset, key=lambda page: page.start) - 1)]

    def pages_of(self, start: int, end: int) -> tuple[Page, ...]:
        """The pages a range touches with at least one character, or the one it stands in."""
        first = bisect_right(self.pages, start, key=lambda page: page.end)
        past = bisect_left(self.pages, end, key=lambda page: page.start)
        return self.pages[first:past] or (self.page_at(start),)

    def heading_path(self, offset: int) -> tuple[str, ...]:
        """Titles of the sections around a character, outermost first."""
        path: list[Heading] = []
        at = bisect_right(self.headings, offset, key=lambda heading: heading.start)
        while at > 0 and (not path or path[-1].level > 1):
            at -= 1
            if not path or self.headings[at].level < path[-1].level:
                path.append(self.headings[at])
        return tuple(heading.title for heading in reversed(path))
