"""Lists kept while sliders move: the same hits as a fresh search, without another search or embedding."""

import pytest

from pipelines.recipe import Recipe
from pipelines.retrieval import retrieve
from pipelines.retrieval.remembering import Fetched, remembering
from pipelines.retrieval.terms import term_spans
from tests.test_retrieval import context, empty, recipe  # noqa: F401  (fixtures)

QUERY = "cat drive"

SLIDERS = [
    {"alpha": 0.2}, {"alpha": 0.9, "k": 3}, {"fusion": "rrf"}, {"fusion": "rrf", "rrf_k": 3}, {"fusion": "dbsf"},
    {"depth": 2, "k": 1}, {"depth": 900}, {"threshold": 0.3},
]  # fmt: skip


@pytest.mark.parametrize("knobs", SLIDERS)
def test_a_slider_gives_what_a_fresh_search_gives(context, knobs):  # noqa: F811
    fetched = Fetched()
    kept = remembering(context, fetched)
    retrieve(QUERY, recipe("hybrid"), kept)
    found, fresh = (retrieve(QUERY, recipe("hybrid", **knobs), where).hits for where in (kept, context))
    assert [hit.id for hit in found] == [hit.id for hit in fresh]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in fresh], abs=1e-6)
    assert fetched.fetches == {"embed": 1, "semantic": 1, "keyword": 1}


def test_columns_share_what_they_have_in_common(context):  # noqa: F811
    fetched = Fetched()
    kept = remembering(context, fetched)
    for name in ("hybrid", "semantic", "keyword"):
        retrieve(QUERY, Recipe().with_("retriever", name), kept)
    assert fetched.fetches == {"embed": 1, "semantic": 1, "keyword": 1}
    retrieve(QUERY, Recipe().with_("retriever", "keyword", k1=0.5), kept)
    assert fetched.fetches["keyword"] == 2, "other weights are another list"
    retrieve("another question", Recipe(), kept)
    assert fetched.fetches == {"embed": 2, "semantic": 2, "keyword": 3}


def test_words_are_marked_by_their_stems():
    text = "Brushes wear. The brush-guard's bolts are tight; a boltless guard is not."
    marked = [text[start:end] for start, end in term_spans("How tight are the bolts of the brush guards?", text)]
    assert marked == ["Brushes", "brush", "guard", "bolts", "tight", "guard"]
    assert term_spans("the of and", text) == []
    assert term_spans("Straße", "Die Straßen", "german") == [(4, 11)]
