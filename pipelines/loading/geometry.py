"""Boxes of characters to rectangles of lines, in fractions of the page as shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable

#: Left, bottom, right, top in the PDF's own space (points, y up); or x0, y0, x1, y1 on the page (y down).
Box = tuple[float, float, float, float]

_SAME_LINE = 0.5  # overlap of two boxes, in heights of the lower one, that puts them on one line
_WIDEST_GAP = 1.5  # between two boxes of a line, in heights of the higher one
_FLAT = 0.1  # points; spaces have a box without height


def on_page(box: Box, page: Box, rotation: int) -> Box:
    """A box of PDF space on the page as shown: points from its top left corner.

    Args:
        box: Left, bottom, right, top.
        page: The visible part of the page (crop box within media box), the same way.
        rotation: Clockwise turn of the page when shown: 0, 90, 180 or 270.
    """
    left, bottom, right, top = box
    if rotation == 90:
        return bottom - page[1], left - page[0], top - page[1], right - page[0]
    if rotation == 180:
        return page[2] - right, bottom - page[1], page[2] - left, top - page[1]
    if rotation == 270:
        return page[3] - top, page[2] - right, page[3] - bottom, page[2] - left
    return left - page[0], page[3] - top, right - page[0], page[3] - bottom


def lines(boxes: Iterable[Box]) -> list[Box]:
    """Join boxes that follow each other on one line; flat ones are dropped."""
    joined: list[Box] = []
    for box in boxes:
        if box[2] - box[0] < _FLAT or box[3] - box[1] < _FLAT:
            continue
        # An index or an accent may have come in between: look a few boxes back.
        for at in range(len(joined) - 1, max(-1, len(joined) - 4), -1):
            if _on_one_line(joined[at], box):
                joined[at] = _around(joined[at], box)
                break
        else:
            joined.append(box)
    return joined


def fractions(box: Box, width: float, height: float) -> Box | None:
    """A box in fractions of the page, cut at its edges; None where nothing of it is on the page."""
    x0, y0 = max(0.0, box[0] / width), max(0.0, box[1] / height)
    x1, y1 = min(1.0, box[2] / width), min(1.0, box[3] / height)
    return (round(x0, 6), round(y0, 6), round(x1, 6), round(y1, 6)) if x0 < x1 and y0 < y1 else None


def _on_one_line(a: Box, b: Box) -> bool:
    heights = a[3] - a[1], b[3] - b[1]
    overlap = min(a[3], b[3]) - max(a[1], b[1])
    gap = max(a[0], b[0]) - min(a[2], b[2])
    return overlap >= _SAME_LINE * min(heights) and gap <= _WIDEST_GAP * max(heights)


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
