"""Rectangles of lines as the outline of a passage: the shape a text selection has."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.loading.document import Rect

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1

_GAP = 1.8  # line heights between two lines of one block
_SAME_ROW = 0.5  # overlap in height, by the lower box, that puts two boxes on one row
_ALIGNED = 0.012  # of the page's width: edges nearer than this are one


def outlines(rects: Sequence[Rect]) -> list[list[Point]]:
    """Polygons around lines, in fractions of the page; a new one at each gap, column or page."""
    return [polygon for block in _blocks(_rows(rects)) for polygon in _around(block)]


def _rows(rects: Sequence[Rect]) -> list[Box]:
    """Boxes side by side (cells of a table, words far apart) as one."""
    rows: list[Box] = []
    for rect in rects:
        box = (rect.x0, rect.y0, rect.x1, rect.y1)
        if rows:
            last = rows[-1]
            overlap = min(last[3], box[3]) - max(last[1], box[1])
            if overlap >= _SAME_ROW * min(last[3] - last[1], box[3] - box[1]) and box[0] >= last[0]:
                rows[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
                continue
        rows.append(box)
    return rows


def _blocks(rows: Sequence[Box]) -> list[list[Box]]:
    """Runs of rows below each other without a wide gap."""
    blocks: list[list[Box]] = []
    for row in rows:
        if blocks and _follows(blocks[-1][-1], row):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def _follows(above: Box, below: Box) -> bool:
    height = max(above[3] - above[1], below[3] - below[1])
    gap = below[1] - above[3]
    beside = below[0] > above[2] and below[0] - above[2] > height
    return -height < gap <= _GAP * height and below[1] > above[1] and not (beside and gap < 0)


def _around(block: Sequence[Box]) -> list[list[Point]]:
    """One polygon, or two where the second line ends before the first one begins."""
    first, last = block[0], block[-1]
    if len(block) == 1:
        return [_rectangle(first)]
    if len(block) == 2 and last[2] <= first[0]:
        return [_rectangle(first), _rectangle(last)]
    left = min(row[0] for row in block[1:])
    right = max(row[2] for row in block[:-1])
    left = min(left, first[0]) if abs(left - first[0]) < _ALIGNED or first[0] < left else left
    right = max(right, last[2]) if abs(right - last[2]) < _ALIGNED or last[2] > right else right
    start = left if abs(left - first[0]) < _ALIGNED else first[0]
    end = right if abs(right - last[2]) < _ALIGNED else last[2]
    upper = (first[3] + block[1][1]) / 2
    lower = (block[-2][3] + last[1]) / 2
    points = [(start, first[1]), (right, first[1]), (right, lower), (end, lower), (end, last[3]), (left, last[3])]
    points += [(left, upper), (start, upper)]
    return [list(dict.fromkeys(points))]


def _rectangle(box: Box) -> list[Point]:
    x0, y0, x1, y1 = box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
