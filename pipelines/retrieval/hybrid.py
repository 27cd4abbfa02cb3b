"""Passages by meaning and by words, fused."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.registry import knob, part
from pipelines.retrieval.base import StageScore
from pipelines.retrieval.bm25 import Bm25Params
from pipelines.retrieval.candidates import (
    Candidate,
    ListParams,
    Ranking,
    RetrievalContext,
    Retriever,
    Stopwatch,
    places,
)
from pipelines.retrieval.fusion import Method, fuse
from pipelines.stores.base import Scored


class HybridParams(Bm25Params, ListParams):
    """Knobs of hybrid search."""

    fusion: Method = knob(
        "relative", "How the two lists become one: scores stretched to 0…1, ranks, or scores by their spread."
    )
    alpha: float = knob(
        0.5, "Weight of the semantic list in relative fusion; the keyword list has the rest.",
        minimum=0, maximum=1, step=0.05, source="α·semantic + (1 − α)·keyword, both min-max normalised",
    )  # fmt: skip
    rrf_k: int = knob(
        60, "Constant of rrf: the higher, the less the first ranks stand out.",
        minimum=0, maximum=1000, step=1, source="1 / (k + rank), Cormack et al. 2009", fold=True,
    )  # fmt: skip


@part("retriever", "hybrid", label="Hybrid", params=HybridParams, rank=10)
def hybrid(params: HybridParams, context: RetrievalContext) -> Retriever:
    """Semantic and keyword search together, fused by scores or by ranks."""

    def retrieve(query: str) -> Ranking:
        watch = Stopwatch()
        with watch("embed"):
            vector = context.embed_query(query)
        with watch("semantic"):
            by_meaning = context.store.dense(vector, params.fetch, context.where)
        with watch("keyword"):
            by_words = context.keyword_index.search(query, params.fetch, params, context.where)
        with watch("fuse"):
            candidates = _fused(by_meaning, by_words, params)
        return Ranking(candidates, watch.seconds)

    return retrieve


def _fused(by_meaning: Sequence[Scored], by_words: Sequence[Scored], params: HybridParams) -> tuple[Candidate, ...]:
    lists = {"semantic": places(by_meaning), "keyword": places(by_words)}
    fused = fuse(
        [(hit.id, hit.score) for hit in by_meaning],
        [(hit.id, hit.score) for hit in by_words],
        params.fusion,
        alpha=params.alpha,
        rrf_k=params.rrf_k,
    )
    candidates = []
    for rank, (id, score) in enumerate(fused, 1):
        scores = {stage: ranks[id] for stage, ranks in lists.items() if id in ranks}
        candidates.append(Candidate(id, score, {**scores, "fused": StageScore(rank, score)}))
    return tuple(candidates)
