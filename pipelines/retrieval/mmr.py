"""Passages that are near the question and unlike each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.registry import knob, part
from pipelines.retrieval.base import StageScore
from pipelines.retrieval.candidates import Candidate, ListParams, Ranking, RetrievalContext, Retriever, Stopwatch
from pipelines.retrieval.semantic import by_meaning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MmrParams(ListParams):
    """Knobs of maximal marginal relevance."""

    relevance: float = knob(
        0.5, "Lambda: weight of relevance against novelty; 1 is plain semantic search.",
        minimum=0, maximum=1, step=0.05,
        source="λ·cos(passage, question) − (1 − λ)·max cos(passage, one chosen before), Carbonell and Goldstein 1998",
    )  # fmt: skip


@part("retriever", "mmr", label="Semantic, varied (MMR)", params=MmrParams, rank=40)
def mmr(params: MmrParams, context: RetrievalContext) -> Retriever:
    """Passages near the question, each chosen to say something that those before it do not."""

    def retrieve(query: str) -> Ranking:
        found = by_meaning(params, context, query)
        watch = Stopwatch()
        with watch("mmr"):
            candidates = _varied(found.candidates, params.relevance, context)
        return Ranking(candidates, {**found.seconds, **watch.seconds})

    return retrieve


def _varied(found: Sequence[Candidate], relevance: float, context: RetrievalContext) -> tuple[Candidate, ...]:
    """The candidates in the order they are chosen; one without vector was deleted since and drops out."""
    import numpy as np

    vectors = context.store.vectors([one.id for one in found])
    known = [one for one in found if one.id in vectors]
    if not known:
        return ()
    matrix = np.array([vectors[one.id] for one in known], dtype=np.float32)
    chosen = choose(np.array([one.score for one in known], dtype=np.float64), matrix, relevance)
    return tuple(
        Candidate(known[at].id, score, {**known[at].scores, "mmr": StageScore(rank, score)})
        for rank, (at, score) in enumerate(chosen, 1)
    )


def choose(similarity: NDArray[np.float64], vectors: NDArray[np.float32], relevance: float) -> list[tuple[int, float]]:
    """Maximal marginal relevance, chosen one by one (Carbonell and Goldstein, SIGIR 1998).

    Args:
        similarity: Each passage's cosine to the question, (n,).
        vectors: The passages' unit vectors, (n, dimensions).
        relevance: λ, 0 to 1.

    Returns:
        Places in the order they were chosen, each with its score at that moment; of equal ones the first
        given comes first. Nothing precedes the first choice, so only relevance counts for it; from the
        second on scores never rise. Where cosines are negative the second may stand above the first.
    """
    import numpy as np

    likeness = (vectors @ vectors.T).astype(np.float64)
    gain = relevance * similarity
    penalty = np.zeros_like(gain)
    left = np.ones(len(gain), dtype=bool)
    chosen: list[tuple[int, float]] = []
    for _ in range(len(gain)):
        value = np.where(left, gain - (1 - relevance) * penalty, -np.inf)
        best = int(value.argmax())
        penalty = np.maximum(penalty, likeness[best]) if chosen else likeness[best]
        left[best] = False
        chosen.append((best, float(value[best])))
    return chosen
