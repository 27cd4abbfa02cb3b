"""A sheet of a document with a column's chunks drawn on it: on the page's picture, or in the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from pipelines.loading.document import Document, Page, Rect
from playground.lab.overlay import Line, Mark, Overlay
from playground.lab.sheets import Sheet
from playground.views.evidence import picture_url
from playground.views.html import button, el
from playground.views.outlines import outlines

#: Width of the drawing in its own units; it scales with the picture.
_WIDE = 1000


def page_sheet(
    document: Document, page: Page, letter: str, found: Overlay, lines: Sequence[Line], zoom: int, small: bool = False
) -> Markup:
    """The page's picture, outlines of chunks over it, and its text to select; ``small`` spares the numbers."""
    ratio = max(page.height, 1) / max(page.width, 1)
    alt = f"Page {page.number} of {document.name}, cut by strategy {letter}"
    picture = el(
        "img",
        src=picture_url(document, page.number),
        alt=alt,
        style=f"aspect-ratio:{max(page.width, 1):.0f}/{max(page.height, 1):.0f}",
        decoding="async",
    )
    drawing = el(
        "svg",
        _hatch(letter),
        [_mark(mark, letter, found.picked, ratio) for mark in found.marks],
        _path(found.read_rects, ratio, class_="read") if found.read_rects else None,
        [_line(line, ratio) for line in lines],
        viewBox=f"0 0 {_WIDE} {_WIDE * ratio:.0f}",
        class_="cuts",
        preserveAspectRatio="none",
    )
    numbers = [_number(mark, letter, found.picked, _corner(mark.rects[0])) for mark in found.marks if mark.rects]
    sheet = el("div", picture, drawing, numbers, class_="sheet", style=f"width:{zoom}%")
    classes = f"desk lab-desk col-{letter.lower()}{' small' if small else ''}"
    return el("div", sheet, class_=classes, tabindex=0, aria_label=alt)


def _hatch(letter: str) -> Markup:
    stripe = el("path", d="M0 10 L10 0 M-2 2 L2 -2 M8 12 L12 8", class_="stripe")
    pattern = el("pattern", stripe, id=f"hatch-{letter}", width=10, height=10, patternUnits="userSpaceOnUse")
    return el("defs", pattern)


def _mark(mark: Mark, letter: str, picked: int, ratio: float) -> Markup:
    classes = f"cut {'odd' if mark.index % 2 else 'even'}{_state(mark, picked)}"
    again = None
    if mark.again_rects:
        again = _path(mark.again_rects, ratio, class_="again", fill=f"url(#hatch-{letter})")
    shape = _path(mark.rects, ratio, class_=classes, data_act="chunk", data_arg=f"{letter}:{mark.index}")
    return Markup() + shape + (again or Markup())


def _state(mark: Mark, picked: int) -> str:
    return (" picked" if mark.index == picked else "") + (" hit" if mark.rank else "")


def _path(rects: Sequence[Rect], ratio: float, **attributes: str) -> Markup:
    parts = []
    for polygon in outlines(rects):
        points = " L".join(f"{x * _WIDE:.1f} {y * _WIDE * ratio:.1f}" for x, y in polygon)
        parts.append(f"M{points}Z")
    return el("path", d="".join(parts), **attributes)


def _line(line: Line, ratio: float) -> Markup:
    """Invisible text as wide as the print under it, so that selecting works as in a PDF viewer."""
    box = line.rect
    height = (box.y1 - box.y0) * _WIDE * ratio
    return el(
        "text",
        line.text,
        x=f"{box.x0 * _WIDE:.1f}",
        y=f"{box.y1 * _WIDE * ratio - height * 0.2:.1f}",
        textLength=f"{(box.x1 - box.x0) * _WIDE:.1f}",
        lengthAdjust="spacingAndGlyphs",
        font_size=f"{height:.1f}",
        data_start=line.start,
    )


def _number(mark: Mark, letter: str, picked: int, style: str | None = None) -> Markup:
    """A chunk's number at its beginning, also the way to it by keyboard; without a place it stands in the text."""
    words = f"{'' if mark.begins else '…'}{mark.index + 1}"
    label = f"Chunk {mark.index + 1} of {letter}" + (f", hit {mark.rank}" if mark.rank else "")
    inline = "" if style else "inline "
    return button(
        [words, el("em", f"#{mark.rank}") if mark.rank else None],
        "chunk",
        f"{letter}:{mark.index}",
        class_=f"no {inline}{'odd' if mark.index % 2 else 'even'}{_state(mark, picked)}",
        style=style,
        aria_label=label,
    )


def _corner(rect: Rect) -> str:
    """The place of a number: left of a chunk's first line, inside the picture."""
    return f"left:max(var(--room),{min(max(rect.x0, 0), 1) * 100:.2f}%);top:{min(max(rect.y0, 0), 1) * 100:.2f}%"


def text_sheet(document: Document, sheet: Sheet, letter: str, found: Overlay) -> Markup:
    """The text itself, chunks tinted in turn, what two chunks share hatched."""
    borders = {sheet.start, sheet.end}
    for mark in found.marks:
        borders.update(mark.span)
    if found.read:
        borders.update(found.read)
    ordered = sorted(borders)
    pieces = [_piece(document.text, start, end, letter, found) for start, end in pairwise(ordered)]
    label = f"Text of {document.name}, cut by strategy {letter}"
    return el("div", el("pre", pieces), class_=f"desk text lab-desk col-{letter.lower()}", tabindex=0, aria_label=label)


def _piece(text: str, start: int, end: int, letter: str, found: Overlay) -> Markup:
    holding = [mark for mark in found.marks if mark.span[0] <= start and end <= mark.span[1]]
    words = el("span", text[start:end], data_start=start)
    opening = [mark for mark in found.marks if mark.span[0] == start]
    numbers = [_number(mark, letter, found.picked) for mark in opening]
    if not holding:
        return Markup() + Markup().join(numbers) + words
    last = holding[-1]
    classes = f"cut {'odd' if last.index % 2 else 'even'}{_state(last, found.picked)}"
    if len(holding) > 1:
        classes += " again"
    if found.read and found.read[0] <= start and end <= found.read[1]:
        classes += " read"
    marked = el("mark", words, class_=classes, data_act="chunk", data_arg=f"{letter}:{last.index}")
    return Markup() + Markup().join(numbers) + marked
