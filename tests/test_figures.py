"""A cut in numbers, worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.chunking import cut
from pipelines.chunking.base import Bench, Span
from pipelines.chunking.blocks import list_items, tables
from pipelines.chunking.figures import (
    Sizes,
    counted_by,
    cuts_inside,
    figures,
    inner_borders,
    overlap_share,
    parted_headings,
)
from pipelines.loading.document import Heading
from pipelines.recipe import choose
from tests.test_chunking import Letters, document


def slices(text, spans):
    return [text[span.start : span.end] for span in spans]


def test_sizes_are_values_that_occur():
    assert Sizes.of([5, 1, 9, 3]) == Sizes(1, 3, 9, 9, 18)
    assert Sizes.of(range(1, 101)).p95 == 95
    assert Sizes.of([]) == Sizes()


def test_overlap_is_what_stands_twice():
    assert overlap_share([Span(0, 10), Span(5, 15)]) == 0.25
    assert overlap_share([Span(0, 10), Span(10, 20)]) == 0
    assert overlap_share([Span(0, 10), Span(0, 10), Span(0, 10)]) == pytest.approx(2 / 3)
    assert overlap_share([]) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12))
def test_overlap_against_counting_every_character(pairs):
    spans = [Span(start, start + length) for start, length in pairs]
    every = [at for span in spans for at in range(span.start, span.end)]
    expected = (len(every) - len(set(every))) / len(every) if every else 0
    assert overlap_share(spans) == pytest.approx(expected)


def test_a_cut_between_is_not_a_cut_inside():
    ranges = [Span(0, 10), Span(11, 20)]
    assert cuts_inside([10, 11], ranges) == 0
    assert cuts_inside([5, 6, 15], ranges) == 2
    assert inner_borders([Span(0, 10), Span(8, 20)]) == [8, 10]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Name | Age | Town\nAnn | 3 | Ely\nBob | 4 | Rye\n", 1),
        ("Source 2030 2031\nTidal 3,415 2,760\nWind (2.7) +23.7 %\nKelp 12 15\nThe rest is text.", 1),
        ("In 2019 we had 3 ships.\nIn 2020 there were 4.\nNo table here.", 0),
        ("1,204 88\n1,300 91", 0),
        ("", 0),
    ],
)
def test_tables(text, found):
    assert len(tables(text)) == found


def test_list_items_end_where_the_next_begins():
    text = "Rules:\n- one thing\n- another thing that\n  goes on\n- last.\n\nText. 3. not an item"
    assert slices(text, list_items(text)) == ["- one thing", "- another thing that\n  goes on", "- last."]
    numbered = "1. Open it.\n2. Close it.\nThen go."
    assert slices(numbered, list_items(numbered)) == ["1. Open it.", "2. Close it."]


def test_headings_parted_from_their_text():
    doc = document(
        "Alpha\nText of alpha.\nBeta\nText of beta.", headings=[Heading("Alpha", 1, 1, 0), Heading("Beta", 1, 1, 21)]
    )
    assert doc.text[21:25] == "Beta"
    assert parted_headings(doc, [Span(0, 25), Span(26, len(doc.text))]) == 1
    assert parted_headings(doc, [Span(0, 20), Span(21, len(doc.text))]) == 0


def test_a_whole_report():
    doc = document("One is here. Two is here.", "Three is over there. " * 3)
    chosen = choose("chunker", {"name": "fixed", "params": {"size": 30, "overlap": 0, "unit": "characters"}})
    bench = Bench(Letters())
    found = figures(doc, cut(doc, chosen, bench), chosen, bench)
    assert found.chunks == found.vectors == 3
    assert found.unit == "tokens"
    assert found.overlap == 0
    assert found.over_pages == 1
    assert found.in_sentences >= 2
    assert sum(found.sizes) == found.searched.total


def test_sizes_are_told_in_the_chunkers_own_tokens():
    assert (
        counted_by(choose("chunker", {"name": "fixed", "params": {"unit": "cl100k"}}), Letters()).name
        == "cl100k tokens"
    )
    assert (
        counted_by(choose("chunker", {"name": "fixed", "params": {"unit": "characters"}}), Letters()).name == "tokens"
    )
