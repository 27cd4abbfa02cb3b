"""The bridge to LlamaIndex, both ways: our retrievers as theirs, and any of theirs as a part.

A part around a retriever of the ecosystem takes a few lines::

    @part("retriever", "mine", label="Mine", params=ListParams)
    def mine(params: ListParams, context: RetrievalContext) -> Retriever:
        '''What it does.'''
        return from_llama_index(SomeRetriever(..., similarity_top_k=params.fetch), stage="semantic")

and one around a node postprocessor as few::

    @part("reranker", "mine", label="Mine", params=RerankParams)
    def mine(params: RerankParams, context: RetrievalContext) -> Reranker:
        '''What it does.'''
        return from_postprocessor(SomePostprocessor(...), params, context)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pipelines.retrieval.base import Hit, StageScore
from pipelines.retrieval.candidates import (
    Candidate,
    Ranking,
    Reranker,
    RetrievalContext,
    Retriever,
    Stopwatch,
    single_list,
)
from pipelines.retrieval.reranking import RerankParams, Taken, put_in_order, take
from pipelines.stores.base import Payload, Scored

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import NodeWithScore, TextNode

    from pipelines.recipe import Recipe


def as_llama_index(recipe: Recipe, context: RetrievalContext) -> BaseRetriever:
    """A recipe's retrieval as a LlamaIndex retriever, for its query and chat engines.

    Its nodes carry the place in the document and, under ``scores``, rank and score of every stage as
    metadata, kept out of embedded and prompted text.
    """
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle

    from pipelines.retrieval import retrieve

    class RecipeRetriever(BaseRetriever):
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            found = retrieve(query_bundle.query_str, recipe, context)
            return [NodeWithScore(node=to_node(hit), score=hit.score) for hit in found.hits]

    return RecipeRetriever()


def to_node(hit: Hit) -> TextNode:
    """A hit as a LlamaIndex node."""
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    known: dict[str, Any] = {
        **{name: getattr(hit, name) for name in ("document", "page", "page_label", "start", "end")},
        "pages": list(hit.pages),
        "headings": list(hit.headings),
        "scores": {stage: asdict(place) if place else None for stage, place in hit.scores.items()},
    }
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=hit.document_id)} if hit.document_id else {}
    return TextNode(
        id_=hit.id,
        text=hit.text,
        metadata=known,
        excluded_embed_metadata_keys=list(known),
        excluded_llm_metadata_keys=list(known),
        start_char_idx=hit.start,
        end_char_idx=hit.end,
        relationships=source,
    )


def from_llama_index(retriever: BaseRetriever, stage: str = "fused") -> Retriever:
    """Any LlamaIndex retriever as one of ours; its nodes need not be in the store.

    Args:
        retriever: Called with the query; its own order counts, a node without score has 0.
        stage: The stage its scores belong to, a key of ``retrieval.base.STAGES``.
    """

    def retrieve(query: str) -> Ranking:
        from llama_index.core.vector_stores.utils import node_to_metadata_dict

        watch = Stopwatch()
        with watch(stage):
            found: list[NodeWithScore] = retriever.retrieve(query)
        listed = [Scored(one.node.node_id, float(one.score or 0.0)) for one in found]
        payloads = {one.node.node_id: node_to_metadata_dict(one.node) for one in found}
        return Ranking(single_list(stage, listed), watch.seconds, payloads)

    return retrieve


def from_postprocessor(
    postprocessor: BaseNodePostprocessor, params: RerankParams, context: RetrievalContext
) -> Reranker:
    """Any LlamaIndex node postprocessor as a reranker.

    It is given the best ``params.depth`` passages as nodes with their text, metadata and score. Its order
    counts, and its scores (a node without one has 0). What it drops is gone; what it adds is taken. A text it
    changes is only its own: a hit shows the document's.
    """

    def rerank(query: str, ranking: Ranking) -> Ranking:
        watch = Stopwatch()
        with watch("rerank"):
            taken = take(ranking, params, context)
            found = postprocessor.postprocess_nodes(_nodes(taken), query_str=query) if taken.texts else []
        rest = put_in_order(ranking, taken.candidates, [0.0] * len(taken.texts), watch.seconds)
        candidates, added = _reranked(found, taken)
        return replace(rest, candidates=candidates, payloads={**added, **ranking.payloads})

    return rerank


def _nodes(taken: Taken) -> list[NodeWithScore]:
    """The passages as LlamaIndex's nodes; other programs' may lack the id and the metadata inside."""
    from llama_index.core.schema import NodeWithScore
    from llama_index.core.vector_stores.utils import metadata_dict_to_node

    nodes = []
    for one in taken.candidates:
        payload = taken.payloads[one.id]
        node = metadata_dict_to_node(dict(payload))
        node.id_ = one.id
        node.metadata = node.metadata or {name: value for name, value in payload.items() if not name.startswith("_")}
        nodes.append(NodeWithScore(node=node, score=one.score))
    return nodes


def _reranked(found: Sequence[NodeWithScore], taken: Taken) -> tuple[tuple[Candidate, ...], dict[str, Payload]]:
    """What a postprocessor gave, each node once, and the payloads of nodes that were not given to it."""
    from llama_index.core.vector_stores.utils import node_to_metadata_dict

    before = {one.id: one.scores for one in taken.candidates}
    unique: dict[str, NodeWithScore] = {}
    for one in found:
        unique.setdefault(one.node.node_id, one)
    candidates = tuple(
        Candidate(
            id,
            float(one.score or 0.0),
            {**before.get(id, {}), "rerank": StageScore(rank, float(one.score or 0.0))},
        )
        for rank, (id, one) in enumerate(unique.items(), 1)
    )
    added = {id: node_to_metadata_dict(one.node) for id, one in unique.items() if id not in before}
    return candidates, added
