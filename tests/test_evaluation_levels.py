"""Rankings of documents, pages and quotes, worked by hand, and laws they keep."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.levels import Passage, Wanted, by_document, by_page, by_quote, in_order, metrics

WANTED = Wanted("a", ((100, 140), (300, 320)), (2, 3))
PASSAGES = [
    Passage("b", 0, 50, (1,)),
    Passage("a", 90, 150, (2,)),  # the first quote
    Passage("a", 95, 145, (2,)),  # again: holds nothing new
    Passage("b", 100, 140, (2,)),  # the same place of another document
    Passage("a", 250, 400, (3, 4)),  # the second
]


def test_documents_by_their_first_passage():
    found = by_document(PASSAGES, WANTED)
    assert found.ids == ("b", "a")
    assert found.grades == {"a": 1}


def test_pages_in_order_each_once():
    found = by_page(PASSAGES, WANTED)
    assert found.ids == ("b p. 1", "a p. 2", "b p. 2", "a p. 3", "a p. 4")
    assert found.grades == {"a p. 2": 1, "a p. 3": 1}


def test_passages_as_the_quotes_they_hold_first():
    found = by_quote(PASSAGES, WANTED)
    assert found.ids == ("miss 0", "quote 0", "miss 2", "miss 3", "quote 1")
    assert found.grades == {"quote 0": 1, "quote 1": 1}


def test_one_passage_with_two_quotes_is_two_items():
    assert by_quote([Passage("a", 0, 500)], WANTED).ids == ("quote 0", "quote 1")
    assert metrics([Passage("a", 0, 500)], WANTED, 2)["precision@2"] == 1


@pytest.mark.parametrize(
    ("passage", "holds"),
    [
        ((100, 119), True),  # a piece of the quote: all of the passage is quoted
        ((80, 119), False),  # 19 of 40 quoted characters, 19 of the passage's 39
        ((81, 119), True),  # 19 of 38
        ((20, 119), False),
        ((20, 120), True),  # half of the quote
        ((140, 200), False),  # touches it
        ((110, 110), False),  # empty
    ],
)
def test_half_of_the_quote_or_half_of_the_passage(passage, holds):
    found = by_quote([Passage("a", *passage)], Wanted("a", ((100, 140),)))
    assert found.ids == (("quote 0",) if holds else ("miss 0",))


def test_metrics_by_hand():
    found = metrics(PASSAGES, WANTED, 2)
    ideal = 1 + 1 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)
    assert found["precision@2"] == found["mrr@10"] == 0.5
    assert found["map"] == pytest.approx((1 / 2 + 2 / 5) / 2)
    assert found["page:map"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found["document:ndcg@10"] == pytest.approx(1 / math.log2(3))
    assert found["document:hit@2"] == found["recall@10"] == 1
    assert len(found) == 21


def test_a_quote_given_twice_is_one():
    assert by_quote([], Wanted("a", ((1, 5), (1, 5)))).grades == {"quote 0": 1}


def test_nothing_found_scores_nothing():
    assert set(metrics([], WANTED, 5).values()) == {0.0}


def test_what_is_read_comes_first_and_its_pieces_are_not_told_again():
    parent = Passage("a", 0, 100)
    found = [Passage("a", 0, 50), Passage("b", 0, 50), Passage("a", 50, 100), Passage("a", 90, 110)]
    assert in_order([parent], found) == [parent, found[1], found[3]]
    assert in_order([parent], found, 2) == [parent, found[1]]
    assert in_order(found[:1], found) == found


ranges = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda one: (one[0], one[0] + one[1]))
places = st.builds(
    lambda name, at, page: Passage(name, *at, (page, page + 1)), st.sampled_from("ab"), ranges, st.integers(1, 3)
)
wanteds = st.builds(
    lambda quotes, pages: Wanted("a", tuple(quotes), tuple(pages)),
    st.lists(ranges, min_size=1, max_size=4),
    st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True),
)


@given(st.lists(places, max_size=12), wanteds, st.integers(1, 12))
def test_zero_to_one_each_id_once_and_more_passages_never_lose_a_quote(passages, wanted, k):
    assert all(0 <= value <= 1 + 1e-12 for value in metrics(passages, wanted, k).values())
    for judge in (by_document, by_page, by_quote):
        ids = judge(passages, wanted).ids
        assert len(ids) == len(set(ids))
        fewer = judge(passages[:-1], wanted).ids
        assert ids[: len(fewer)] == fewer, "what comes later changes nothing before it"
    assert len(by_quote(passages, wanted).ids) >= len(passages)
