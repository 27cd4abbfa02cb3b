"""Metrics of spans: worked by hand, and against sets of characters."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation import spans
from pipelines.evaluation.spans import hit_at_k, iou, precision, precision_omega, recall, recall_at_budget

QUOTE = [(100, 200)]


# --- worked by hand


def test_a_quote_half_found():
    found = [("a", 50, 150)]
    assert recall(found, "a", QUOTE) == 0.5
    assert precision(found, "a", QUOTE) == 0.5
    assert iou(found, "a", QUOTE) == 50 / (100 + 50)
    assert hit_at_k(found, "a", QUOTE) == 1.0


def test_other_documents_are_paid_and_find_nothing():
    found = [("b", 100, 200), ("a", 100, 200)]
    assert recall(found, "a", QUOTE) == 1.0
    assert precision(found, "a", QUOTE) == 0.5
    assert iou(found, "a", QUOTE) == 0.5
    assert hit_at_k(found[:1], "a", QUOTE) == 0.0


def test_overlap_is_paid_twice_and_counts_once():
    found = [("a", 100, 200), ("a", 150, 250)]
    assert recall(found, "a", QUOTE) == 1.0
    assert precision(found, "a", QUOTE) == iou(found, "a", QUOTE) == 0.5


def test_quotes_that_overlap_are_one_set_of_characters():
    assert recall([("a", 0, 15)], "a", [(0, 20), (10, 30)]) == 0.5


def test_touching_is_no_hit():
    assert hit_at_k([("a", 0, 100), ("a", 200, 300)], "a", QUOTE) == 0.0


def test_nothing_retrieved_is_zero():
    for metric in (recall, precision, iou, hit_at_k):
        assert metric([], "a", QUOTE) == 0.0
    assert recall_at_budget([], "a", QUOTE, 1000) == 0.0
    assert precision_omega([], QUOTE) == 0.0


def chunks(*ranges):
    """Chunks that are read as they are searched."""
    return [(one, one) for one in ranges]


def test_omega_is_the_precision_of_the_chunks_that_hold_the_quote():
    assert precision_omega(chunks((0, 150), (150, 300), (400, 500)), QUOTE) == 100 / 300


def test_omega_counts_a_chunk_that_only_touches():
    assert precision_omega(chunks((0, 100), (100, 200), (200, 300)), QUOTE) == 100 / 300
    assert precision_omega(chunks((0, 99), (100, 200), (201, 300)), QUOTE) == 1.0


def test_omega_pays_overlap_once_and_misses_what_no_chunk_holds():
    assert precision_omega(chunks((80, 140), (120, 160)), QUOTE) == 60 / (80 + 40)


def test_omega_pays_what_is_read_where_what_is_searched_touches():
    assert precision_omega([((100, 120), (0, 400)), ((300, 320), (200, 600))], QUOTE) == 100 / 400


def test_the_passage_that_crosses_the_budget_is_cut():
    found = [("b", 0, 60), ("a", 100, 200), ("a", 0, 1000)]
    assert recall_at_budget(found, "a", QUOTE, 100) == 0.4
    assert recall_at_budget(found, "a", QUOTE, 60) == 0.0
    assert recall_at_budget(found, "a", QUOTE, 10_000) == 1.0


def test_a_repeat_uses_up_the_budget():
    assert recall_at_budget([("a", 100, 150), ("a", 100, 150), ("a", 150, 200)], "a", QUOTE, 100) == 0.5


# --- against sets of characters

RANGES = st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1]))
QUOTES = st.lists(RANGES.filter(lambda one: one[0] < one[1]), min_size=1, max_size=4)
FOUND = st.lists(st.tuples(st.sampled_from("ab"), RANGES).map(lambda one: (one[0], *one[1])), max_size=8)


def characters(ranges):
    return {at for start, end in ranges for at in range(start, end)}


def naive(found, quotes):
    """Recall, precision and IoU of document "a", character by character."""
    quoted = characters(quotes)
    hit = characters((start, end) for name, start, end in found if name == "a") & quoted
    paid = [at for _, start, end in found for at in range(start, end)]
    share = len(hit) / len(paid) if paid else 0.0
    return len(hit) / len(quoted), share, len(hit) / (len(paid) + len(quoted - hit))


@given(FOUND, QUOTES)
def test_as_counted_character_by_character(found, quotes):
    expected = naive(found, quotes)
    got = [metric(found, "a", quotes) for metric in (recall, precision, iou)]
    assert got == pytest.approx(expected)
    assert hit_at_k(found, "a", quotes) == float(expected[0] > 0)


@given(FOUND, QUOTES, st.integers(0, 80))
def test_the_budget_takes_the_first_characters(found, quotes, budget):
    paid = [(name, at) for name, start, end in found for at in range(start, end)][:budget]
    hit = {at for name, at in paid if name == "a"} & characters(quotes)
    assert recall_at_budget(found, "a", quotes, budget) == pytest.approx(len(hit) / len(characters(quotes)))


def published_omega(ranges, quotes):
    """Chroma's procedure, step by step, on sets of characters."""
    numerator, denominator, unused = set(), set(), characters(quotes)
    for start, end in ranges:
        for at, to in quotes:
            low, high = max(start, at), min(end, to)
            if low <= high:
                unused -= set(range(low, high))
                numerator |= set(range(low, high))
                denominator |= set(range(start, end))
    return len(numerator) / len(denominator | unused)


@given(st.lists(RANGES, max_size=10), QUOTES)
def test_omega_as_the_published_code_computes_it(ranges, quotes):
    assert precision_omega(chunks(*ranges), quotes) == pytest.approx(published_omega(ranges, quotes))


@given(FOUND, QUOTES)
def test_perfect_retrieval_without_overlap_has_the_precision_omega_says(found, quotes):
    assert precision_omega(chunks(*quotes), quotes) == 1.0
    assert recall([("a", *one) for one in quotes], "a", quotes) == 1.0
    assert all(0 <= getattr(spans, name)(found, "a", quotes) <= 1 for name in ("recall", "precision", "iou"))


@given(st.lists(RANGES))
def test_a_union_holds_the_same_characters_apart_and_in_order(ranges):
    merged = spans.union(ranges)
    assert characters(merged) == characters(ranges)
    assert all(left[1] < right[0] for left, right in pairwise(merged))
    assert spans.length(merged) == len(characters(ranges))
