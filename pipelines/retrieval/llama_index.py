"""The bridge to LlamaIndex, both ways: our retrievers as theirs, and any of theirs as a part.

A part around a retriever of the ecosystem takes a few lines::

    @part("retriever", "mine", label="Mine", params=ListParams)
    def mine(params: ListParams, context: RetrievalContext) -> Retriever:
        '''What it does.'''
        return from_llama_index(SomeRetriever(..., similarity_top_k=params.fetch), stage="semantic")
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.retrieval.base import Hit
from pipelines.retrieval.candidates import Ranking, RetrievalContext, Retriever, Stopwatch, single_list
from pipelines.stores.base import Scored

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
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
