"""Retrieval: a question in, ranked passages out.

``candidates.py`` says what travels between stages; ``semantic.py``, ``keyword.py``, ``hybrid.py`` are the
retrievers; ``bm25.py`` and ``fusion.py`` the arithmetic; ``llama_index.py`` the bridge to LlamaIndex.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.retrieval.base import Retrieval

if TYPE_CHECKING:
    from pipelines.recipe import Recipe
    from pipelines.retrieval.candidates import Ranking, RetrievalContext


def retrieve(query: str, recipe: Recipe, context: RetrievalContext) -> Retrieval:
    """The recipe's best passages for a query.

    Lists are fetched and fused without texts; those of the hits alone are read at the end.

    Args:
        query: What a person asked; blank finds nothing.
        recipe: Its retriever and reranker are used.
        context: The collection, the query's embedding, the filter.

    Returns:
        At most ``k`` hits, and the seconds of each stage.

    Raises:
        StoreError: the store failed. EngineError: the query could not be embedded.
    """
    from pipelines.retrieval.candidates import ListParams, Stopwatch
    from pipelines.retrieval.hits import to_hits

    params = recipe.choice("retriever").params
    assert isinstance(params, ListParams), "a retriever's Params extend ListParams"
    ranking = rank(query, recipe, context)
    best = [one for one in ranking.candidates if params.keeps(one.score)][: params.k]
    watch = Stopwatch()
    with watch("payloads"):
        missing = [one.id for one in best if one.id not in ranking.payloads]
        payloads = {**ranking.payloads, **context.store.payloads(missing)}
        hits = to_hits(best, payloads)
    return Retrieval(query, hits, {**ranking.seconds, **watch.seconds})


def rank(query: str, recipe: Recipe, context: RetrievalContext) -> Ranking:
    """Every candidate the recipe's lists hold, best first, without threshold, cut and texts."""
    from pipelines import registry
    from pipelines.retrieval.candidates import Ranking

    if not query.strip():
        return Ranking(())
    chosen, reranking = recipe.choice("retriever"), recipe.choice("reranker")
    retriever = registry.get("retriever", chosen.name).build(chosen.params, context)
    reranker = registry.get("reranker", reranking.name).build(reranking.params, context)
    ranking: Ranking = reranker(query, retriever(query))
    return ranking
