"""Passages by meaning and by words, fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.registry import knob, part
from pipelines.retrieval.base import StageScore
from pipelines.retrieval.candidates import Candidate, Ranking, RetrievalContext, Retriever, Stopwatch
from pipelines.retrieval.fusion import Method, Ranked, fuse
from pipelines.retrieval.keyword import KeywordParams, by_words
from pipelines.retrieval.semantic import by_meaning


class HybridParams(KeywordParams):
    """Knobs of hybrid search."""

    fusion: Method = knob(
        "relative", "How the two lists become one: scores stretched to 0…1, ranks, or scores by their spread."
    )
    alpha: float = knob(
        0.5, "Weight of the semantic list in relative fusion; the keyword list has the rest.",
        minimum=0, maximum=1, step=0.05, source="α·semantic + (1 − α)·keyword, both min-max normalised",
        only={"fusion": ["relative"]},
    )  # fmt: skip
    rrf_k: int = knob(
        60, "Constant of rrf: the higher, the less the first ranks stand out.",
        minimum=0, maximum=1000, step=1, source="1 / (k + rank), Cormack et al. 2009", fold=True,
        only={"fusion": ["rrf"]},
    )  # fmt: skip
    semantic_weight: float = knob(
        1.0, "Weight of the semantic list in rrf; 0: it adds no passages.",
        minimum=0, maximum=5, step=0.1, source="weight / (k + rank)", fold=True, only={"fusion": ["rrf"]},
    )  # fmt: skip
    keyword_weight: float = knob(
        1.0, "Weight of the keyword list in rrf; 0: it adds no passages.",
        minimum=0, maximum=5, step=0.1, source="weight / (k + rank)", fold=True, only={"fusion": ["rrf"]},
    )  # fmt: skip


@part("retriever", "hybrid", label="Hybrid", params=HybridParams, rank=10)
def hybrid(params: HybridParams, context: RetrievalContext) -> Retriever:
    """Semantic and keyword search together, fused by scores or by ranks."""

    def retrieve(query: str) -> Ranking:
        return by_both(params, context, query)

    return retrieve


def by_both(
    params: HybridParams, context: RetrievalContext, query: str, vector: Sequence[float] | None = None
) -> Ranking:
    """The two lists as one; arguments and errors as :func:`~pipelines.retrieval.semantic.by_meaning`."""
    meaning = by_meaning(params, context, query, vector)
    words = by_words(params, context, query)
    watch = Stopwatch()
    with watch("fuse"):
        fused = fuse(
            ranked(meaning),
            ranked(words),
            params.fusion,
            alpha=params.alpha,
            rrf_k=params.rrf_k,
            weights=(params.semantic_weight, params.keyword_weight),
        )
        places: dict[str, dict[str, StageScore]] = {}
        for one in (*meaning.candidates, *words.candidates):
            places.setdefault(one.id, {}).update(one.scores)
        candidates = fused_candidates(fused, places)
    return Ranking(candidates, {**meaning.seconds, **words.seconds, **watch.seconds})


def ranked(found: Ranking) -> Ranked:
    """A ranking as fusion takes it: ids with the score of the last stage."""
    return [(one.id, one.score) for one in found.candidates]


def fused_candidates(fused: Ranked, places: Mapping[str, Mapping[str, StageScore]]) -> tuple[Candidate, ...]:
    """A fused list as candidates that keep their places on the lists before."""
    return tuple(
        Candidate(id, score, {**places.get(id, {}), "fused": StageScore(rank, score)})
        for rank, (id, score) in enumerate(fused, 1)
    )
