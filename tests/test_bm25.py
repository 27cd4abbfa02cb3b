"""BM25: worked by hand, against an independent one, and kept right while a collection changes."""

import json
import math
import re
import uuid
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.stem import SnowballStemmer
from qdrant_client import QdrantClient

from pipelines.errors import StoreError
from pipelines.retrieval.bm25 import Bm25Params, KeywordIndex, count_terms, query_vector, weigh
from pipelines.stores.base import Point
from pipelines.stores.edge import EdgeStore
from pipelines.stores.server import ServerStore

TEXTS = [
    "The cat sat on the mat. The cat purred.",
    "Dogs chase cats; a dog barks.",
    "Birds sing.",
    "A mat of reeds, woven by hand and sold at the market in the morning.",
]


def name_of(number):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def passage(number, text, doc_id="d"):
    return Point(
        name_of(number), [1.0, float(number)], None, {"doc_id": doc_id, "_node_content": json.dumps({"text": text})}
    )


@pytest.fixture(params=["edge", "server"])
def store(request, tmp_path):
    if request.param == "edge":
        opened = EdgeStore(tmp_path / "s", 2)
    else:
        opened = ServerStore(QdrantClient(":memory:"), "chunks", 2)
    yield opened
    opened.close()


@pytest.fixture
def index(store):
    return KeywordIndex(store, {})


def scores(found):
    return {hit.id: hit.score for hit in found}


# tokens -----------------------------------------------------------------------------------------------


def test_length_is_the_number_of_tokens_left_after_stop_words():
    assert count_terms("The cat and the cats", "english").counts == (2.0,)
    assert count_terms("The cat sat on the mat", "english").length == 3
    assert count_terms("the of and", "english").length == count_terms("", "english").length == 0
    assert count_terms("word " * 5000 + "cat", "english").length == 5001
    assert count_terms("The cat and the cats", "none").length == 5


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("RUNNING", "runs", True),
        ("well-known", "known well", True),
        ("naïve", "naive", False),
        ("user's", "users", True),
        ("IL-2", "il 2", True),
        ("3.14", "14 3", True),
        ("running", "jogging", False),
    ],
)
def test_what_counts_as_the_same_word(left, right, same):
    assert (count_terms(left, "english").indices == count_terms(right, "english").indices) is same


def test_a_query_is_its_distinct_tokens():
    assert sorted(query_vector("cats cat dog", "english").values) == [1.0, 1.0]
    assert query_vector("the of", "english").indices == ()
    assert query_vector("laufen", "german") == query_vector("Laufe", "german")


@given(st.lists(st.sampled_from(["cat", "dog", "running", "bird", "mat", "reed"]), min_size=1, max_size=40))
def test_weights_are_those_of_the_engines_own_encoder(words):
    from qdrant_edge import Bm25, Bm25Config

    text = " ".join(words)
    theirs = Bm25(Bm25Config(language="english", k=1.5, b=0.75, avg_len=12)).embed_document(text)
    ours = weigh(count_terms(text, "english"), 12, 1.5, 0.75)
    assert dict(zip(ours.indices, ours.values, strict=True)) == pytest.approx(
        dict(zip(theirs.indices, theirs.values, strict=True)), rel=1e-5
    )


# scores -----------------------------------------------------------------------------------------------


def test_a_case_worked_by_hand(index):
    """Tokens: cat sat mat cat purr (5); dog chase cat dog bark (5); bird sing (2).

    N = 3, mean 4. "cat" stands in two: idf = ln(1 + 1.5 / 2.5) = ln 1.6. First passage: tf 2, held back
    1.5 · (.25 + .75 · 5/4) = 1.78125, so 2 · 2.5 / 3.78125; second: 2.5 / 2.78125.
    "bird": idf = ln(1 + 2.5 / 1.5), tf 1, held back 1.5 · (.25 + .375) = .9375.
    """
    index.upsert([passage(n, text) for n, text in enumerate(TEXTS[:3])])
    assert scores(index.search("cats", 9, Bm25Params())) == pytest.approx(
        {name_of(0): math.log(1.6) * 5 / 3.78125, name_of(1): math.log(1.6) * 2.5 / 2.78125}, rel=1e-5
    )
    assert scores(index.search("birds birds", 9, Bm25Params())) == pytest.approx(
        {name_of(2): math.log(1 + 2.5 / 1.5) * 2.5 / 1.9375}, rel=1e-5
    )


def plain_bm25(query, texts, k1, b):
    """An independent BM25: its own tokenizer, NLTK's stemmer, floats of Python."""
    stem = SnowballStemmer("english").stem
    stop = {"the", "on", "a", "of", "by", "and", "at", "in"}

    def tokens(text):
        return [stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in stop]

    bags = [Counter(tokens(text)) for text in texts]
    mean = sum(bag.total() for bag in bags) / len(bags)
    found = {}
    for n, bag in enumerate(bags):
        score = 0.0
        for token in set(tokens(query)) & set(bag):
            having = sum(token in other for other in bags)
            idf = math.log(1 + (len(bags) - having + 0.5) / (having + 0.5))
            score += idf * bag[token] * (k1 + 1) / (bag[token] + k1 * (1 - b + b * bag.total() / mean))
        if score:
            found[name_of(n)] = score
    return found


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (1.2, 0.0), (0.0, 1.0), (3.0, 1.0)])
def test_against_an_independent_bm25(index, k1, b):
    index.upsert([passage(n, text) for n, text in enumerate(TEXTS)])
    for query in ("the cat on the mat", "barking dogs and singing birds", "market mornings", "cat cat"):
        found = scores(index.search(query, 9, Bm25Params(k1=k1, b=b)))
        assert found == pytest.approx(plain_bm25(query, TEXTS, k1, b), rel=1e-4)


# a collection that changes ----------------------------------------------------------------------------


def test_weights_follow_the_collection(index):
    index.upsert([passage(0, TEXTS[0], "a"), passage(1, TEXTS[1], "b")])
    index.upsert([passage(2, TEXTS[2], "b"), passage(3, TEXTS[3], "c")])
    assert scores(index.search("cat mat", 9, Bm25Params())) == pytest.approx(
        plain_bm25("cat mat", TEXTS, 1.5, 0.75), rel=1e-4
    )
    index.delete({"doc_id": ["c"]})
    left = plain_bm25("cat mat", TEXTS[:3], 1.5, 0.75)
    assert scores(index.search("cat mat", 9, Bm25Params())) == pytest.approx(left, rel=1e-4)


def test_work_is_done_once(index):
    params = Bm25Params()
    index.upsert([passage(n, text) for n, text in enumerate(TEXTS[:2])])  # their mean is the collection's
    assert not index.ensure(params)
    index.upsert([passage(2, TEXTS[2])])
    assert index.ensure(params)
    assert not index.ensure(params)
    assert index.ensure(Bm25Params(k1=1.2))
    assert index.ensure(Bm25Params(k1=1.2, language="none"))
    assert not index.ensure(Bm25Params(k1=1.2, language="none"))


def test_adding_to_a_large_collection_reads_no_old_text(index):
    index.upsert([passage(n, "one two three four", f"d{n % 30}") for n in range(300)])
    index.ensure(Bm25Params())
    seen = []
    index._text_of = lambda payload, old=index._text_of: seen.append(1) or old(payload)
    index.upsert([passage(n, "five six seven", "new") for n in range(300, 304)])
    assert not index.ensure(Bm25Params())
    index.upsert([passage(n, "five six seven", "new") for n in range(300, 304)])  # again: replaces
    index.delete({"doc_id": ["d1"]})
    assert not index.ensure(Bm25Params())
    assert len(seen) == 4 + (4 + 4) + 10
    index.upsert([passage(n, "a much longer passage moves the mean beyond the limit", "new") for n in range(300, 304)])
    assert index.ensure(Bm25Params())
    written = json.loads(index._state[index.KEY])
    texts = [json.loads(point.payload["_node_content"])["text"] for point in index.store.scroll()]
    assert written["points"] == len(texts) == 294
    assert written["tokens"] == sum(count_terms(text, "english").length for text in texts)


def test_killed_while_writing_points_counts_anew(store):
    state = {}
    index = KeywordIndex(store, state)
    index.upsert([passage(0, TEXTS[0])])
    index.ensure(Bm25Params())
    whole = store.upsert

    def killed(points):
        whole(points)
        raise KeyboardInterrupt

    store.upsert = killed
    with pytest.raises(KeyboardInterrupt):
        index.upsert([passage(n, text) for n, text in enumerate(TEXTS)])
    again = KeywordIndex(store, state)
    found = scores(again.search("cat mat", 9, Bm25Params()))
    assert found == pytest.approx(plain_bm25("cat mat", TEXTS, 1.5, 0.75), rel=1e-4)


@pytest.mark.parametrize("note", [{}, {KeywordIndex.KEY: '{"of": "another version"}'}, {KeywordIndex.KEY: "{"}])
def test_a_collection_without_a_note_is_weighed_anew(store, note):
    store.upsert([passage(n, text) for n, text in enumerate(TEXTS[:2])])
    index = KeywordIndex(store, dict(note))
    index.upsert([passage(n + 2, text) for n, text in enumerate(TEXTS[2:])])
    found = scores(index.search("cat mat", 9, Bm25Params()))
    assert found == pytest.approx(plain_bm25("cat mat", TEXTS, 1.5, 0.75), rel=1e-4)


def test_languages(index):
    index.upsert([passage(0, "Die Katzen laufen"), passage(1, "The cats run")])
    assert set(scores(index.search("Katze läuft", 9, Bm25Params(language="german")))) == {name_of(0)}
    assert index.search("Katze", 9, Bm25Params(language="none")) == []
    assert set(scores(index.search("the", 9, Bm25Params(language="none")))) == {name_of(1)}


def test_a_rewrite_cut_short_is_done_again(store):
    state = {}
    index = KeywordIndex(store, state)
    index.upsert([passage(n, text) for n, text in enumerate(TEXTS)])
    index.ensure(Bm25Params())
    whole = store.set_sparse

    def killed(vectors):
        whole(dict(list(vectors.items())[:2]))
        raise KeyboardInterrupt

    store.set_sparse = killed
    with pytest.raises(KeyboardInterrupt):
        index.ensure(Bm25Params(k1=9))
    store.set_sparse = whole
    again = KeywordIndex(store, state)
    again.upsert([passage(9, TEXTS[0])])
    again.delete({"doc_id": ["nobody"]})  # neither makes it look finished
    assert again.ensure(Bm25Params(k1=9))
    expected = plain_bm25("cat", [*TEXTS, TEXTS[0]], 9, 0.75)
    assert sorted(scores(again.search("cat", 9, Bm25Params(k1=9))).values()) == pytest.approx(
        sorted(expected.values()), rel=1e-4
    )


def test_empty_and_unmatched(index):
    assert index.search("cat", 5, Bm25Params()) == []
    index.upsert([])
    index.upsert([passage(0, "the of and"), passage(1, "")])
    assert index.search("the", 5, Bm25Params()) == []
    assert index.search("", 5, Bm25Params()) == []


def test_a_payload_of_another_program_is_named(store):
    store.upsert([Point(name_of(1), [1.0, 2.0], None, {"text": "no node"})])
    with pytest.raises(StoreError, match="_node_content"):
        KeywordIndex(store, {}).ensure(Bm25Params())
