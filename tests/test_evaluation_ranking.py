"""Metrics worked by hand, laws they keep, and how sure their means are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.bootstrap import Interval, interval, paired
from pipelines.evaluation.ranking import all_metrics, average_precision, hit, mrr, ndcg, precision, recall

RANKING = ["a", "b", "c", "d", "e"]
JUDGED = {"b": 2, "e": 1, "z": 1, "a": 0, "c": -1}  # z was not found


def test_by_hand():
    """b at rank 2 with grade 2, e at rank 5 with grade 1; ideal: grades 2, 1, 1."""
    found = 2 / math.log2(3) + 1 / math.log2(6)
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(RANKING, JUDGED, 10) == pytest.approx(found / ideal)
    assert ndcg(RANKING, JUDGED, 4) == pytest.approx(2 / math.log2(3) / ideal)
    assert ndcg(RANKING, JUDGED, 2) == pytest.approx(2 / math.log2(3) / (2 + 1 / math.log2(3)))
    assert recall(RANKING, JUDGED, 10) == pytest.approx(2 / 3)
    assert recall(RANKING, JUDGED, 4) == pytest.approx(1 / 3)
    assert precision(RANKING, JUDGED, 5) == pytest.approx(2 / 5)
    assert precision(RANKING, JUDGED, 10) == pytest.approx(2 / 10)
    assert mrr(RANKING, JUDGED, 10) == 0.5
    assert mrr(RANKING, JUDGED, 1) == 0
    assert average_precision(RANKING, JUDGED) == pytest.approx((1 / 2 + 2 / 5) / 3)
    assert (hit(RANKING, JUDGED, 1), hit(RANKING, JUDGED, 2)) == (0.0, 1.0)


def test_nothing_found_and_nothing_relevant_are_zero():
    assert set(all_metrics([], JUDGED, 5).values()) == {0.0}
    assert set(all_metrics(RANKING, {}, 5).values()) == {0.0}
    assert set(all_metrics(RANKING, {"a": 0}, 5).values()) == {0.0}


def test_names():
    assert list(all_metrics(RANKING, JUDGED, 3)) == [
        "ndcg@10", "recall@10", "recall@100", "precision@3", "mrr@10", "map", "hit@3",
    ]  # fmt: skip


judgements = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1)


@given(st.permutations(list("abcdefgh")), judgements)
def test_zero_to_one_and_the_ideal_is_one(ranking, judged):
    assert all(0 <= value <= 1 + 1e-12 for value in all_metrics(ranking, judged, 5).values())
    if any(judged.values()):
        best = sorted(ranking, key=lambda id: -judged.get(id, 0))
        found = all_metrics(best, judged, 1)
        assert {name: round(value, 9) for name, value in found.items()} == dict.fromkeys(found, 1.0)


@given(st.permutations(list("abcdefgh")), judgements, st.integers(0, 6))
def test_moving_a_better_document_up_never_hurts(ranking, judged, place):
    better = list(ranking)
    if judged.get(better[place], 0) < judged.get(better[place + 1], 0):
        better[place], better[place + 1] = better[place + 1], better[place]
    before, after = all_metrics(ranking, judged, 5), all_metrics(better, judged, 5)
    assert all(after[name] >= before[name] - 1e-12 for name in before)


# certainty --------------------------------------------------------------------------------------------


def test_interval_holds_the_mean_and_repeats():
    values = [(n * 37 % 50) / 50 for n in range(50)]
    found = interval(values)
    assert found == interval(values)
    assert found != interval(values, seed=1)
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(sum(values) / 50)


def test_interval_is_near_the_normal_one():
    """200 draws of 0 or 1, half each: 1.96 · sqrt(.25 / 200) either side."""
    found = interval([0.0, 1.0] * 100)
    half = 1.96 * math.sqrt(0.25 / 200)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.01)


def test_interval_of_equal_values_is_a_point():
    assert vars(interval([0.25] * 7)) == {"mean": 0.25, "low": 0.25, "high": 0.25}
    with pytest.raises(ValueError, match="no values"):
        interval([])


def test_paired_is_surer_than_two_intervals_where_questions_differ_in_difficulty():
    hard_to_easy = [n / 100 for n in range(100)]
    better = [value + 0.02 + 0.01 * (n % 2) for n, value in enumerate(hard_to_easy)]
    found = paired(better, hard_to_easy)
    assert found.mean == pytest.approx(0.025)
    assert not found.holds(0)
    assert interval(hard_to_easy).holds(interval(better).mean), "unpaired, the two could be the same"
    assert paired(hard_to_easy, better).high == pytest.approx(-found.low)


def test_a_difference_within_noise_holds_zero():
    assert paired([0.0, 1.0] * 10, [1.0, 0.0] * 10).holds()
    assert paired([0.5] * 5, [0.5] * 5) == Interval(0, 0, 0)
    assert Interval(0.2, 0.0, 0.4).holds()
    assert not Interval(0.2, 0.01, 0.4).holds()


def test_paired_needs_the_same_questions():
    with pytest.raises(ValueError, match="shorter"):
        paired([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="no values"):
        paired([], [])
