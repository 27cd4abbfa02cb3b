"""Our stores as LlamaIndex vector stores: indexes, retrievers, query and chat engines work on them.

::

    store = PlaygroundVectorStore(open_store(settings, name, dimensions))
    index = VectorStoreIndex.from_vector_store(store, embed_model=model)

Points are written as LlamaIndex's ``QdrantVectorStore`` writes them (vector names, payload), so either
opens the other's collection on a server. This module imports LlamaIndex, so only its users import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict

from pipelines.errors import BadParameter
from pipelines.retrieval.bm25 import Bm25Params, KeywordIndex
from pipelines.retrieval.fusion import fuse
from pipelines.stores.base import Filter, Point, Store

#: Length of each list before fusion.
DEPTH = 100


class PlaygroundVectorStore(BasePydanticVectorStore):
    """One of our collections, seen by LlamaIndex.

    Args:
        store: The collection.
        keywords: Its keyword index, where the caller has one; else one is made, which reads the
            collection's texts once, at the first keyword query.
        bm25: Knobs of keyword search.

    Modes of a query: ``DEFAULT`` (cosine), ``SPARSE`` and ``TEXT_SEARCH`` (BM25), ``HYBRID`` (relative
    score fusion with the query's ``alpha``, 0.5 where it has none).
    """

    stores_text: bool = True
    flat_metadata: bool = False

    _keywords: KeywordIndex = PrivateAttr()
    _bm25: Bm25Params = PrivateAttr()

    def __init__(self, store: Store, keywords: KeywordIndex | None = None, bm25: Bm25Params | None = None) -> None:
        super().__init__(stores_text=True)
        self._keywords = keywords or KeywordIndex(store, {})
        self._bm25 = bm25 or Bm25Params()

    @classmethod
    def class_name(cls) -> str:
        """Name in LlamaIndex's serialised forms."""
        return "PlaygroundVectorStore"

    @property
    def client(self) -> Store:
        """The collection."""
        return self._keywords.store

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Write embedded nodes; same id replaces. Raises StoreError for an id that is no UUID."""
        points = [
            Point(
                node.node_id,
                node.get_embedding(),
                None,
                node_to_metadata_dict(node, remove_text=False, flat_metadata=False),
            )
            for node in nodes
        ]
        self._keywords.upsert(points)
        return [point.id for point in points]

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Remove all nodes of a document."""
        self._keywords.delete({"doc_id": [ref_doc_id]})

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Remove the nodes a filter matches; by id is not offered (raises BadParameter)."""
        where = to_filter(filters)
        if node_ids or not where:
            raise BadParameter("Nodes are deleted by filter only.", "Give filters, or delete a document.")
        self._keywords.delete(where)

    def clear(self) -> None:
        """Remove every node."""
        self._keywords.delete({})

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """Nodes by id, or those a filter matches in order of id."""
        if node_ids is not None:
            payloads = list(self.client.payloads(node_ids).values())
        else:
            payloads = [point.payload for point in self.client.scroll(to_filter(filters))]
        return [metadata_dict_to_node(payload) for payload in payloads]

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The best nodes; raises BadParameter for modes and filters that are not offered."""
        found = self._list(query)
        payloads = self.client.payloads([id for id, _ in found])
        there = [(id, score) for id, score in found if id in payloads]
        return VectorStoreQueryResult(
            nodes=[metadata_dict_to_node(payloads[id]) for id, _ in there],
            similarities=[score for _, score in there],
            ids=[id for id, _ in there],
        )

    def _list(self, query: VectorStoreQuery) -> list[tuple[str, float]]:
        if query.node_ids:
            raise BadParameter("A query among given node ids is not offered.", "Filter by doc_ids or metadata.")
        where = to_filter(query.filters)
        if query.doc_ids:
            where = _both(where or {}, {"doc_id": query.doc_ids})
        modes = VectorStoreQueryMode
        if query.mode == modes.DEFAULT:
            return self._dense(query, query.similarity_top_k, where)
        if query.mode in (modes.SPARSE, modes.TEXT_SEARCH):
            return self._sparse(query, query.sparse_top_k or query.similarity_top_k, where)
        if query.mode == modes.HYBRID:
            limit = query.hybrid_top_k or query.similarity_top_k
            lists = [ask(query, max(DEPTH, limit), where) for ask in (self._dense, self._sparse)]
            alpha = 0.5 if query.alpha is None else query.alpha
            return fuse(lists[0], lists[1], "relative", alpha=alpha)[:limit]
        raise BadParameter(
            f"The query mode {query.mode.value!r} is not offered.", "Modes: default, sparse, text_search, hybrid."
        )

    def _dense(self, query: VectorStoreQuery, limit: int, where: Filter | None) -> list[tuple[str, float]]:
        if query.query_embedding is None:
            raise BadParameter("A query by meaning needs query_embedding.")
        return [(hit.id, hit.score) for hit in self.client.dense(query.query_embedding, limit, where)]

    def _sparse(self, query: VectorStoreQuery, limit: int, where: Filter | None) -> list[tuple[str, float]]:
        if query.query_str is None:
            raise BadParameter("A query by words needs query_str.")
        return [(hit.id, hit.score) for hit in self._keywords.search(query.query_str, limit, self._bm25, where)]


def to_filter(filters: MetadataFilters | None) -> Filter | None:
    """LlamaIndex's filters as ours: equal and one-of, all of which must match.

    Raises:
        BadParameter: any other operator, condition or kind of value.
    """
    where: Filter = {}
    if filters is None or not filters.filters:
        return None
    if filters.condition not in (None, FilterCondition.AND) and len(filters.filters) > 1:
        raise BadParameter(f"Filters joined by {filters.condition!r} are not offered.", "Join them by AND.")
    if filters.condition == FilterCondition.NOT:
        raise BadParameter("Negated filters are not offered.", "Use == and in.")
    for one in filters.filters:
        if isinstance(one, MetadataFilters):
            where = _both(where, to_filter(one) or {})
            continue
        given = one.value if isinstance(one.value, list) else [one.value]
        values = [value for value in given if isinstance(value, str | int) and not isinstance(value, bool)]
        if one.operator not in (FilterOperator.EQ, FilterOperator.IN) or len(values) < len(given):
            raise BadParameter(
                f"The filter {one.key} {one.operator.value} {one.value!r} is not offered.",
                "Use == and in, with words or whole numbers.",
            )
        where = _both(where, {one.key: values})
    return where


def _both(left: Filter, right: Filter) -> Filter:
    """Both filters at once: on a field of both, the values of both."""
    shared = {field: [value for value in left[field] if value in right[field]] for field in left.keys() & right.keys()}
    return {**left, **right, **shared}
