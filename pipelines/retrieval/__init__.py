"""Retrieval: a question in, ranked passages out.

::

    candidates.py   what travels between stages            base.py, hits.py  what comes out
    semantic.py keyword.py hybrid.py mmr.py multi_query.py hyde.py auto_merging.py      retrievers, one a file
    none.py late_interaction.py llm_*.py cross_encoder*.py (on reranking.py)            rerankers, one a file
    bm25.py, fusion.py  the arithmetic                     base_search.py  lists other retrievers build on
    aids.py         language model and token vectors       remembering.py  lists kept while sliders move
    widen.py        from what was searched to what is read terms.py  where the question's words stand
    llama_index.py  the bridge to LlamaIndex, both ways
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.retrieval.base import Retrieval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.recipe import Recipe
    from pipelines.retrieval.base import Hit
    from pipelines.retrieval.candidates import ListParams, Ranking, RetrievalContext
    from pipelines.retrieval.widen import Passage
    from pipelines.stores.base import Payload


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
    from pipelines.retrieval.candidates import Stopwatch, list_params

    params = list_params(recipe)
    ranking = rank(query, recipe, context)
    watch = Stopwatch()
    with watch("payloads"):
        hits = read(ranking, params, context)
    return Retrieval(query, hits, {**ranking.seconds, **watch.seconds}, ranking.written)


def read(ranking: Ranking, params: ListParams, context: RetrievalContext) -> tuple[Hit, ...]:
    """The hits of a ranking: its first k passages, with their texts."""
    from pipelines.retrieval.hits import to_hits

    payloads: dict[str, Payload] = {}
    found = look_up(ranking, params, context, payloads, params.looked_at)
    return to_hits(read_of(found, params) if context.text_of else found[: params.k], payloads, context.text_of)


def read_of(found: Sequence[Passage], params: ListParams) -> list[Passage]:
    """What an answer reads of the passages found: parents in the place of their pieces, then the first k."""
    from pipelines.retrieval.widen import merge

    return merge(found[: params.looked_at], params.merge_at)[: params.k]


def look_up(
    ranking: Ranking,
    params: ListParams,
    context: RetrievalContext,
    payloads: dict[str, Payload],
    enough: int | None = None,
) -> list[Passage]:
    """The passages a ranking leads to, best first, before parents take the place of their pieces.

    Several candidates may lead to one passage, so more candidates than passages may be looked at.

    Args:
        payloads: Those at hand; what has to be fetched is added, and need not be fetched for the next ranking.
        enough: Stop when there are so many passages; a few more may come. None: all.
    """
    from pipelines.retrieval.widen import Passage, passages

    kept = [one for one in ranking.candidates if params.keeps(one.score)]
    if params.threshold is None:
        kept += ranking.unread
    payloads.update(ranking.payloads)
    enough = len(kept) if enough is None else enough
    looked_at = 0
    found: list[Passage] = []
    while looked_at < len(kept) and len(found) < enough:
        looked_at = min(len(kept), looked_at + enough)
        missing = [one.id for one in kept[:looked_at] if one.id not in payloads]
        payloads.update(context.store.payloads(missing))
        if context.text_of is None:
            found = [Passage.of(one) for one in kept[:looked_at] if one.id in payloads]
        else:
            found = passages(kept[:looked_at], payloads)
    return found


def rank(query: str, recipe: Recipe, context: RetrievalContext) -> Ranking:
    """Every candidate the recipe's lists hold, best first, without threshold, cut and texts."""
    from dataclasses import replace

    from pipelines import registry
    from pipelines.retrieval.candidates import Ranking

    if not query.strip():
        return Ranking(())
    chosen, reranking = recipe.choice("retriever"), recipe.choice("reranker")
    context = replace(context, recipe=recipe)
    retriever = registry.get("retriever", chosen.name).build(chosen.params, context)
    reranker = registry.get("reranker", reranking.name).build(reranking.params, context)
    ranking: Ranking = reranker(query, retriever(query))
    return ranking
