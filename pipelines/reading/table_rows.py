"""Cells of several lines: what is set below a cell's first line is read with it, not after the whole row. Pure.

Lines of one cell stand closer together than rows of the table do. That is all there is to go by without the table's
rules, so nothing is joined in a table whose lines are all equally far apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from pipelines.loading.geometry import Box

_ROWS = 3  # fewest rows of a table: lines of several pieces
_CLOSE = 0.8  # a line that follows so near, by the usual distance between rows, may go on with a cell


def wrapped_cells_joined(boxes: Sequence[Box], rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Rows in reading order; a line that goes on with a cell stands behind it.

    Args:
        boxes: One a piece of a line.
        rows: Indices of pieces side by side, from the left; from the top.

    Returns:
        Rows of the same indices. Where a cell goes on, a row ends and the next one begins with the rest of it.
    """
    middles = [fmean((boxes[index][1] + boxes[index][3]) / 2 for index in row) for row in rows]
    pitches = [below - above for (above, below), row in zip(pairwise(middles), rows[1:], strict=True) if len(row) > 1]
    if len(pitches) < _ROWS:
        return [list(row) for row in rows]
    close = _CLOSE * median(pitches)
    tables: list[list[list[int]]] = []  # each row as its cells, each cell as its lines
    for at, row in enumerate(rows):
        near = at > 0 and middles[at] - middles[at - 1] < close
        homes = [_cell_above(boxes, tables[-1], index) for index in row] if near else []
        if homes and all(home is not None for home in homes) and len(row) < max(2, len(tables[-1])):
            for home, index in zip(homes, row, strict=True):
                tables[-1][home or 0].append(index)
        else:
            tables.append([[index] for index in row])
    return [line for cells in tables for line in _lines(cells)]


def _cell_above(boxes: Sequence[Box], cells: Sequence[Sequence[int]], index: int) -> int | None:
    """The one cell that a piece stands under; None where it stands under none or several, or there is one cell only."""
    left, _, right, _ = boxes[index]
    above = [
        at
        for at, cell in enumerate(cells)
        if min(right, max(boxes[one][2] for one in cell)) > max(left, min(boxes[one][0] for one in cell))
    ]
    return above[0] if len(above) == 1 and len(cells) > 1 else None


def _lines(cells: Sequence[Sequence[int]]) -> list[list[int]]:
    """First lines of cells on one row, until one goes on."""
    lines: list[list[int]] = [[]]
    for first, *others in cells:
        lines[-1].append(first)
        lines += [[other] for other in others]
    return lines
