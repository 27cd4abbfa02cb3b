"""Passages by meaning."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.registry import part
from pipelines.retrieval.candidates import (
    ListParams,
    Ranking,
    RetrievalContext,
    Retriever,
    Stopwatch,
    single_list,
)


@part("retriever", "semantic", label="Semantic", params=ListParams, rank=20)
def semantic(params: ListParams, context: RetrievalContext) -> Retriever:
    """The passages whose vectors point the way the question's does (cosine)."""

    def retrieve(query: str) -> Ranking:
        return by_meaning(params, context, query)

    return retrieve


def by_meaning(
    params: ListParams, context: RetrievalContext, query: str, vector: Sequence[float] | None = None
) -> Ranking:
    """The semantic list.

    Args:
        params: Its ``fetch`` is the length of the list.
        context: The collection and the filter.
        query: Embedded where no vector is given.
        vector: Searched instead of the query's.

    Raises:
        StoreError: the store failed. EngineError: the query could not be embedded.
    """
    watch = Stopwatch()
    if vector is None:
        with watch("embed"):
            vector = context.embed_query(query)
    with watch("semantic"):
        found = context.store.dense(vector, params.fetch, context.where)
    return Ranking(single_list("semantic", found), watch.seconds)
