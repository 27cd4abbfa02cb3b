"""Packing small pieces (sentences, paragraphs) into chunks of a size, with overlap in whole pieces."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.chunking.base import Span
from pipelines.chunking.measure import Measure


def pack(pieces: Sequence[Span], measure: Measure, size: int, overlap: int) -> list[Span]:
    """Join neighbouring pieces while they fit; each chunk repeats up to ``overlap`` of the one before.

    Args:
        pieces: Adjoining ranges in order; one longer than ``size`` is cut at token borders.
        measure: Sizes of ranges.
        size: Most tokens of a chunk.
        overlap: Most tokens that a chunk repeats of its predecessor, in whole pieces.
    """
    pieces = [part for piece in pieces for part in split_long(piece, measure, size)]
    sizes = [measure.weight(p.start, p.end) for p in pieces]
    chunks: list[Span] = []
    first = fresh = 0  # the chunk begins at `first`; pieces before `fresh` are repeated
    while fresh < len(pieces):
        last, total = fresh, sum(sizes[first:fresh]) + sizes[fresh]
        while last + 1 < len(pieces) and total + sizes[last + 1] <= size:
            last += 1
            total += sizes[last]
        chunks.append(Span(pieces[first].start, pieces[last].end))
        fresh = last + 1
        if fresh < len(pieces):
            first = _rewind(sizes, fresh, min(overlap, size - sizes[fresh]))
    return chunks


def _rewind(sizes: Sequence[int], fresh: int, budget: int) -> int:
    """The first of the pieces before ``fresh`` that fit into ``budget`` together."""
    first = fresh
    while first > 0 and sizes[first - 1] <= budget:
        budget -= sizes[first - 1]
        first -= 1
    return first


def split_long(piece: Span, measure: Measure, size: int) -> list[Span]:
    """A piece as itself, or cut into parts of at most ``size`` tokens, at a line's end where one is near."""
    parts, start = [], piece.start
    while measure.size(start, piece.end) > size:
        end = measure.reach(start, size)
        line_end = measure.text.rfind("\n", start + (end - start) // 2, end)
        end = line_end + 1 if line_end > start else end
        parts.append(Span(start, end))
        start = end
    return [*parts, Span(start, piece.end)]
