"""Retrieval end to end on a small collection, on both stores."""

import json
import uuid
from dataclasses import replace

import numpy as np
import pytest
from qdrant_client import QdrantClient

from pipelines import registry
from pipelines.errors import BadParameter
from pipelines.recipe import Recipe, choose
from pipelines.retrieval import rank, retrieve
from pipelines.retrieval.base import ALWAYS
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.retrieval.candidates import ListParams, RetrievalContext
from pipelines.retrieval.fusion import fuse
from pipelines.stores.base import Point
from pipelines.stores.edge import EdgeStore
from pipelines.stores.server import ServerStore

TEXTS = {
    "cats.pdf": ["The cat sat on the mat.", "A kitten is a young cat.", "Cats purr when content."],
    "cars.pdf": ["The car has four wheels.", "An engine drives the car.", "Brakes stop the wheels."],
    "notes.md": ["Feed the cat before you drive the car.", "<script>alert('hostile')</script>"],
}
MEANINGS = {"kitten": "cat", "purr": "cat", "wheels": "car", "engine": "car", "brakes": "car", "drive": "car"}


def embed(text):
    """Words hashed into a unit vector, some words being synonyms."""
    vector = np.full(256, 0.001)
    for word in text.lower().strip(".").split():
        word = MEANINGS.get(word.strip("."), word.strip("."))
        vector[int(uuid.uuid5(uuid.NAMESPACE_OID, word)) % 256] += 1
    return (vector / np.linalg.norm(vector)).tolist()


def passages():
    for document, texts in TEXTS.items():
        start = 0
        for n, text in enumerate(texts):
            id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{document}{n}"))
            payload = {
                "document": document, "doc_id": f"id of {document}", "page": n + 1, "page_label": "ivx"[n],
                "pages": [n + 1, n + 2], "start": start, "end": start + len(text), "headings": ["One", "Two"],
                "_node_content": json.dumps({"id_": id, "text": text, "metadata": {}}), "_node_type": "TextNode",
            }  # fmt: skip
            yield Point(id, embed(text), None, payload)
            start += len(text) + 2


@pytest.fixture(params=["edge", "server"])
def empty(request, tmp_path):
    if request.param == "edge":
        store = EdgeStore(tmp_path / "s", 256)
    else:
        store = ServerStore(QdrantClient(":memory:"), "chunks", 256)
    yield RetrievalContext(store, KeywordIndex(store, {}), embed)
    store.close()


@pytest.fixture
def context(empty):
    empty.keyword_index.upsert(list(passages()))
    return empty


def recipe(retriever="hybrid", **params):
    return Recipe().with_("retriever", retriever, **params)


def same(hits, expected):
    """The stand-in for a server rounds a little differently from call to call."""
    assert [hit.id for hit in hits] == [id for id, _ in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=1e-6)


@pytest.mark.parametrize("name", ["semantic", "keyword", "hybrid"])
def test_every_retriever_gives_complete_hits(context, name):
    found = retrieve("purr", recipe(name, k=3), context)
    (hit,) = [hit for hit in found.hits if hit.text == "Cats purr when content."]
    assert (hit.document, hit.document_id) == ("cats.pdf", "id of cats.pdf")
    assert (hit.page, hit.page_label, hit.pages, hit.headings) == (3, "x", (3, 4), ("One", "Two"))
    assert hit.end - hit.start == len(hit.text)
    assert [h.rank for h in found.hits] == list(range(1, len(found.hits) + 1))
    assert [h.score for h in found.hits] == sorted((h.score for h in found.hits), reverse=True)
    assert all(set(h.scores) == set(ALWAYS) and h.scores["rerank"] is None for h in found.hits)
    json.dumps([h.to_json() for h in found.hits])


def test_scores_and_ranks_of_each_list_are_kept(context):
    query = "cat drive"
    by_meaning = retrieve(query, recipe("semantic", k=50), context).hits
    by_words = retrieve(query, recipe("keyword", k=50), context).hits
    found = retrieve(query, recipe("hybrid", k=50), context).hits
    assert {hit.text for hit in by_words} < {hit.text for hit in by_meaning}
    for hit in found:
        for stage, own in (("semantic", by_meaning), ("keyword", by_words)):
            (there,) = [h for h in own if h.id == hit.id] or [None]
            assert (hit.scores[stage] is None) == (there is None)
            if there is not None:
                assert hit.scores[stage].rank == there.scores[stage].rank == there.rank
                assert hit.scores[stage].score == pytest.approx(there.score, abs=1e-6)
        assert hit.scores["fused"].rank == hit.rank
        assert hit.scores["fused"].score == hit.score
    lists = [[(h.id, h.score) for h in own] for own in (by_meaning, by_words)]
    same(found, fuse(*lists, "relative"))


@pytest.mark.parametrize("fusion", ["relative", "rrf", "dbsf"])
def test_fusions_and_their_knobs(context, fusion):
    query = "cat drive"
    lists = [
        [(h.id, h.score) for h in retrieve(query, recipe(name, k=50), context).hits] for name in ("semantic", "keyword")
    ]
    found = retrieve(query, recipe("hybrid", k=50, fusion=fusion, alpha=0.2, rrf_k=3), context).hits
    same(found, fuse(*lists, fusion, alpha=0.2, rrf_k=3))


def test_seconds_name_the_stages(context):
    assert set(retrieve("cat", recipe("semantic"), context).seconds) == {"embed", "semantic", "payloads"}
    assert set(retrieve("cat", recipe("keyword"), context).seconds) == {"keyword", "payloads"}
    found = retrieve("cat", recipe("hybrid"), context).seconds
    assert set(found) == {"embed", "semantic", "keyword", "fuse", "payloads"}
    assert all(value >= 0 for value in found.values())


def test_filter_narrows_every_list(context):
    narrow = replace(context, where={"document": ["notes.md", "cars.pdf"]})
    for name in ("semantic", "keyword", "hybrid"):
        found = retrieve("cat drive", recipe(name, k=50), narrow)
        assert {hit.document for hit in found.hits} <= {"notes.md", "cars.pdf"}
        assert found.hits


def test_k_depth_and_threshold(context):
    assert len(retrieve("cat", recipe("semantic", k=2), context).hits) == 2
    assert len(retrieve("cat", recipe("semantic", k=500, depth=1), context).hits) == 8
    shallow = rank("cat drive", recipe("hybrid", k=1, depth=1), context).candidates
    assert {place.rank for one in shallow for stage, place in one.scores.items() if stage != "fused"} == {1}
    everything = retrieve("cat", recipe("hybrid", k=50), context).hits
    least = everything[2].score - 1e-6
    assert [h.id for h in retrieve("cat", recipe("hybrid", k=50, threshold=least), context).hits] == [
        h.id for h in everything if h.score >= least
    ]


def test_questions_without_an_answer(context):
    assert retrieve("zebra", recipe("keyword"), context).hits == ()
    assert retrieve("the of", recipe("keyword"), context).hits == ()
    for name in ("semantic", "keyword", "hybrid"):
        assert retrieve("", recipe(name), context).hits == ()
        assert retrieve(" \n", recipe(name), context).hits == ()
    by_meaning = retrieve("zebra", recipe("hybrid"), context)
    assert len(by_meaning.hits) == 5
    assert all(hit.scores["keyword"] is None for hit in by_meaning.hits)


@pytest.mark.parametrize("name", ["semantic", "keyword", "hybrid"])
def test_an_empty_collection(empty, name):
    assert retrieve("cat", recipe(name), empty).hits == ()


def test_a_passage_removed_meanwhile_drops_out(context):
    ranking = rank("cat", recipe("hybrid"), context)
    context.keyword_index.delete({"document": ["cats.pdf"]})
    found = retrieve("cat", recipe("hybrid", k=50), context)
    assert len(ranking.candidates) == 8
    assert len(found.hits) == 5


def test_other_programs_nodes_have_sane_places(empty):
    id = str(uuid.uuid4())
    content = json.dumps({"text_resource": {"text": "A cat."}})
    empty.keyword_index.upsert([Point(id, embed("cat"), None, {"_node_content": content, "file_name": "x.txt"})])
    (hit,) = retrieve("cat", recipe("hybrid"), empty).hits
    assert (hit.document, hit.text, hit.start, hit.end) == ("x.txt", "A cat.", 0, 6)
    assert (hit.page, hit.page_label, hit.pages, hit.headings) == (1, "1", (1,), ())


def test_both_stores_retrieve_alike(tmp_path):
    found = []
    for store in (EdgeStore(tmp_path / "s", 256), ServerStore(QdrantClient(":memory:"), "c", 256)):
        context = RetrievalContext(store, KeywordIndex(store, {}), embed)
        context.keyword_index.upsert(list(passages()))
        hits = [retrieve(q, recipe("hybrid", k=50), context).hits for q in ("cat", "drive the car", "wheels engine")]
        found.append([[hit.id for hit in each] for each in hits])
        store.close()
    assert found[0] == found[1]


# the register -----------------------------------------------------------------------------------------


def test_parts_and_their_knobs():
    known = {part.name: part for part in registry.parts("retriever")}
    assert list(known) == ["hybrid", "semantic", "keyword", "mmr", "multi-query", "hyde", "auto-merging"]
    defaults = known["hybrid"].make_params().model_dump()
    assert defaults == {
        "k": 5, "depth": 100, "threshold": None, "merge_at": 0.5, "k1": 1.5, "b": 0.75, "language": "english",
        "fusion": "relative", "alpha": 0.5, "rrf_k": 60, "semantic_weight": 1.0, "keyword_weight": 1.0,
    }  # fmt: skip
    lists = {"k", "depth", "threshold", "merge_at"}
    assert set(known["semantic"].make_params().model_dump()) == lists
    assert set(known["keyword"].make_params().model_dump()) == {*lists, "k1", "b", "language"}
    assert all(issubclass(part.params, ListParams) and part.description for part in known.values())
    assert [part.name for part in registry.parts("reranker")] == [
        "none", "late-interaction", "llm-pointwise", "llm-listwise", "cross-encoder", "cross-encoder-onnx",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"alpha": 1.5}, {"fusion": "sum"}, {"language": "klingon"}, {"rrf": 3}, {"b": -1}]
)
def test_wrong_knobs_are_named(wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong))):
        choose("retriever", {"name": "hybrid", "params": wrong})


def test_listing_parts_imports_nothing_heavy():
    import subprocess
    import sys

    heavy = "numpy", "qdrant_edge", "qdrant_client", "llama_index", "onnxruntime"
    code = (
        "import sys; from pipelines import registry; registry.parts('retriever'); registry.parts('reranker');"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
