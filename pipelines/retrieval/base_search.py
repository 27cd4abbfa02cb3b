"""The plain searches that other retrievers build on: by meaning, by words, by both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipelines.retrieval.candidates import Ranking, RetrievalContext
from pipelines.retrieval.hybrid import HybridParams, by_both
from pipelines.retrieval.keyword import by_words
from pipelines.retrieval.semantic import by_meaning

Base = Literal["semantic", "keyword", "hybrid"]


def search(
    base: Base, params: HybridParams, context: RetrievalContext, query: str, vector: Sequence[float] | None = None
) -> Ranking:
    """What the retriever of that name finds.

    Args:
        base: Which one.
        params: Its knobs.
        context: The collection and the filter.
        query: Its words are searched for, and it is embedded where no vector is given.
        vector: Stands for the query's meaning.

    Raises:
        StoreError: the store failed. EngineError: the query could not be embedded.
    """
    if base == "keyword":
        return by_words(params, context, query)
    if base == "semantic":
        return by_meaning(params, context, query, vector)
    return by_both(params, context, query, vector)
