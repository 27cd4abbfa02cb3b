"""Whether two recipes differ: the randomisation test and Holm's adjustment, by hand and by their laws."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from pipelines.evaluation.bootstrap import holm, randomisation

NONE = [0.0] * 40


def test_all_swaps_by_hand():
    assert randomisation([1, 1, 1], NONE[:3]) == 2 / 8, "only none and all swapped are as large"
    assert randomisation([3, 1, -1], NONE[:3]) == 6 / 8, "sums: 3 is seen; ±5, ±3 and ±3 are as large, ±1 is not"
    assert randomisation([1, 2, 0, 0], NONE[:4]) == 2 / 4, "equal values do not count"
    assert randomisation([0.5], [0.25]) == 1


def test_alike_is_one_and_rounding_is_no_difference():
    assert randomisation([0.3, 0.7], [0.3, 0.7]) == 1
    assert randomisation([0.1 + 0.2, 0.3, 0.3], [0.0, 0.0, 0.0]) == 2 / 8


def test_drawn_swaps_are_near_the_exact_share_repeat_and_are_never_zero():
    draw = random.Random(1)
    values = [draw.gauss(0.4, 1) for _ in range(12)]
    exact = randomisation(values, NONE[:12])
    drawn = randomisation(values, NONE[:12], samples=4000)
    assert exact != drawn == randomisation(values, NONE[:12], samples=4000)
    assert drawn == pytest.approx(exact, abs=0.03)
    assert 0 < randomisation([1.0] * 40, NONE) < 0.001


def test_the_same_as_scipy():
    draw = random.Random(2)
    a, b = ([draw.random() for _ in range(9)] for _ in range(2))
    theirs = permutation_test(
        (a, b), lambda x, y, axis: (x - y).mean(axis=axis), permutation_type="samples", vectorized=True
    )
    assert randomisation(a, b) == pytest.approx(theirs.pvalue)


def test_other_questions_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        randomisation([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="no values"):
        randomisation([], [])


scores = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10)


@given(scores, st.randoms())
def test_neither_side_nor_order_matters(pairs, draw):
    a, b = ([float(one[side]) for one in pairs] for side in (0, 1))
    found = randomisation(a, b)
    assert 2 / 2 ** len(pairs) <= found <= 1
    assert randomisation(b, a) == found
    mixed = draw.sample(pairs, len(pairs))
    assert randomisation([float(x) for x, _ in mixed], [float(y) for _, y in mixed]) == found


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_and_keeps_the_order(p_values):
    found = holm(p_values)
    assert all(p <= one <= 1 for p, one in zip(p_values, found, strict=True))
    assert all(one <= min(1, len(p_values) * p) for p, one in zip(p_values, found, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [found[at] for at in order] == sorted(found)
