"""No reranking."""

from __future__ import annotations

from pipelines.registry import PartParams, part
from pipelines.retrieval.candidates import Ranking, Reranker, RetrievalContext


@part("reranker", "none", label="No reranking", rank=0)
def none(params: PartParams, context: RetrievalContext) -> Reranker:
    """Passages stay in the retriever's order."""

    def rerank(query: str, ranking: Ranking) -> Ranking:
        return ranking

    return rerank
