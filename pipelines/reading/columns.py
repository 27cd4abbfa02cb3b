"""The reading order of lines that were found in no order: a recursive X-Y cut. Pure.

After Nagy & Seth (1984) and Ha, Haralick & Phillips (1995): a page is cut into strips at its empty rows, strips
into columns at their empty gutters, and so on. Two things differ. Strips that share a gutter stay together, the
longest run of them first, so that neither paragraphs which end side by side nor a line above the columns cut them in
half; and a gutter counts only between columns of running text, so that tables and numbered lists are read row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from statistics import median

from pipelines.loading.geometry import Box
from pipelines.reading.table_rows import wrapped_cells_joined

_CORE = 0.25  # share of a line's height, either side of its middle, that counts: engines draw boxes too high
_GUTTER = 0.6  # narrowest gutter, in heights of a line
_COLUMN = 8.0  # narrowest column of running text, in heights of a line
_LINES = 3  # fewest lines of one
_FULL = 0.6  # how full of its column a line of running text is
_SHARE = 0.5  # share of such lines in the length of all its lines
_APART = 1.0  # what parts a header or footer from the columns, in heights of a line
_HIGH = 1.4  # a line so many times higher than others belongs to the first row beside it
_BESIDE = 0.4  # share of a line's height that makes it stand beside a higher one
_ROW = 0.4  # how far the middles of two lines of one row lie apart at most, in heights of a line
_PARAGRAPH = 0.7  # gap between two lines that parts paragraphs, in heights of a line


def reading_order(boxes: Sequence[Box]) -> list[list[list[int]]]:
    """Lines in the order in which a person reads them.

    Args:
        boxes: One a line, or a piece of a line; x0, y0, x1, y1 in any unit, y down.

    Returns:
        Paragraphs of rows of indices into ``boxes``; each index once.
    """
    if not boxes:
        return []
    height = median(bottom - top for _, top, _, bottom in boxes) or 1.0
    rows = _ordered(boxes, range(len(boxes)), height)
    return _paragraphs(boxes, rows, height)


def _ordered(boxes: Sequence[Box], chosen: Iterable[int], height: float) -> list[list[int]]:
    """Rows of one region: above its columns, column after column, and beneath them."""
    strips = _strips(boxes, chosen)
    for start, stop in _runs(boxes, strips, height):
        start, stop = _without_edges(boxes, strips, start, stop, height)
        columns = _columns(boxes, list(chain(*strips[start:stop])), height)
        if len(columns) > 1:
            parts = [chain(*strips[:start]), *columns, chain(*strips[stop:])]
            return [row for part in parts for row in _ordered(boxes, part, height)]
    return wrapped_cells_joined(boxes, _rows(boxes, list(chain(*strips)), height))


def _core(box: Box) -> tuple[float, float]:
    """Top and bottom of the middle of a line."""
    middle, reach = (box[1] + box[3]) / 2, (box[3] - box[1]) * _CORE
    return middle - reach, middle + reach


def _strips(boxes: Sequence[Box], chosen: Iterable[int]) -> list[list[int]]:
    """Boxes parted where a row of the region is empty, from the top."""
    strips: list[list[int]] = []
    end = float("-inf")
    for index in sorted(chosen, key=lambda index: _core(boxes[index])):
        top, bottom = _core(boxes[index])
        if not strips or top > end:
            strips.append([])
        strips[-1].append(index)
        end = max(end, bottom)
    return strips


def _runs(boxes: Sequence[Box], strips: Sequence[Sequence[int]], height: float) -> list[tuple[int, int]]:
    """Strips that share a gutter, as (first, past the last); the longest run first, none inside another."""
    everything = list(chain(*strips))
    left = min((boxes[index][0] for index in everything), default=0.0)
    right = max((boxes[index][2] for index in everything), default=0.0)
    free = [_gaps(boxes, strip, left, right) for strip in strips]
    runs: list[tuple[int, int]] = []
    for start in range(len(strips)):
        gaps, end = [(left, right)], start
        for at in range(start, len(strips)):
            gaps = _wide(_common(gaps, free[at]), height)
            if not gaps:
                break
            if any(left < gap[0] and gap[1] < right for gap in gaps):  # else it is the margin they share
                end = at + 1
        if end > max(start, runs[-1][1] if runs else 0):
            runs.append((start, end))
    return sorted(runs, key=lambda run: run[0] - run[1])


def _wide(gaps: Iterable[tuple[float, float]], height: float) -> list[tuple[float, float]]:
    return [gap for gap in gaps if gap[1] - gap[0] >= _GUTTER * height]


def _without_edges(
    boxes: Sequence[Box], strips: Sequence[Sequence[int]], start: int, stop: int, height: float
) -> tuple[int, int]:
    """A run without its header and its footer: one row that stands off the columns belongs to none of them."""
    if stop - start > 1 and _off(boxes, strips[start], strips[start + 1], height):
        start += 1
    if stop - start > 1 and _off(boxes, strips[stop - 2], strips[stop - 1], height):
        stop -= 1
    return start, stop


def _off(boxes: Sequence[Box], upper: Sequence[int], lower: Sequence[int], height: float) -> bool:
    gap = min(boxes[index][1] for index in lower) - max(boxes[index][3] for index in upper)
    return gap >= _APART * height


def _gaps(boxes: Sequence[Box], chosen: Iterable[int], left: float, right: float) -> list[tuple[float, float]]:
    """What no box covers between two sides, from the left."""
    gaps: list[tuple[float, float]] = []
    end = left
    for start, stop in sorted((boxes[index][0], boxes[index][2]) for index in chosen):
        if start > end:
            gaps.append((end, start))
        end = max(end, stop)
    return [*gaps, (end, right)] if right > end else gaps


def _common(some: list[tuple[float, float]], others: list[tuple[float, float]]) -> list[tuple[float, float]]:
    pairs = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(start, stop) for start, stop in pairs if start < stop]


def _columns(boxes: Sequence[Box], run: list[int], height: float) -> list[list[int]]:
    """A run parted at its gutters, or whole where its parts are no columns of running text."""
    left, right = min(boxes[index][0] for index in run), max(boxes[index][2] for index in run)
    gutters = [(a + b) / 2 for a, b in _wide(_gaps(boxes, run, left, right), height)]
    edges = [left, *gutters, right]
    parts = [
        [index for index in run if start <= (boxes[index][0] + boxes[index][2]) / 2 <= stop]
        for start, stop in pairwise(edges)
    ]
    columns = [parts[0]]
    for part in parts[1:]:
        if _is_text(boxes, columns[-1], height) and _is_text(boxes, part, height):
            columns.append(part)
        else:
            columns[-1] = columns[-1] + part
    return columns


def _is_text(boxes: Sequence[Box], part: list[int], height: float) -> bool:
    """Whether boxes look like a column of running text: wide, several lines, most of them full."""
    width = max(boxes[index][2] for index in part) - min(boxes[index][0] for index in part)
    lengths = [boxes[index][2] - boxes[index][0] for index in part]
    full = [length for length in lengths if length >= _FULL * width]
    return width >= _COLUMN * height and len(full) >= _LINES and sum(full) >= _SHARE * sum(lengths)


def _rows(boxes: Sequence[Box], chosen: Iterable[int], height: float) -> list[list[int]]:
    """Boxes side by side as rows, from the top; each row from the left."""

    middles = {index: (boxes[index][1] + boxes[index][3]) / 2 for index in chosen}

    def place(index: int) -> float:
        _, top, _, bottom = boxes[index]
        if bottom - top < _HIGH * height:
            return middles[index]
        return min(middles[other] for other in middles if _share(boxes[other], top, bottom) >= _BESIDE)

    rows: list[list[int]] = []
    for index in sorted(chosen, key=lambda index: (place(index), boxes[index][0])):
        if rows and place(index) - place(rows[-1][0]) <= _ROW * height:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda index: boxes[index][0]) for row in rows]


def _share(box: Box, top: float, bottom: float) -> float:
    """How much of a box's height lies between two heights."""
    return (min(box[3], bottom) - max(box[1], top)) / (box[3] - box[1] or 1.0)


def _paragraphs(boxes: Sequence[Box], rows: list[list[int]], height: float) -> list[list[list[int]]]:
    """Rows parted where the next one stands apart, or does not follow downwards."""
    paragraphs: list[list[list[int]]] = []
    for row in rows:
        top = boxes[row[0]][1]
        if paragraphs:
            last = paragraphs[-1][-1]
            gap = top - max(boxes[index][3] for index in last)
            beneath = top > boxes[last[0]][1]
            if beneath and gap <= _PARAGRAPH * height:
                paragraphs[-1].append(row)
                continue
        paragraphs.append([row])
    return paragraphs
