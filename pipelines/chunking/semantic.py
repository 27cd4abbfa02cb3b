"""Semantic: break where neighbouring sentences stop resembling each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from pipelines.chunking.base import Bench, LimitParams, Span, trimmed
from pipelines.chunking.embeddable import embeddable_sentences
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import pack
from pipelines.loading.document import Document
from pipelines.registry import knob, part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Distances = NDArray[np.float64]
else:
    Distances = Any

Breaks = Literal["percentile", "deviation", "target"]


class SemanticParams(LimitParams):
    """Knobs of semantic breaks."""

    breaks: Breaks = knob(
        "percentile",
        "Which distances between neighbours break: the highest share, those far above the mean, "
        "or as few as make every chunk fit the size.",
        source="Kamradt 2023; LlamaIndex SemanticSplitterNodeParser",
    )
    percentile: float = knob(
        85, "Break at distances above this percentile (breaks: percentile).", minimum=50, maximum=99, step=1
    )
    deviations: float = knob(
        1, "Break at distances so many standard deviations above the mean (breaks: deviation).",
        minimum=0, maximum=4, step=0.1, fold=True,
    )  # fmt: skip
    buffer: int = knob(
        1, "Sentences on each side that are embedded together with one.", minimum=0, maximum=5, step=1, fold=True
    )


@part("chunker", "semantic", label="Semantic", params=SemanticParams, rank=40)
def semantic(document: Document, params: SemanticParams, bench: Bench) -> list[Span]:
    """Break where the next sentences mean something else, by the distance of their embeddings."""
    text = document.text
    measure = bench.measure(text, params.unit)
    pieces = embeddable_sentences(text, measure, params.size, bench)
    if len(pieces) < 2:
        return trimmed(text, pieces)
    distances = neighbour_distances(text, pieces, params.buffer, bench)
    chunks: list[Span] = []
    for group in _groups(pieces, distances, params, measure):
        chunks += pack(group, measure, params.size, 0)
    return trimmed(text, chunks)


def neighbour_distances(text: str, pieces: Sequence[Span], buffer: int, bench: Bench) -> Distances:
    """1 − cosine between each piece and the next (len(pieces) − 1 numbers).

    Each is embedded with up to ``buffer`` pieces on either side, as many as the model reads.
    """
    import numpy as np

    tokens = bench.measure(text, "tokens")
    texts = []
    for at, piece in enumerate(pieces):
        around = buffer
        first, last = piece, piece
        while around:
            first, last = pieces[max(0, at - around)], pieces[min(len(pieces) - 1, at + around)]
            if tokens.size(first.start, last.end) <= bench.embedder.window - 8:
                break
            around -= 1
            first, last = piece, piece
        texts.append(text[first.start : last.end].strip())
    vectors = bench.vectors(texts)
    distances: Distances = 1.0 - np.einsum("ij,ij->i", vectors[:-1], vectors[1:], dtype=np.float64)
    return distances


def _groups(
    pieces: Sequence[Span], distances: Distances, params: SemanticParams, measure: Measure
) -> list[Sequence[Span]]:
    if params.breaks == "target":
        return _to_target(pieces, distances, measure, params.size)
    import numpy as np

    if params.breaks == "percentile":
        limit = float(np.percentile(distances, params.percentile))
    else:
        limit = float(distances.mean() + params.deviations * distances.std())
    borders = [0, *(int(at) + 1 for at in np.flatnonzero(distances > limit)), len(pieces)]
    return [pieces[a:b] for a, b in pairwise(borders)]


def _to_target(pieces: Sequence[Span], distances: Distances, measure: Measure, size: int) -> list[Sequence[Span]]:
    """Runs over the size broken at their greatest distance, and so on, until each fits."""
    done: list[Sequence[Span]] = []
    waiting = [(0, len(pieces))]
    while waiting:
        first, end = waiting.pop()
        if end - first == 1 or sum(measure.weight(p.start, p.end) for p in pieces[first:end]) <= size:
            done.append(pieces[first:end])
            continue
        cut = first + 1 + int(distances[first : end - 1].argmax())
        waiting += [(cut, end), (first, cut)]
    return done
