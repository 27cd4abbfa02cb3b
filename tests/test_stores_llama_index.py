"""Our collections in LlamaIndex, and LlamaIndex's own Qdrant store on our collections."""

import uuid
from dataclasses import asdict

import numpy as np
import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import MetadataMode, NodeRelationship, NodeWithScore, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from qdrant_client import QdrantClient

from pipelines.errors import BadParameter, StoreError
from pipelines.recipe import Recipe
from pipelines.retrieval import retrieve
from pipelines.retrieval.base import Retrieval
from pipelines.retrieval.bm25 import KeywordIndex, query_vector
from pipelines.retrieval.candidates import RetrievalContext
from pipelines.retrieval.hits import to_hits
from pipelines.retrieval.llama_index import as_llama_index, from_llama_index
from pipelines.retrieval.widen import passages
from pipelines.stores.edge import EdgeStore
from pipelines.stores.llama_index import PlaygroundVectorStore, to_filter
from pipelines.stores.server import ServerStore

TEXTS = {
    "cats": ["The cat sat on the mat.", "Cats purr when content."],
    "cars": ["The car has four wheels.", "An engine drives the car."],
}


def embed(text):
    vector = np.full(256, 0.001)
    for word in text.lower().replace(".", "").split():
        vector[int(uuid.uuid5(uuid.NAMESPACE_OID, word)) % 256] += 1
    return (vector / np.linalg.norm(vector)).tolist()


class Words(BaseEmbedding):
    """Words hashed into a vector."""

    def _get_text_embedding(self, text):
        return embed(text)

    def _get_query_embedding(self, query):
        return embed(query)

    async def _aget_query_embedding(self, query):
        return embed(query)


def nodes():
    return [
        TextNode(
            id_=str(uuid.uuid5(uuid.NAMESPACE_OID, text)),
            text=text,
            metadata={"document": f"{name}.pdf", "page": page},
            excluded_embed_metadata_keys=["document", "page"],
            embedding=embed(text),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=name)},
        )
        for name, texts in TEXTS.items()
        for page, text in enumerate(texts, 1)
    ]


@pytest.fixture(params=["edge", "server"])
def store(request, tmp_path):
    if request.param == "edge":
        opened = EdgeStore(tmp_path / "s", 256)
    else:
        opened = ServerStore(QdrantClient(":memory:"), "chunks", 256)
    yield opened
    opened.close()


@pytest.fixture
def vectors(store):
    made = PlaygroundVectorStore(store)
    made.add(nodes())
    return made


def test_an_index_and_its_retriever_work(vectors):
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=Words())
    found = index.as_retriever(similarity_top_k=2).retrieve("cats purr")
    assert found[0].text == "Cats purr when content."
    assert len(found) == 2
    assert found[0].node.metadata["document"] == "cats.pdf"
    assert found[0].node.ref_doc_id == "cats"
    index.insert_nodes([TextNode(text="Birds sing.")])
    assert index.as_retriever(similarity_top_k=1).retrieve("birds")[0].text == "Birds sing."
    index.delete_ref_doc("cats")
    assert vectors.client.count() == 3


@pytest.mark.parametrize("mode", ["default", "sparse", "hybrid", "text_search"])
def test_modes(vectors, mode):
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=Words())
    retriever = index.as_retriever(similarity_top_k=3, vector_store_query_mode=mode, alpha=0.3)
    found = retriever.retrieve("engine")
    assert found[0].text == "An engine drives the car."
    assert len(found) == (1 if mode in ("sparse", "text_search") else 3)
    assert found[0].score == pytest.approx(1.0) or mode != "hybrid"


def test_filters(vectors):
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=Words())

    def asked(*filters, **rest):
        chosen = MetadataFilters(filters=list(filters), **rest)
        found = index.as_retriever(similarity_top_k=9, filters=chosen).retrieve("cat")
        return {(one.metadata["document"], one.metadata["page"]) for one in found}

    equal = MetadataFilter(key="document", value="cars.pdf")
    first = MetadataFilter(key="page", value=[1, 7], operator=FilterOperator.IN)
    assert asked(equal) == {("cars.pdf", 1), ("cars.pdf", 2)}
    assert asked(equal, first) == {("cars.pdf", 1)}
    assert asked(equal, MetadataFilter(key="document", value="cats.pdf")) == set()
    assert asked(MetadataFilters(filters=[equal]), first) == {("cars.pdf", 1)}
    assert index.as_retriever(doc_ids=["cats"]).retrieve("cat")[0].node.ref_doc_id == "cats"
    for wrong in (
        lambda: asked(MetadataFilter(key="page", value=1, operator=FilterOperator.GT)),
        lambda: asked(MetadataFilter(key="page", value=1.5)),
        lambda: asked(equal, first, condition=FilterCondition.OR),
        lambda: asked(equal, condition=FilterCondition.NOT),
    ):
        with pytest.raises(BadParameter, match="not offered"):
            wrong()
    assert to_filter(None) is None


def test_reading_and_removing(vectors):
    known = nodes()
    assert [node.text for node in vectors.get_nodes([known[1].node_id])] == [known[1].text]
    cars = MetadataFilters(filters=[MetadataFilter(key="document", value="cars.pdf")])
    assert {node.text for node in vectors.get_nodes(filters=cars)} == set(TEXTS["cars"])
    vectors.delete_nodes(filters=cars)
    assert vectors.client.count() == 2
    with pytest.raises(BadParameter):
        vectors.delete_nodes()
    assert vectors.client.count() == 2
    vectors.clear()
    assert vectors.client.count() == 0
    assert vectors.query(VectorStoreQuery(query_embedding=embed("cat"), similarity_top_k=3)).ids == []
    with pytest.raises(StoreError, match="UUID"):
        vectors.add([TextNode(id_="one", text="x", embedding=embed("x"))])
    with pytest.raises(BadParameter, match="mmr"):
        vectors.query(VectorStoreQuery(query_embedding=embed("cat"), mode=VectorStoreQueryMode.MMR))


# our retrievers as theirs, theirs as ours -------------------------------------------------------------


def recipe(retriever):
    return Recipe().with_("retriever", retriever)


def test_a_recipe_as_a_retriever(vectors):
    context = RetrievalContext(vectors.client, KeywordIndex(vectors.client, {}), embed)
    ours = retrieve("cats purr", recipe("hybrid"), context).hits
    theirs = as_llama_index(recipe("hybrid"), context).retrieve("cats purr")
    assert all(isinstance(one, NodeWithScore) for one in theirs)
    assert [one.text for one in theirs] == [hit.text for hit in ours]
    assert [one.score for one in theirs] == pytest.approx([hit.score for hit in ours], abs=1e-6)
    best = theirs[0].node
    assert best.metadata["scores"]["keyword"] == asdict(ours[0].scores["keyword"])
    assert best.metadata["scores"]["rerank"] is None
    assert best.get_content(metadata_mode=MetadataMode.LLM) == best.text
    assert best.get_content(metadata_mode=MetadataMode.EMBED) == best.text
    assert best.ref_doc_id == "cats"


def test_any_retriever_as_a_part(vectors):
    theirs = VectorStoreIndex.from_vector_store(vectors, embed_model=Words()).as_retriever(similarity_top_k=3)
    ranking = from_llama_index(theirs, stage="semantic")("cats purr")
    found = Retrieval(
        "cats purr", to_hits(passages(ranking.candidates, ranking.payloads), ranking.payloads), ranking.seconds
    )
    assert found.hits[0].text == "Cats purr when content."
    assert found.hits[0].document == "cats.pdf"
    assert [hit.scores["semantic"].rank for hit in found.hits] == [1, 2, 3]
    assert found.hits[0].scores["fused"] is None


# LlamaIndex's own store on our server's collection ----------------------------------------------------


def test_llama_indexs_qdrant_store_opens_our_collection():
    qdrant = pytest.importorskip(
        "llama_index.vector_stores.qdrant", reason="pip install llama-index-vector-stores-qdrant"
    )
    client = QdrantClient(":memory:")
    ours = PlaygroundVectorStore(ServerStore(client, "chunks", 256))
    ours.add(nodes())

    def sparse(texts):
        found = [query_vector(text, "english") for text in texts]
        return [list(v.indices) for v in found], [list(v.values) for v in found]

    theirs = qdrant.QdrantVectorStore(
        "chunks", client=client, enable_hybrid=True, sparse_doc_fn=sparse, sparse_query_fn=sparse
    )

    def by_id(result):
        return {node.node_id: (node.text, node.metadata, node.ref_doc_id) for node in result.nodes}

    question = {"query_embedding": embed("cats purr"), "query_str": "cats purr", "similarity_top_k": 4}
    for mode in (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.SPARSE):
        query = VectorStoreQuery(mode=mode, sparse_top_k=4, **question)
        left, right = ours.query(query), theirs.query(query)
        assert by_id(left) == by_id(right)
        assert sorted(left.similarities) == pytest.approx(sorted(right.similarities))
    assert theirs.query(VectorStoreQuery(mode=VectorStoreQueryMode.HYBRID, sparse_top_k=4, **question)).ids
    theirs.add([TextNode(text="Birds sing.", embedding=embed("birds sing"))])
    assert ours.query(VectorStoreQuery(query_embedding=embed("birds sing"))).nodes[0].text == "Birds sing."
