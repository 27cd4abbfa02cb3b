"""Rulers: tokens where they should be, on every kind of text."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.embedding import wordpiece
from pipelines.embedding.rulers import CharacterRuler, Cl100kRuler, ruler
from pipelines.embedding.wordpiece import WordPieceRuler, cover
from pipelines.errors import BadParameter, EngineFailed

RULERS = [WordPieceRuler("word pieces"), Cl100kRuler(), CharacterRuler()]
WORDPIECE, CL100K, _ = RULERS

ODD = [
    "",
    " \n\t ",
    "cafe\u0301 au lait, déjà vu",  # combining mark and composed accents
    "İstanbul ﬁne Straße",
    "漢字かな交じり文 한국어",
    "שלום עולם مرحبا بالعالم",
    "👩‍👩‍👧 family 👍🏽!",
    "\0null\0bytes\0",
    "\u0301leading mark \u0301 lone mark",
    "lone \ud800 surrogate \udfff",
    "zero\u200bwidth soft\u00adhyphen \ufeffbom",
    "a" * 1000,
    "😀" * 300,
    "ก" * 150 + "\u0e5b" + "ข" * 150,
    "x" + "\u0301" * 500,
    " " * 2000 + "." + "\n" * 2000,
]
texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab é漢😀\u0301\0\u200d \n", max_size=400),
    st.builds(str.__mul__, st.text(min_size=1, max_size=3), st.integers(0, 400)),
)


def check(measure, text):
    """Everything a ruler promises."""
    offsets = measure.offsets(text)
    assert measure.count(text) == len(offsets)
    seen = [False] * len(text)
    before = (0, 0)
    for start, end in offsets:
        assert 0 <= start < end <= len(text)
        assert start >= before[0]
        assert end >= before[1]
        assert end - start <= 128
        seen[start:end] = [True] * (end - start)
        before = (start, end)
    lost = [c for c, kept in zip(text, seen, strict=True) if not kept and not c.isspace()]
    assert not lost


@pytest.mark.parametrize("measure", RULERS, ids=lambda r: r.name)
@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts(measure, text):
    check(measure, text)


@pytest.mark.parametrize("measure", RULERS, ids=lambda r: r.name)
@given(text=texts)
def test_any_text(measure, text):
    check(measure, text)


@given(text=texts)
def test_the_model_never_reads_more_tokens_than_the_ruler_counts(text):
    assert len(wordpiece.token_ids([text])[0]) - wordpiece.SPECIALS <= WORDPIECE.count(text)


# WordPiece -----------------------------------------------------------------------------------------


def test_berts_own_numbers():
    # published for bert-base-uncased
    assert wordpiece.token_ids(["Hello, world!"]) == [[101, 7592, 1010, 2088, 999, 102]]
    assert wordpiece.token_ids(["unaffable"]) == [[101, 14477, 20961, 3468, 102]]
    assert wordpiece.token_ids([""]) == [[101, 102]]


def test_places_are_characters_of_the_original():
    text = "👍 Déjà vu, 漢字"
    assert [text[a:b] for a, b in WORDPIECE.offsets(text)] == ["👍", "Dé", "jà", "vu", ",", "漢", "字"]


def test_accents_stay_with_their_letter():
    text = "cafe\u0301 x"
    assert [text[a:b] for a, b in WORDPIECE.offsets(text)] == ["cafe\u0301", "x"]


def test_a_long_word_is_read_not_given_up():
    ids = wordpiece.token_ids(["internationalization" * 20])[0]
    assert wordpiece.UNKNOWN not in ids
    assert len(ids) > 20


def test_words_up_to_a_hundred_characters_are_berts_own():
    assert wordpiece.token_ids(["é" * 100])[0] == wordpiece.token_ids(["e" * 100])[0]
    assert wordpiece.token_ids(["a" * 99 + "😀"])[0] == [101, wordpiece.UNKNOWN, 102]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="aB é漢。、가😀\u0301\u0345\0\u200d\u3099ßİΣ.,\n\t\u00a0", max_size=200))
def test_tokenised_in_parts_is_tokenised_whole(monkeypatch, text):
    monkeypatch.setattr(wordpiece, "_PART", 10_000)
    whole = wordpiece._encode(text)
    monkeypatch.setattr(wordpiece, "_PART", 3)
    assert wordpiece._encode(text) == whole


def test_cutting_at_tokens_keeps_pieces_near_their_size():
    """A chunk cut out of a run without spaces must still fit the model."""
    for text in ("กขคงจ" * 900 + "\u0e5b" * 3 + "ฉชซ" * 900, "aZ09bQ7x/+" * 1500, "abcdefgh😀" * 400):
        starts = [start for start, _ in WORDPIECE.offsets(text)]
        for first in range(0, len(starts), 240):
            end = starts[first + 240] if first + 240 < len(starts) else len(text)
            ids = wordpiece.token_ids([text[starts[first] : end]])[0]
            assert len(ids) - wordpiece.SPECIALS <= 240 + 8


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("ab", [(0, 2)], [(0, 2)]),
        ("a\0 b", [(0, 1), (3, 4)], [(0, 2), (3, 4)]),  # joins the token before
        ("\0\0 b", [(3, 4)], [(0, 2), (3, 4)]),  # a token of its own at the start
        ("a \0 b\0", [(0, 1), (4, 5)], [(0, 3), (4, 6)]),
        (" \0\0\0\0\0 ", [], [(1, 4), (4, 6)]),  # longest is 3
        ("   ", [], []),
        ("각", [(0, 1), (0, 1), (0, 1)], [(0, 1)] * 3),
    ],
)
def test_cover(text, spans, expected):
    assert cover(text, spans, longest=3) == expected


def test_a_long_document_does_not_hold_up_other_threads():
    gaps, over = [], threading.Event()

    def tick():
        last = time.perf_counter()
        while not over.wait(0.005):
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    WORDPIECE.count("warm up")
    watcher = threading.Thread(target=tick)
    watcher.start()
    wordpiece.model_spans("漢字 仮名 " * 30_000)
    over.set()
    watcher.join()
    assert len(gaps) > 3  # the GIL held throughout would leave no tick at all


def test_an_altered_vocabulary_is_refused(monkeypatch):
    monkeypatch.setattr(wordpiece, "VOCAB_SHA256", "0" * 64)
    wordpiece.tokenizer.cache_clear()
    try:
        with pytest.raises(EngineFailed, match="not the file it should be"):
            wordpiece.tokenizer()
    finally:
        wordpiece.tokenizer.cache_clear()


# the others ----------------------------------------------------------------------------------------


def test_cl100k_numbers():
    assert CL100K.count("tiktoken is great!") == 6  # OpenAI's cookbook
    text = "tiktoken is great!"
    assert [text[a:b] for a, b in CL100K.offsets(text)] == ["t", "ik", "token", " is", " great", "!"]


def test_cl100k_tokens_that_share_a_character_each_hold_it():
    offsets = CL100K.offsets("a👍🏽b")
    assert offsets[0] == (0, 1)
    assert offsets[-1] == (3, 4)
    assert set(offsets[1:-1]) == {(1, 2), (2, 3)}


def test_cl100k_takes_special_tokens_for_text():
    assert CL100K.count("<|endoftext|>") > 1


def test_units():
    assert ruler("tokens", WORDPIECE) is WORDPIECE
    assert ruler("cl100k", WORDPIECE) == Cl100kRuler()
    assert ruler("characters", WORDPIECE).offsets("añb") == [(0, 1), (1, 2), (2, 3)]
    with pytest.raises(BadParameter, match="words") as caught:
        ruler("words", WORDPIECE)
    assert "cl100k" in caught.value.fix
