"""Passages by words."""

from __future__ import annotations

from pipelines.registry import part
from pipelines.retrieval.bm25 import Bm25Params
from pipelines.retrieval.candidates import (
    ListParams,
    Ranking,
    RetrievalContext,
    Retriever,
    Stopwatch,
    single_list,
)


class KeywordParams(Bm25Params, ListParams):
    """Knobs of keyword search."""


@part("retriever", "keyword", label="Keyword (BM25)", params=KeywordParams, rank=30)
def keyword(params: KeywordParams, context: RetrievalContext) -> Retriever:
    """The passages that share the question's rare words (BM25 on word stems)."""

    def retrieve(query: str) -> Ranking:
        return by_words(params, context, query)

    return retrieve


def by_words(params: KeywordParams, context: RetrievalContext, query: str) -> Ranking:
    """The keyword list, of the length ``params.fetch``. Raises StoreError."""
    watch = Stopwatch()
    with watch("keyword"):
        found = context.keyword_index.search(query, params.fetch, params, context.where)
    return Ranking(single_list("keyword", found), watch.seconds)
