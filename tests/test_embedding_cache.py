"""The vector cache: nothing twice, nothing wrong, nothing lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

from pipelines.embedding import cache as cache_module
from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.embedding.cache import BATCH, VectorCache, embed_cached, key
from pipelines.errors import Cancelled, EngineRefused, StoreError

MODEL = BuiltinEmbedder(threads=2)


class Counting:
    """The built-in model, remembering what it was asked."""

    def __init__(self):
        self.asked = []
        self.id, self.label, self.dimensions, self.window, self.ruler = (
            getattr(MODEL, name) for name in ("id", "label", "dimensions", "window", "ruler")
        )

    def embed(self, texts, kind="document", on_progress=None):
        self.asked += texts
        return MODEL.embed(texts, kind, on_progress)


@pytest.fixture
def cache(tmp_path):
    made = VectorCache(tmp_path / "deep" / "vectors.db")
    yield made
    made.close()


def unit(*values):
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def words(count, start=0):
    return [f"word {n}" for n in range(start, start + count)]


def test_keys_tell_everything_apart():
    keys = {
        key("m", "document", "t"),
        key("m", "query", "t"),
        key("n", "document", "t"),
        key("m", "document", "t "),
        key("m", "document", "\ud800"),
    }
    assert len(keys) == 5


def test_put_and_get(cache):
    a, b = unit(1, 2, 3), unit(-1, 0, 5)
    cache.put_many({b"a": a, b"b": b})
    found = cache.get_many([b"a", b"b", b"c"], 3)
    assert set(found) == {b"a", b"b"}
    assert np.array_equal(found[b"a"], a)
    cache.close()
    assert np.array_equal(cache.get_many([b"b"], 3)[b"b"], b)  # opens again


def test_more_rows_than_sqlite_takes_variables(cache):
    many = {n.to_bytes(4, "big"): unit(n, 1) for n in range(3_000)}
    cache.put_many(many)
    assert len(cache.get_many(list(many), 2)) == 3_000


def test_each_text_once_and_never_again(cache):
    model, texts = Counting(), ["a", "b", "a", "c", "b", "a"]
    first = embed_cached(model, texts, cache)
    assert model.asked == ["a", "b", "c"]
    assert np.array_equal(first, MODEL.embed(texts))
    assert np.array_equal(embed_cached(model, [*texts, "d"], cache)[:6], first)
    assert model.asked == ["a", "b", "c", "d"]


def test_questions_are_kept_apart(cache):
    model = Counting()
    embed_cached(model, ["a"], cache)
    embed_cached(model, ["a"], cache, "query")
    assert model.asked == ["a", "a"]


def test_nothing(cache):
    assert embed_cached(MODEL, [], cache).shape == (0, 384)


def test_progress_counts_what_was_there(cache):
    embed_cached(MODEL, words(5), cache)
    seen = []
    embed_cached(MODEL, words(8) + words(5), cache, on_progress=seen.append)
    assert seen[0] == 10
    assert seen[-1] == 13
    assert seen == sorted(seen)


def test_cancel_keeps_finished_batches(cache):
    stop, model = threading.Event(), Counting()

    def watch(done):
        if done > BATCH:
            stop.set()

    with pytest.raises(Cancelled):
        embed_cached(model, words(3 * BATCH), cache, on_progress=watch, cancel=stop)
    model.asked.clear()
    embed_cached(model, words(3 * BATCH), cache)
    assert model.asked == words(2 * BATCH, BATCH)


def test_a_refused_text_keeps_finished_batches(cache):
    with pytest.raises(EngineRefused):
        embed_cached(MODEL, [*words(BATCH), "word " * 300], cache)
    model = Counting()
    embed_cached(model, words(BATCH), cache)
    assert not model.asked


_RUN = """
import sys
from pathlib import Path
from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.embedding.cache import VectorCache, embed_cached
embed_cached(BuiltinEmbedder(1), [f"word {n}" for n in range(5000)], VectorCache(Path(sys.argv[1])),
             on_progress=lambda done: print(done, flush=True))
"""


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "vectors.db"
    run = subprocess.Popen([sys.executable, "-c", _RUN, path], stdout=subprocess.PIPE, text=True)
    reached = 0
    for line in run.stdout:
        reached = int(line)
        if reached > 2 * BATCH + 5:
            run.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            break
    run.stdout.close()
    run.wait()
    assert reached > 2 * BATCH
    model, cache = Counting(), VectorCache(path)
    embed_cached(model, words(2 * BATCH), cache)
    assert not model.asked
    cache.close()


def test_rows_that_do_not_fit_are_made_again(cache, tmp_path):
    texts = ["a", "b", "c", "d"]
    right = embed_cached(MODEL, texts, cache)
    cache.close()
    with sqlite3.connect(tmp_path / "deep" / "vectors.db") as db:
        for text, blob in {
            "a": b"\0" * 384 * 4,  # no direction
            "b": np.ones(3, "<f4").tobytes(),  # another length
            "c": np.full(384, np.nan, "<f4").tobytes(),
        }.items():
            db.execute("UPDATE vectors SET vector = ? WHERE key = ?", (blob, key(MODEL.id, "document", text)))
        db.execute("UPDATE vectors SET vector = 'text' WHERE key = ?", (key(MODEL.id, "document", "d"),))
    db.close()
    model = Counting()
    assert np.array_equal(embed_cached(model, texts, cache), right)
    assert model.asked == texts
    model.asked.clear()
    embed_cached(model, texts, cache)
    assert not model.asked


@pytest.mark.parametrize("damage", [lambda data: b"not a database" * 500, lambda data: data[:100] + b"\xff" * 20_000])
def test_a_damaged_file_is_replaced_with_a_warning(tmp_path, caplog, damage):
    path = tmp_path / "vectors.db"
    cache = VectorCache(path)
    embed_cached(MODEL, words(3), cache)
    cache.close()
    path.write_bytes(damage(path.read_bytes()))
    cache = VectorCache(path)
    model = Counting()
    embed_cached(model, words(3), cache)
    assert model.asked == words(3)
    assert str(path) in caplog.text
    assert "damaged" in caplog.text
    assert len(cache.get_many([key(MODEL.id, "document", w) for w in words(3)], 384)) == 3
    cache.close()


def test_a_place_that_cannot_hold_a_file(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="vector cache"):
        VectorCache(tmp_path / "file" / "vectors.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError, match="vector cache"):
        VectorCache(tmp_path / "folder.db")


def test_the_least_recently_used_go_first(tmp_path):
    now = [0.0]
    cache = VectorCache(tmp_path / "vectors.db", cap_bytes=400_000, clock=lambda: now[0])
    old = [b"old%d" % n for n in range(150)]
    kept = [b"kept%d" % n for n in range(20)]
    vector = unit(*range(1, 385))
    cache.put_many(dict.fromkeys([*old, *kept], vector))
    now[0] += 10 * cache_module._USED_GRAIN_S
    cache.get_many(kept, 384)
    now[0] += 1
    new = [b"new%d" % n for n in range(100)]
    cache.put_many(dict.fromkeys(new, vector))
    assert len(cache.get_many(kept, 384)) == 20
    assert len(cache.get_many(new, 384)) == 100
    assert 0 < len(cache.get_many(old, 384)) < 150
    cache.put_many({b"more%d" % n: vector for n in range(5_000)})
    cache.close()
    assert (tmp_path / "vectors.db").stat().st_size < 2_000_000


def test_threads_share_one_cache(cache):
    def work(start):
        embed_cached(MODEL, words(10, start), cache)

    threads = [threading.Thread(target=work, args=(n * 5,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache.get_many([key(MODEL.id, "document", w) for w in words(25)], 384)) == 25
