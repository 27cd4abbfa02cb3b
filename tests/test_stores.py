"""One contract, two stores: the same tests run on both, and both give the same hits."""

import subprocess
import sys
import textwrap
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from pipelines.errors import StoreError, StoreLocked, StoreUnreachable
from pipelines.settings import Settings
from pipelines.stores import collections, open_store, remove_collection
from pipelines.stores.base import Point, Scored, Sparse
from pipelines.stores.edge import EdgeStore
from pipelines.stores.server import ServerStore
from pipelines.stores.ties import cut

DIMENSIONS = 8


def name_of(number):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def point(number, dense=None, tokens=None, **payload):
    sparse = Sparse(tuple(tokens), tuple(tokens.values())) if tokens else None
    return Point(name_of(number), dense, sparse, {"doc_id": "d", **payload})


def unit(number):
    vector = np.random.default_rng(number).normal(size=DIMENSIONS)
    return (vector / np.linalg.norm(vector)).tolist()


@pytest.fixture
def edge(tmp_path):
    store = EdgeStore(tmp_path / "edge", DIMENSIONS)
    yield store
    store.close()


@pytest.fixture
def server():
    return ServerStore(QdrantClient(":memory:"), "chunks", DIMENSIONS)


@pytest.fixture(params=["edge", "server"])
def store(request):
    return request.getfixturevalue(request.param)


def ids(found):
    return [hit.id for hit in found]


# the contract -----------------------------------------------------------------------------------------


def test_a_new_store_is_empty_and_every_question_has_an_answer(store):
    assert store.count() == 0
    assert store.dense(unit(1), 5) == []
    assert store.sparse(Sparse((1,), (1.0,)), 5) == []
    assert store.payloads([name_of(1)]) == {}
    assert list(store.scroll()) == []
    store.delete({"doc_id": ["none"]})
    store.upsert([])
    store.set_sparse({})


def test_dense_is_cosine_best_first(store):
    east, north = [1.0] + [0.0] * 7, [0.0, 1.0] + [0.0] * 6
    between = [3.0, 3.0] + [0.0] * 6
    store.upsert([point(1, east), point(2, north), point(3, between)])
    found = store.dense([2.0, 0.2] + [0.0] * 6, 2)
    assert ids(found) == [name_of(1), name_of(3)]
    assert found[0].score == pytest.approx(2 / np.hypot(2, 0.2), abs=1e-6)
    assert found[1].score == pytest.approx(2.2 / np.hypot(2, 0.2) / np.sqrt(2), abs=1e-6)


def test_sparse_is_a_dot_product_with_idf(store):
    """N = 4, token 1 in one point, token 2 in three: ln(1 + 3.5/1.5) and ln(1 + 1.5/3.5)."""
    store.upsert(
        [
            point(1, unit(1), {1: 2.0, 2: 1.0}),
            point(2, unit(2), {2: 3.0}),
            point(3, unit(3), {2: 1.0, 9: 1.0}),
            point(4, unit(4), {9: 1.0}),
        ]
    )
    rare, common = np.log(1 + 3.5 / 1.5), np.log(1 + 1.5 / 3.5)
    found = store.sparse(Sparse((1, 2), (1.0, 1.0)), 10)
    assert ids(found) == [name_of(1), name_of(2), name_of(3)]  # the fourth shares no token
    assert [hit.score for hit in found] == pytest.approx([2 * rare + common, 3 * common, common], abs=1e-5)


def test_document_frequencies_forget_what_was_deleted_or_replaced(store):
    store.upsert(
        [point(n, unit(n), {1: 1.0} if n < 6 else {2: 1.0}, doc_id="new" if n < 2 else "old") for n in range(20)]
    )
    store.delete({"doc_id": ["new"]})
    (score,) = {round(hit.score, 5) for hit in store.sparse(Sparse((1,), (1.0,)), 50)}
    assert score == pytest.approx(np.log(1 + (18 - 4 + 0.5) / 4.5), abs=1e-4)
    store.upsert([point(n, unit(n), {2: 1.0}) for n in (2, 3)])
    (score,) = {round(hit.score, 5) for hit in store.sparse(Sparse((1,), (1.0,)), 50)}
    assert score == pytest.approx(np.log(1 + (18 - 2 + 0.5) / 2.5), abs=1e-4)
    store.set_sparse({name_of(4): Sparse((2,), (1.0,))})
    (hit,) = store.sparse(Sparse((1,), (1.0,)), 50)
    assert hit.score == pytest.approx(np.log(1 + (18 - 1 + 0.5) / 1.5), abs=1e-4)


def test_points_may_lack_either_vector(store):
    store.upsert([point(1, unit(1)), point(2, None, {1: 1.0}), Point(name_of(3), unit(3), Sparse((), ()), {})])
    assert set(ids(store.dense(unit(1), 9))) == {name_of(1), name_of(3)}
    assert ids(store.sparse(Sparse((1,), (1.0,)), 9)) == [name_of(2)]
    assert store.count() == 3
    assert store.sparse(Sparse((), ()), 9) == []


def test_same_id_replaces(store):
    store.upsert([point(1, unit(1), page=1)])
    store.upsert([point(1, unit(2), page=2)])
    assert store.count() == 1
    assert store.payloads([name_of(1)])[name_of(1)]["page"] == 2
    assert store.dense(unit(2), 1)[0].score == pytest.approx(1, abs=1e-6)


def test_filters(store):
    store.upsert([point(n, unit(n), {1: 1.0}, doc_id=f"d{n % 3}", page=n % 2) for n in range(12)])
    for where, expected in [
        ({"doc_id": ["d1"]}, {1, 4, 7, 10}),
        ({"doc_id": ["d1", "d2"], "page": [0]}, {2, 4, 8, 10}),
        ({"page": [0, "no number"]}, {0, 2, 4, 6, 8, 10}),
        ({"doc_id": ["unknown"]}, set()),
        ({"doc_id": []}, set()),
        ({}, set(range(12))),
    ]:
        names = {name_of(n) for n in expected}
        assert set(ids(store.dense(unit(1), 50, where))) == names, where
        assert set(ids(store.sparse(Sparse((1,), (1.0,)), 50, where))) == names, where
        assert {p.id for p in store.scroll(where)} == names, where
        assert store.count(where) == len(names), where
    store.delete({"doc_id": ["d1"], "page": [1]})
    assert store.count() == 10


def test_payloads_come_back_as_they_were(store):
    hostile = {
        "text": "<script>alert(1)</script> ✓ \u202e",
        "pages": [1, 2],
        "headings": [],
        "none": None,
        "x": {"y": 1.5},
    }
    store.upsert([point(1, unit(1), **hostile)])
    unknown = name_of(99)
    assert store.payloads([unknown, name_of(1)]) == {name_of(1): {"doc_id": "d", **hostile}}


def test_scroll_walks_in_order_of_id_and_picks_fields(store):
    store.upsert([point(n, unit(n), page=n) for n in range(2500)])
    found = list(store.scroll(fields=["page"]))
    assert [p.id for p in found] == sorted(name_of(n) for n in range(2500))
    assert all(set(p.payload) == {"page"} for p in found)
    assert found[0].dense is None


def test_set_sparse_replaces_known_and_leaves_out_unknown(store):
    store.upsert([point(1, unit(1), {1: 1.0}), point(2, unit(2), {1: 1.0})])
    store.set_sparse({name_of(1): Sparse((7,), (1.0,)), name_of(2): Sparse((), ()), name_of(99): Sparse((7,), (1.0,))})
    assert ids(store.sparse(Sparse((7,), (1.0,)), 9)) == [name_of(1)]
    assert store.sparse(Sparse((1,), (1.0,)), 9) == []
    assert store.count() == 2
    assert ids(store.dense(unit(1), 1)) == [name_of(1)]


def test_ties_are_in_order_of_id_wherever_the_limit_cuts(store):
    """90 equal passages around one better and one worse."""
    store.upsert([point(n, unit(0), {1: 1.0}) for n in range(90)])
    store.upsert([point(100, unit(5), {1: 2.0}), point(101, unit(6), {1: 0.5})])
    tied = sorted(name_of(n) for n in range(90))
    for limit in (1, 2, 17, 45, 91, 200):
        assert ids(store.sparse(Sparse((1,), (1.0,)), limit)) == [name_of(100), *tied, name_of(101)][:limit]
        assert ids(store.dense(unit(0), limit))[:90] == tied[:limit]
    assert store.dense(unit(0), 0) == []


def test_wrong_lengths_and_ids_are_refused(store):
    with pytest.raises(StoreError, match="vectors of 8 numbers, this one has 7"):
        store.dense([1.0] * 7, 3)
    with pytest.raises(StoreError, match="vectors of 8 numbers"):
        store.upsert([point(1, [1.0] * 9)])
    with pytest.raises(StoreError, match="'chunk-1' cannot be the id"):
        store.upsert([Point("chunk-1", unit(1), None, {})])
    assert store.count() == 0


def test_searching_while_writing(store):
    store.upsert([point(n, unit(n), {1: 1.0}) for n in range(50)])

    def write():
        for start in range(50, 150, 10):
            store.upsert([point(n, unit(n), {1: 1.0}) for n in range(start, start + 10)])

    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(write)
        searches = [pool.submit(store.dense, unit(n), 10) for n in range(60)]
        assert all(len(search.result()) == 10 for search in searches)
        writing.result()
    assert store.count() == 150


# both alike -------------------------------------------------------------------------------------------


def test_both_stores_give_the_same_hits_in_the_same_order(edge, server):
    """Random vectors with repeats (a header on every page), short texts over few words: many ties."""
    rng = np.random.default_rng(3)
    points = []
    for n in range(400):
        tokens = {int(t): float(w) for t, w in zip(rng.integers(0, 30, 4), rng.integers(1, 4, 4), strict=True)}
        points.append(point(n, unit(n % 150), tokens, doc_id=f"d{n % 5}"))
    for store in (edge, server):
        store.upsert(points)
        store.delete({"doc_id": ["d4"]})
    for n in range(40):
        where = {"doc_id": ["d1", "d2"]} if n % 2 else None
        question = Sparse(tuple(int(t) for t in rng.choice(30, 3, replace=False)), (1.0,) * 3)
        pairs = [
            (edge.dense(unit(1000 + n), 20, where), server.dense(unit(1000 + n), 20, where)),
            (edge.sparse(question, 20, where), server.sparse(question, 20, where)),
        ]
        for left, right in pairs:
            assert ids(left) == ids(right)
            assert [h.score for h in left] == pytest.approx([h.score for h in right], abs=1e-5)


def test_dense_search_misses_nothing(edge):
    vectors = np.random.default_rng(0).normal(size=(3000, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    edge.upsert([point(n, vector.tolist()) for n, vector in enumerate(vectors)])
    for query in vectors[:20]:
        nearest = np.argsort(-(vectors @ query))[:50]
        assert ids(edge.dense(query.tolist(), 50)) == [name_of(n) for n in nearest]


# ties, alone ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 6), max_size=120), st.integers(1, 60), st.randoms())
def test_cut_is_sorting_all_and_taking_the_first(scores, limit, random):
    everything = [Scored(f"{n:03}", float(score)) for n, score in enumerate(scores)]

    def fetch(wanted):
        shuffled = random.sample(everything, len(everything))
        return sorted(shuffled, key=lambda hit: -hit.score)[:wanted]

    assert cut(fetch, limit) == sorted(everything, key=lambda hit: (-hit.score, hit.id))[:limit]


def test_rounding_noise_is_a_tie_and_a_difference_is_not():
    noisy = [Scored("b", 0.50000004), Scored("a", 0.5), Scored("c", 0.49999)]
    assert cut(lambda wanted: noisy, 3) == [Scored("a", 0.50000004), Scored("b", 0.50000004), Scored("c", 0.49999)]


# in process -------------------------------------------------------------------------------------------


def test_reopening_finds_everything_and_other_lengths_are_refused(tmp_path):
    first = EdgeStore(tmp_path / "s", DIMENSIONS)
    first.upsert([point(1, unit(1), {1: 1.0})])
    with pytest.raises(StoreLocked, match="in use") as locked:
        EdgeStore(tmp_path / "s", DIMENSIONS)
    assert "--data-dir" in locked.value.fix
    first.close()
    again = EdgeStore(tmp_path / "s", DIMENSIONS)
    assert ids(again.dense(unit(1), 1)) == ids(again.sparse(Sparse((1,), (1.0,)), 1)) == [name_of(1)]
    again.close()
    with pytest.raises(StoreError, match="closed"):
        again.count()
    with pytest.raises(StoreError, match="does not hold vectors of 9"):
        EdgeStore(tmp_path / "s", 9)


def test_what_was_written_survives_a_kill(tmp_path):
    script = f"""
        import os, signal, uuid
        from pathlib import Path
        from pipelines.stores.base import Point
        from pipelines.stores.edge import EdgeStore
        store = EdgeStore(Path({str(tmp_path / "s")!r}), 2)
        store.upsert([Point(str(uuid.UUID(int=n + 1)), [1.0, n], None, {{}}) for n in range(10)])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    store = EdgeStore(tmp_path / "s", 2)
    assert store.count() == 10
    store.close()


def test_damaged_files_are_a_message(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "edge_config.json").write_text("not json")
    with pytest.raises(StoreError, match="index again"):
        EdgeStore(tmp_path / "s", DIMENSIONS)


# a server ---------------------------------------------------------------------------------------------


def test_nobody_at_the_address_says_which_and_what_to_do(tmp_path):
    settings = Settings(data_dir=tmp_path, qdrant_url="http://127.0.0.1:9")
    for ask in (
        lambda: open_store(settings, "chunks", 3),
        lambda: collections(settings),
        lambda: remove_collection(settings, "chunks"),
    ):
        with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9") as error:
            ask()
        assert "PLAYGROUND_QDRANT_URL" in error.value.fix


def test_a_refused_key_and_a_failing_server_say_so(tmp_path):
    with answering(403, b"Invalid API key") as url, pytest.raises(StoreError, match="refused the key") as error:
        collections(Settings(data_dir=tmp_path, qdrant_url=url))
    assert "PLAYGROUND_QDRANT_API_KEY" in error.value.fix
    with (
        answering(500, b'{"status": {"error": "disk is full"}}') as url,
        pytest.raises(StoreError, match=r"answered 500: disk is full"),
    ):
        open_store(Settings(data_dir=tmp_path, qdrant_url=url), "chunks", 3)


@contextmanager
def answering(status, body):
    """A server on loopback that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            return

    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def test_collections_of_others_are_not_taken_over():
    from qdrant_client import models

    client = QdrantClient(":memory:")
    client.create_collection("theirs", models.VectorParams(size=3, distance=models.Distance.COSINE))
    with pytest.raises(StoreError, match="another program"):
        ServerStore(client, "theirs", 3)
    ServerStore(client, "ours", 3)
    ServerStore(client, "ours", 3)
    with pytest.raises(StoreError, match="vectors of 3 numbers, not 4"):
        ServerStore(client, "ours", 4)


def test_a_collection_made_by_another_program_meanwhile_is_used(monkeypatch):
    client = QdrantClient(":memory:")
    ServerStore(client, "chunks", 3).upsert([Point(name_of(1), [1, 0, 0], None, {})])
    seen = iter([False, True])
    monkeypatch.setattr(client, "collection_exists", lambda name: next(seen))
    assert ServerStore(client, "chunks", 3).count() == 1


# the folder -------------------------------------------------------------------------------------------


def test_opening_listing_and_removing(tmp_path):
    settings = Settings(data_dir=tmp_path)
    assert collections(settings) == []
    store = open_store(settings, "a.b-1", 3)
    store.upsert([Point(name_of(1), [1, 0, 0], None, {})])
    store.close()
    assert collections(settings) == ["a.b-1"]
    remove_collection(settings, "a.b-1")
    remove_collection(settings, "a.b-1")
    assert collections(settings) == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "..", "a b", "é"])
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(StoreError, match="cannot be the name"):
        open_store(Settings(data_dir=tmp_path), name, 3)
