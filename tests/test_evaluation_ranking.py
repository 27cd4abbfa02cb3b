"""Metrics worked by hand, laws they keep, the same numbers as trec_eval, and how sure their means are."""

import math
import random

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.beir_files import write_run
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


# trec_eval --------------------------------------------------------------------------------------------

#: Our names without their cut -> trec_eval's.
THEIRS = {
    "ndcg@10": "ndcg_cut_10",
    "recall@10": "recall_10",
    "recall@100": "recall_100",
    "precision@5": "P_5",
    "hit@5": "success_5",
    "map": "map",
}


def of_trec_eval(qrels, run):
    """Its metrics under our names; mrr@10 is its recip_rank of the ten best."""
    found = pytrec_eval.RelevanceEvaluator(qrels, set(THEIRS.values())).evaluate(run)
    seen = {query: sorted(scores, key=lambda id: (scores[id], id), reverse=True)[:10] for query, scores in run.items()}
    best = {query: {id: float(-rank) for rank, id in enumerate(ids)} for query, ids in seen.items()}
    ranks = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(best)
    ours = {query: {name: one[theirs] for name, theirs in THEIRS.items()} for query, one in found.items()}
    return {query: {**one, "mrr@10": ranks[query]["recip_rank"]} for query, one in ours.items()}


def judged_run(seed):
    """Graded judgements (some queries without any relevant document) and rankings with ties, some of no query's."""
    draw = random.Random(seed)
    documents = [f"d{n}" for n in range(draw.choice([3, 12, 150]))]
    qrels, run = {}, {}
    for query in (f"q{n}" for n in range(4)):
        judged = draw.sample(documents, draw.randint(1, min(20, len(documents))))
        qrels[query] = {id: draw.choice([-1, 0, 0, 1, 1, 2, 3]) for id in judged}
        if draw.random() < 0.85:
            found = draw.sample(documents, draw.randint(0, len(documents)))
            run[query] = {id: draw.choice([0.5, 0.25, 0.125, draw.random()]) for id in found}
    return qrels, run


@pytest.mark.parametrize("seed", range(250))
def test_the_same_numbers_as_trec_eval(seed):
    qrels, run = judged_run(seed)
    theirs = of_trec_eval(qrels, run)
    assert set(theirs) == set(run)
    for query, scores in run.items():
        ranking = sorted(scores, key=lambda id: (scores[id], id), reverse=True)  # trec_eval's order
        assert all_metrics(ranking, qrels[query], 5) == pytest.approx(theirs[query], abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_file_is_read_by_trec_eval_in_the_order_it_was_written(seed, tmp_path):
    """Ties of ours are in the order of their lists, not of their names; some scores differ by less than 32 bits."""
    qrels, run = judged_run(seed)
    draw = random.Random(seed)
    rankings = {}
    for query, scores in run.items():
        ids = draw.sample(sorted(scores), len(scores))
        big = draw.choice([1.0, 1.0, 1e4])
        rankings[query] = [(id, big * scores[id] - 1e-9 * n) for n, id in enumerate(ids)]
        rankings[query].sort(key=lambda one: round(one[1], 6), reverse=True)
    write_run(tmp_path / "run.txt", rankings, "tag")
    with (tmp_path / "run.txt").open() as file:
        read = pytrec_eval.parse_run(file)
    theirs = of_trec_eval(qrels, read)
    for query in read:
        ids = [id for id, _ in rankings[query]]
        assert all_metrics(ids, qrels[query], 5) == pytest.approx(theirs[query], abs=1e-12)
    assert set(read) == {query for query, ranking in rankings.items() if ranking}


def test_scores_of_a_run_file_change_only_where_they_tie(tmp_path):
    scores = [12.5, 3.0, 3.0, 3.0, 0.1, 0.0, 0.0, -1e-6]
    write_run(tmp_path / "run.txt", {"q": [(f"d{n}", score) for n, score in enumerate(scores)]}, "tag")
    written = [float(line.split()[4]) for line in (tmp_path / "run.txt").read_text().splitlines()]
    assert written == sorted(set(written), reverse=True)
    assert written == pytest.approx(scores, abs=1e-6)
    assert written[:2] == [12.5, 3.0]


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
