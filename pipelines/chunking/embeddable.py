"""Sentences as an embedding model can read them: what the strategies that cut by meaning begin with."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.chunking.base import Bench, Span
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import split_long
from pipelines.chunking.sentences import sentence_spans

_SLACK = 8  # a piece cut inside a word may count more tokens than in its text


def embeddable_sentences(text: str, measure: Measure, size: int, bench: Bench, *, join: int = 0) -> list[Span]:
    """Sentences a strategy can embed: adjoining, none blank, none over ``size`` or the model's window.

    White space at their ends does not count for that.

    Args:
        text: The document's.
        measure: Of the text, in the unit of ``size``.
        size: Longest piece.
        bench: Knows the model's window.
        join: Neighbours are joined up to this size; a longer sentence stays whole.
    """
    tokens = bench.measure(text, "tokens")
    pieces = sentence_spans(text) if text else []
    pieces = _joined([part for piece in pieces for part in split_long(piece, measure, size)], measure, join)
    room = bench.embedder.window - _SLACK
    return _without_blanks(text, [part for piece in pieces for part in split_long(piece, tokens, room)])


def _joined(pieces: Sequence[Span], measure: Measure, least: int) -> list[Span]:
    joined: list[Span] = []
    total = 0
    for piece in pieces:
        weight = measure.weight(piece.start, piece.end)
        if joined and total + weight <= least:
            joined[-1] = Span(joined[-1].start, piece.end)
            total += weight
        else:
            joined.append(piece)
            total = weight
    return joined


def _without_blanks(text: str, pieces: Sequence[Span]) -> list[Span]:
    """Adjoining pieces, those of white space alone joined to the one before (the first to the one after)."""
    joined: list[Span] = []
    for piece in pieces:
        blank = not text[piece.start : piece.end].strip()
        if joined and (blank or not text[joined[-1].start : joined[-1].end].strip()):
            joined[-1] = Span(joined[-1].start, piece.end)
        else:
            joined.append(piece)
    return joined
