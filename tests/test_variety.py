"""How much texts of one setting differ: by hand, and by the laws."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.base import Stats
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import EngineFailed
from pipelines.evaluation.variety import (
    SameSeed,
    cosine,
    distinct_n,
    edit_similarity,
    same_seed,
    variety,
    variety_of,
    words_of,
)
from pipelines.samples import Sample

TEXTS = st.lists(st.text("ab c.\n", max_size=12), min_size=1, max_size=6)


def test_words_are_letters_and_digits_with_apostrophes_inside():
    assert words_of("Don't — stop 3 'Otters'… L’eau!") == ["don't", "stop", "3", "otters", "l’eau"]
    assert words_of("?!") == []


def test_distinct_n_by_hand():
    texts = [["the", "cat", "sat"], ["the", "cat", "ran"]]
    assert distinct_n(texts, 1) == pytest.approx(4 / 6)
    assert distinct_n(texts, 2) == pytest.approx(3 / 6)  # the cat, cat sat, cat ran; none over the border
    assert distinct_n([[], []], 1) is None


def test_edit_similarity_by_hand():
    # kitten/sitting: 3 of 7; kitten/kitten: 0; twice the first
    assert edit_similarity(["kitten", "sitting", "kitten"]) == pytest.approx((4 / 7 + 1 + 4 / 7) / 3)
    assert edit_similarity(["abc", ""]) == 0
    assert edit_similarity(["alone"]) is None


def test_long_texts_are_compared_letter_by_letter():
    texts = ["otter " * 300, "otter " * 299 + "urchin"]
    assert edit_similarity(texts) > 0.99  # where difflib, which calls frequent letters junk, would err


def test_cosine_by_hand():
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    assert cosine(vectors) == pytest.approx((0 + -1 + 0) / 3)
    assert cosine(vectors[:1]) is None


def test_a_whole_setting_by_hand():
    found = variety(
        ["Yes.", "No.", "Yes.", "Yes."],
        finishes=["stop", "stop", "length", "stop"],
        tokens=[2, 2, 4, 2],
        seeds=[1, 2, 1, None],
        vectors=np.eye(4, dtype=np.float32),
        failed=1,
    )
    assert (found.samples, found.distinct, found.agreement, found.failed) == (4, 2, 0.75, 1)
    assert (found.distinct_1, found.distinct_2) == (0.5, 0)
    assert found.cosine == 0
    assert (found.length.mean, found.length.least, found.length.most) == (2.5, 2, 4)
    assert found.finish == {"length": 1, "stop": 3}
    assert found.same_seed == SameSeed(pairs=1, equal=1)
    told = found.to_json()
    assert told["length"] == {"mean": 2.5, "least": 2, "most": 4}
    assert json.loads(json.dumps(told)) == told


def test_the_same_seed_with_another_text_is_counted():
    assert same_seed([(1, "a"), (1, "a"), (1, "b"), (2, "c"), (2, "c"), (3, "d")]) == SameSeed(pairs=4, equal=2)
    assert same_seed([(1, "a"), (2, "a"), (None, "a"), (None, "b")]) is None


def test_failed_and_stopped_samples_are_counted_and_not_measured():
    one = Sample(SamplingParams(seed=1), "builtin", "1", "m", "Kelp", state="done", finish="stop")
    done = [one, Sample(one.params, "builtin", "1", "m", "Kelp", state="done", finish="stop", stats=Stats())]
    broken = Sample(one.params, "builtin", "1", "m", "Ke", state="failed", error=EngineFailed("It broke."))
    stopped = Sample(one.params, "builtin", "1", "m", "K", state="stopped", finish="cancelled")
    found = variety_of([*done, broken, stopped])
    assert (found.samples, found.distinct, found.failed) == (2, 1, 2)
    assert found.finish == {"stop": 2}
    assert found.length is None
    nothing = variety_of([broken])
    assert (nothing.samples, nothing.agreement, nothing.distinct_1, nothing.edit_similarity) == (0, None, None, None)


def test_one_text_has_no_pairs():
    found = variety(["Kelp grows."], vectors=np.ones((1, 1), dtype=np.float32))
    assert (found.distinct, found.agreement, found.distinct_1) == (1, 1, 1)
    assert found.edit_similarity is None
    assert found.cosine is None


@given(TEXTS, st.randoms())
def test_the_order_of_samples_does_not_matter(texts, random):
    rows = list(zip(texts, range(len(texts)), strict=True))
    random.shuffle(rows)
    shuffled = variety([text for text, _ in rows], tokens=[n for _, n in rows])
    assert variety(texts, tokens=list(range(len(texts)))) == shuffled


@given(st.text("ab c.\n", max_size=12), st.integers(2, 6))
def test_equal_texts_agree_in_everything(text, count):
    found = variety([text] * count, vectors=np.tile(np.float32([[0.6, 0.8]]), (count, 1)))
    assert (found.distinct, found.agreement, found.edit_similarity) == (1, 1, 1)
    assert found.cosine == pytest.approx(1)


@given(TEXTS)
def test_every_measure_stays_in_its_bounds(texts):
    found = variety(texts)
    assert 1 <= found.distinct <= found.samples == len(texts)
    assert 1 / len(texts) <= found.agreement <= 1
    for value in (found.distinct_1, found.distinct_2, found.edit_similarity):
        assert value is None or 0 <= value <= 1
    if found.distinct_1 is not None:
        assert found.distinct_1 > 0


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda v: np.linalg.norm(v) > 0.1),
                min_size=2, max_size=5))  # fmt: skip
def test_mean_cosine_is_that_of_the_pairs(rows):
    vectors = np.array([np.array(row) / np.linalg.norm(row) for row in rows])
    pairs = [float(a @ b) for n, a in enumerate(vectors) for b in vectors[:n]]
    assert cosine(vectors) == pytest.approx(sum(pairs) / len(pairs), abs=1e-9)
