"""A column's chunks on one sheet: which, where, and what is special about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.chunking import Cut
from pipelines.loading.document import Document, Rect
from pipelines.loading.places import line_ranges
from playground.lab.sheets import Sheet

Range = tuple[int, int]

#: Rectangles of many ranges of a document.
Places = Callable[[Sequence[Range]], list[list[Rect]]]


@dataclass(frozen=True)
class Mark:
    """A chunk on a sheet. Ranges are cut at the sheet's edges; rectangles are there on pages only."""

    index: int  # of the chunk, from 0
    span: Range
    begins: bool  # on this sheet
    again: Range | None  # what it repeats of chunks before it
    rank: int = 0  # among the hits, from 1; 0: no hit
    rects: tuple[Rect, ...] = ()
    again_rects: tuple[Rect, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a page, for selecting its text."""

    start: int
    text: str
    rect: Rect


@dataclass(frozen=True)
class Overlay:
    """All that is drawn over a sheet in one column."""

    marks: tuple[Mark, ...]
    picked: int = -1
    read: Range | None = None  # what is read for the picked chunk, where that is more than the chunk
    read_rects: tuple[Rect, ...] = ()


def overlay(
    made: Cut, sheet: Sheet, *, picked: int = -1, ranks: Mapping[int, int] | None = None, places: Places | None = None
) -> Overlay:
    """The chunks that touch a sheet.

    Args:
        made: The column's cut.
        sheet: What is on show.
        picked: Index of the chunk a person picked, or -1.
        ranks: Index of a chunk -> its rank among the hits.
        places: Finds rectangles; None where there is no picture.
    """
    marks, covered = [], 0
    for index, chunk in enumerate(made.chunks):
        span = chunk.span
        clipped = _clip((span.start, span.end), sheet)
        if clipped:
            again = _clip((span.start, min(covered, span.end)), sheet) if covered > span.start else None
            begins = sheet.start <= span.start < sheet.end
            marks.append(Mark(index, clipped, begins, again, (ranks or {}).get(index, 0)))
        covered = max(covered, span.end)
    read = None
    if 0 <= picked < len(made.chunks):
        chunk = made.chunks[picked]
        around = chunk.parents[0].span if chunk.parents else chunk.read
        read = _clip((around.start, around.end), sheet) if around != chunk.span else None
    found = Overlay(tuple(marks), picked, read)
    return _placed(found, places) if places else found


def _placed(found: Overlay, places: Places) -> Overlay:
    """The same with rectangles, all asked for at once."""
    ranges: list[Range] = [mark.span for mark in found.marks]
    ranges += [mark.again or (0, 0) for mark in found.marks]
    ranges.append(found.read or (0, 0))
    rects = [tuple(one) for one in places(ranges)]
    count = len(found.marks)
    marks = tuple(
        Mark(m.index, m.span, m.begins, m.again, m.rank, rects[at], rects[count + at] if m.again else ())
        for at, m in enumerate(found.marks)
    )
    return Overlay(marks, found.picked, found.read, rects[-1] if found.read else ())


def lines_of(document: Document, sheet: Sheet, places: Places) -> tuple[Line, ...]:
    """The lines of a page with their places; a line in several pieces (a row of a table) takes the box around them."""
    if sheet.page is None:
        return ()
    ranges = list(line_ranges(document, sheet.page))
    found = []
    for (start, end), rects in zip(ranges, places(ranges), strict=True):
        if rects:
            box = Rect(
                rects[0].page,
                min(r.x0 for r in rects),
                min(r.y0 for r in rects),
                max(r.x1 for r in rects),
                max(r.y1 for r in rects),
            )
            found.append(Line(start, document.text[start:end], box))
    return tuple(found)


def _clip(span: Range, sheet: Sheet) -> Range | None:
    start, end = max(span[0], sheet.start), min(span[1], sheet.end)
    return (start, end) if start < end else None
