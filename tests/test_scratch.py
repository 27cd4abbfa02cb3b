"""Collections for comparison: what a slider did not change is not done again, and nothing is left behind."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from pipelines import Recipe, Settings
from pipelines.embedding.cache import VectorCache
from pipelines.errors import Cancelled
from pipelines.remembered import Remembered
from pipelines.scratch import Scratch, Work
from playground.lab.sheets import pasted_document

TEXT = "The shore crab bites. It lives under stones. " * 12 + "The ferry sails at seven. Fares are two crowns. " * 12


@pytest.fixture
def scratch(tmp_path):
    cache = VectorCache(tmp_path / "vectors.db")
    made = Scratch(Settings(data_dir=tmp_path, offline=True), cache)
    yield made
    made.close()
    cache.close()


def recipe(*knobs):
    return Recipe().set(knobs)


def test_the_same_cut_is_made_once(scratch):
    doc = pasted_document(TEXT)
    one = scratch.cut(doc, recipe("chunker.size=40"))
    assert scratch.cut(doc, recipe("chunker.size=40", "retriever.k=9")) is one
    assert scratch.cut(doc, recipe("chunker.size=48")) != one
    assert scratch.figures(doc, recipe("chunker.size=40")).chunks == len(one.chunks)


def test_a_document_is_tokenised_once(scratch, monkeypatch):
    doc, counted = pasted_document(TEXT), []
    ruler = scratch.embedder(Recipe()).ruler
    offsets = type(ruler).offsets
    monkeypatch.setattr(type(ruler), "offsets", lambda self, text: counted.append(text) or offsets(self, text))
    for size in (40, 48, 56):
        scratch.cut(doc, recipe(f"chunker.size={size}"))
    assert counted.count(doc.text) == 1


def test_it_finds_what_the_retriever_finds(scratch):
    doc = pasted_document(TEXT)
    for knobs in (["chunker=window"], ["chunker=hierarchical", "chunker.size=16"], ["retriever=keyword"]):
        found = scratch.search("When does the ferry sail?", recipe("retriever.k=2", *knobs), [doc])
        assert "ferry" in found.hits[0].text
        assert found.hits[0].text == TEXT[found.hits[0].start : found.hits[0].end]


def test_vectors_are_a_row_a_chunk(scratch):
    doc = pasted_document(TEXT)
    for knobs in (["chunker.size=40"], ["chunker=page"]):
        vectors = scratch.vectors(doc, recipe(*knobs))
        assert vectors.shape == (len(scratch.cut(doc, recipe(*knobs)).chunks), 384)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_a_stopped_cut_leaves_no_half_cut_and_goes_on(scratch):
    doc, flag, steps = pasted_document(TEXT), threading.Event(), []
    flag.set()
    with pytest.raises(Cancelled):
        scratch.cut(doc, recipe("chunker=semantic"), Work(steps.append, flag))
    made = scratch.cut(doc, recipe("chunker=semantic"), Work(steps.append, threading.Event()))
    assert made.chunks
    assert steps[-1].done == steps[-1].total


def test_old_collections_are_let_go_and_the_folder_with_the_scratch(scratch):
    doc = pasted_document(TEXT)
    for size in range(16, 16 + 8 * 15, 8):
        scratch.search("ferry", recipe("retriever=keyword", f"chunker.size={size}"), [doc])
    assert len(list(scratch._folder.iterdir())) <= 12
    scratch.close()
    assert not scratch._folder.exists()


def test_what_a_killed_process_left_is_removed(tmp_path):
    parent = tmp_path / "scratch"
    for name in ("999999999-dead", f"{os.getpid()}-mine", "a person's own"):
        (parent / name / "1").mkdir(parents=True)
    cache = VectorCache(tmp_path / "vectors.db")
    made = Scratch(Settings(data_dir=tmp_path), cache)
    assert {path.name for path in parent.iterdir()} == {f"{os.getpid()}-mine", "a person's own", made._folder.name}
    made.close()
    cache.close()


def test_several_threads_make_a_collection_once(scratch):
    doc, found = pasted_document(TEXT), []
    threads = [threading.Thread(target=lambda: found.append(scratch.context([doc], recipe()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1


def test_only_the_last_few_are_kept():
    kept, made = Remembered(2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get((key,), lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c", "b"]
