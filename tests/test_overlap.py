"""How alike two rankings are: hand-worked cases, and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.overlap import jaccard, rank_biased_overlap

lists = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)


def test_jaccard_by_hand():
    assert jaccard("abc", "bcd") == 2 / 4
    assert jaccard("", "") == 1
    assert jaccard("a", "") == 0


def test_rank_biased_overlap_by_hand():
    # Agreement 0/1, 2/2 at depths 1, 2: (1-p)/p · (0 + 1·p²) + (2/2)·p² with p = .5
    assert rank_biased_overlap("ab", "ba", 0.5) == pytest.approx(0.5 / 0.5 * 0.25 + 0.25)
    # One list shorter (s = 1, l = 2): seen 1·p + 1/2·p²; beyond 1·(2-1)/(1·2)·p²; rest (0/2 + 1)·p²
    assert rank_biased_overlap("a", "ab", 0.5) == pytest.approx(1.0 * (0.5 + 0.125 + 0.125) + 0.25)
    assert rank_biased_overlap("", "a") == 0


@given(lists, lists, st.floats(0.1, 0.95))
def test_laws(a, b, p):
    found = rank_biased_overlap(a, b, p)
    assert -1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(rank_biased_overlap(b, a, p))
    assert rank_biased_overlap(a, a, p) == pytest.approx(1)
    assert jaccard(a, b) == jaccard(b, a)
    if not set(a) & set(b) and (a or b):
        assert found == pytest.approx(0)


def test_the_first_ranks_count_most():
    assert rank_biased_overlap("abcde", "abxyz") > rank_biased_overlap("abcde", "xyzde")
