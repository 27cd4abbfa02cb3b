"""Passages by meaning."""

from __future__ import annotations

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
        watch = Stopwatch()
        with watch("embed"):
            vector = context.embed_query(query)
        with watch("semantic"):
            found = context.store.dense(vector, params.fetch, context.where)
        return Ranking(single_list("semantic", found), watch.seconds)

    return retrieve
