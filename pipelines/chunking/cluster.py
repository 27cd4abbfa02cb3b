"""Cluster: the grouping of neighbouring sentences that holds together best, up to a size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipelines.chunking.base import Bench, LimitParams, Span, trimmed
from pipelines.chunking.embeddable import embeddable_sentences
from pipelines.loading.document import Document
from pipelines.registry import knob, part

if TYPE_CHECKING:
    from pipelines.embedding.base import Vectors
else:
    Vectors = Any


class ClusterParams(LimitParams):
    """Knobs of clusters."""

    least: int = knob(
        40, "Short sentences are joined up to this size before they are embedded, in the unit above.",
        minimum=0, maximum=400, step=4, source="Chroma, “Evaluating Chunking Strategies”, 2024", fold=True,
    )  # fmt: skip


@part("chunker", "cluster", label="Cluster by meaning", params=ClusterParams, rank=45)
def cluster(document: Document, params: ClusterParams, bench: Bench) -> list[Span]:
    """Group neighbouring sentences so that together they resemble each other more than the document's average."""
    text = document.text
    measure = bench.measure(text, params.unit)
    pieces = embeddable_sentences(text, measure, params.size, bench, join=min(params.least, params.size))
    if len(pieces) < 2:
        return trimmed(text, pieces)
    vectors = bench.vectors([text[p.start : p.end].strip() for p in pieces])
    sizes = [measure.weight(p.start, p.end) for p in pieces]
    groups = best_groups(vectors, sizes, params.size)
    return trimmed(text, [Span(pieces[a].start, pieces[b - 1].end) for a, b in groups])


def best_groups(vectors: Vectors, sizes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Runs of neighbours with the greatest sum of inner similarity above the mean, by dynamic programming.

    A run's reward is the sum over its pairs of cosine minus the mean cosine of all pairs; a run of one has 0.
    (ClusterSemanticChunker of Chroma's report, on token sizes instead of counts, and without the matrix of
    all pairs: only neighbours within reach of a run are compared.)

    Args:
        vectors: (n, d), unit length.
        sizes: Of each piece; those of a run sum to at most ``limit``, except that a run of one always may.
        limit: Largest run.

    Returns:
        (first, past last) of each run, in order.
    """
    count = len(sizes)
    reach = _reach(sizes, limit)
    inner = _forward_sums(vectors, max(reach))
    best = [0.0] * (count + 1)  # of the first n pieces
    begin = [0] * (count + 1)
    for end in range(1, count + 1):
        best[end], begin[end] = best[end - 1], end - 1
        reward = 0.0
        for first in range(end - 2, -1, -1):
            if end > first + reach[first]:
                break
            reward += inner[first][end - first - 2]
            if best[first] + reward > best[end]:
                best[end], begin[end] = best[first] + reward, first
    runs = []
    end = count
    while end:
        runs.append((begin[end], end))
        end = begin[end]
    return runs[::-1]


def _reach(sizes: Sequence[int], limit: int) -> list[int]:
    """For each piece, how many from it on fit into one run (at least one)."""
    reach, end, total = [], 0, 0
    for first, size in enumerate(sizes):
        while end < len(sizes) and (end <= first or total + sizes[end] <= limit):
            total += sizes[end]
            end += 1
        reach.append(end - first)
        total -= size
    return reach


def _forward_sums(vectors: Vectors, longest: int) -> list[list[float]]:
    """``[i][j]``: sum over the j + 1 pieces after i of their similarity to i, less the mean of all pairs."""
    import numpy as np

    count = len(vectors)
    total = vectors.sum(axis=0, dtype=np.float64)
    mean = (float(total @ total) - count) / (count * (count - 1))
    band = np.zeros((count, max(1, longest - 1)))
    for step in range(1, min(longest, count)):
        near = np.einsum("ij,ij->i", vectors[:-step], vectors[step:], dtype=np.float64)
        band[:-step, step - 1] = near - mean
    sums: list[list[float]] = band.cumsum(axis=1).tolist()
    return sums
