"""Pieces found, parents read: for chunks that know what they are a piece of."""

from __future__ import annotations

from pipelines.registry import knob, part
from pipelines.retrieval.candidates import Ranking, RetrievalContext, Retriever
from pipelines.retrieval.hybrid import HybridParams, by_both


class AutoMergingParams(HybridParams):
    """Knobs of auto-merging."""

    pieces: int = knob(30, "Pieces looked at when parents are counted.", minimum=1, maximum=1000, step=1, usual=200)
    merge_at: float = knob(
        0.5, "Share of a parent's pieces that must be found before the parent is read instead; 1: never.",
        minimum=0, maximum=1, step=0.05, source="LlamaIndex AutoMergingRetriever",
    )  # fmt: skip

    @property
    def looked_at(self) -> int:
        """Passages among which parents are counted."""
        return max(self.pieces, self.k)

    @property
    def fetch(self) -> int:
        """Length of each list: the depth, and never less than what is looked at."""
        return max(self.depth, self.looked_at)


@part("retriever", "auto-merging", label="Auto-merging", params=AutoMergingParams, rank=70)
def auto_merging(params: AutoMergingParams, context: RetrievalContext) -> Retriever:
    """Hybrid search that counts many pieces, so that parents take their place (hierarchical chunks)."""

    def retrieve(query: str) -> Ranking:
        return by_both(params, context, query)

    return retrieve
