"""How near a transcript is to the truth, and signs that it is none: by hand, against jiwer, and by the laws."""

from __future__ import annotations

import io
import itertools
import json
import string
import unicodedata

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from pipelines.evaluation.normalising import BARE, EXACT, USUAL, Normalising, normalise, normalise_mapped
from pipelines.evaluation.transcript_flags import flags, ink_of, loop_in
from pipelines.evaluation.transcripts import (
    MEASURED,
    Spread,
    cer,
    measure,
    numbers,
    numbers_recalled,
    reading_order,
    spread,
    spreads,
    wer,
    word_scores,
)

TEXTS = st.text("abcé 1.\n", max_size=40)
WORDS = st.lists(st.sampled_from("the cat sat on a mat 12 13".split()), max_size=25)
ANYTHING = st.text(max_size=60) | st.text("aB-\n \u00ad*_#|`<>/[]()\\&;ﬁ“—1.", max_size=60)
SWITCHES = st.builds(Normalising, **dict.fromkeys(Normalising.model_fields, st.booleans()))


# error rates -------------------------------------------------------------------------------------------


@settings(max_examples=500)
@given(
    st.text("abcdé 1.", min_size=1, max_size=40).map(str.strip).filter(bool),
    TEXTS.map(lambda text: " ".join(text.split())),
)
def test_error_rates_of_characters_are_those_of_jiwer(truth: str, read: str) -> None:
    assert cer(truth, read) == pytest.approx(jiwer.cer(truth, read))


@settings(max_examples=500)
@given(WORDS.filter(bool), WORDS)
def test_error_rates_of_words_are_those_of_jiwer(truth: list[str], read: list[str]) -> None:
    assert wer(truth, read) == pytest.approx(jiwer.wer(" ".join(truth), " ".join(read)))


def test_error_rates_by_hand_have_no_upper_bound() -> None:
    assert cer("kitten", "sitting") == pytest.approx(3 / 6)
    assert cer("ab", "xyzxyz") == 3
    assert wer(["the", "cat"], ["a", "cat", "sat"]) == 1


def test_nothing_read_of_nothing_is_no_error() -> None:
    found = measure("", " \n")
    assert (found.cer, found.wer, found.precision, found.recall, found.f1) == (0, 0, 1, 1, 1)
    assert (found.order, found.length_ratio, found.numbers, found.note) == (None, None, None, "")


def test_words_read_where_there_are_none_are_told_and_not_divided_by_zero() -> None:
    found = measure("", "three invented words")
    assert (found.cer, found.wer, found.recall, found.length_ratio) == (None, None, None, None)
    assert (found.precision, found.f1) == (0, 0)
    assert found.note == "The truth is empty; 3 words were read."
    json.dumps(found.to_json(), allow_nan=False)


def test_a_page_left_out_is_all_wrong() -> None:
    found = measure("four words stand here", "")
    assert (found.cer, found.wer, found.precision, found.recall, found.f1, found.length_ratio) == (1, 1, None, 0, 0, 0)


# words, order, numbers ---------------------------------------------------------------------------------


def test_word_scores_by_hand_count_repeats_and_not_order() -> None:
    precision, recall, f1 = word_scores("the cat and the dog".split(), "dog the cat cat".split())
    assert (precision, recall, f1) == (pytest.approx(3 / 4), pytest.approx(3 / 5), pytest.approx(6 / 9))


@given(WORDS, st.randoms())
def test_word_scores_of_a_shuffled_text_are_all_one(words: list[str], random) -> None:
    shuffled = random.sample(words, len(words))
    assert word_scores(words, shuffled) == (1, 1, 1)


def test_reading_order_by_hand() -> None:
    assert reading_order("a b c d".split(), "a b c d".split()) == 1
    assert reading_order("a b c d".split(), "d c b a".split()) == 0
    assert reading_order("a b c d".split(), "c d a b".split()) == pytest.approx(2 / 6)  # ab and cd of six pairs
    assert reading_order("a b c d".split(), "a x c b".split()) == pytest.approx(2 / 3)  # d is not there
    assert reading_order("a b b c".split(), "c b a".split()) == 0  # which b is which is not known
    assert reading_order(["a"], ["a"]) is None


def test_two_columns_read_across_lose_a_quarter_of_the_pairs() -> None:
    left, right = [f"l{n}" for n in range(50)], [f"r{n}" for n in range(50)]
    across = [word for pair in zip(left, right, strict=True) for word in pair]
    assert reading_order([*left, *right], across) == pytest.approx(0.75, abs=0.01)


@given(st.permutations(range(12)))
def test_reading_order_is_the_share_of_pairs_in_order(places: list[int]) -> None:
    pairs = list(itertools.combinations(places, 2))
    expected = sum(a < b for a, b in pairs) / len(pairs)
    assert reading_order([str(n) for n in range(12)], [str(n) for n in places]) == pytest.approx(expected)


def test_numbers_are_words_with_digits_without_the_marks_around_them() -> None:
    text = "On 2024-05-31, (12%) of “€1,200.50”; -5 degrees, A4: 10:30. Not ten."
    assert numbers(text.split()) == ["2024-05-31", "12%", "€1,200.50", "-5", "A4", "10:30"]


def test_numbers_recalled_by_hand() -> None:
    truth = "12 boats, 7 nets, 12 men, 1,284 fish".split()
    assert numbers_recalled(truth, "12 boats. 7 nets 1,234 fish".split()) == pytest.approx(2 / 4)  # one 12, one digit
    assert numbers_recalled(["no", "number"], ["7"]) is None


def test_medians_and_spread_over_pages() -> None:
    assert spread([0.2, None, 0.1, 0.9]) == Spread(0.2, 0.1, 0.9)
    assert spread([None]) is None
    pages = [measure("one two three four", "one two three four"), measure("ab", "xb"), measure("", "words")]
    found = spreads(pages)
    assert tuple(found) == MEASURED
    assert found["cer"] == Spread(0.25, 0, 0.5)
    assert found["numbers"] is None


# what counts as the same -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("case", "Straße und ÄRGER", "strasse und ärger"),
        ("punctuation", "“Don't”, 3.14; well-known (e.g.)", " Dont   3.14  well known  e g  "),
        ("whitespace", "  a\t b\r\n\nc ", "a b c"),
        ("unicode", "ﬁne ‘a’ „b“ 1–2 a\u00adb\u200b e\u0301 Ａ…", "fine 'a' \"b\" 1-2 ab é A..."),
        (
            "hyphens",
            "exam-\nple Jean-\n Paul 2019-\n2020 so\u00ad\nft a -\nb",
            "example Jean-Paul 2019-2020 soft a -\nb",
        ),
        ("markdown", "## A *b* __c__ `d` [e](http://f) ![g](h.png)", "A b c d e g"),
        ("markdown", "- one\n* two\n+ three\n> four", "one\ntwo\nthree\nfour"),
        ("markdown", "```json\nx\n```\n---\n\\# y &amp; z", "\nx\n\n\n# y & z"),
        ("markdown", "| a | b |\n|---|:-:|\n| 1 | 2 |", "  a   b  \n\n  1   2  "),
        ("markdown", "<table><tr><td>a</td></tr></table><|ref|>b", "   a    b"),
        (
            "markdown",
            "5 * 3, a_b_c, word*, -5, <me@home.org>, x | y, 1 < 2",
            "5 * 3, a_b_c, word*, -5, <me@home.org>, x | y, 1 < 2",
        ),
    ],
)
def test_each_step_does_what_it_says(step: str, before: str, after: str) -> None:
    assert normalise(before, EXACT.model_copy(update={step: True})) == after


def test_what_is_usual_forgives_marks_and_line_breaks_but_no_capital_and_no_point() -> None:
    truth, read = "Total: 1,284.\nThe exam-\nple “fits”.", '**Total:** 1,284. The example "fits".'
    assert measure(truth, read).cer == 0
    assert measure(truth, read, EXACT).cer > 0.1
    assert measure(truth, truth.replace("Total", "total")).cer > 0
    assert measure(truth, truth.replace(",", ".")).cer > 0


@given(ANYTHING, SWITCHES)
def test_a_normalised_text_knows_where_each_character_came_from(text: str, how: Normalising) -> None:
    found = normalise_mapped(text, how)
    assert found.text == normalise(text, how)
    assert len(found.starts) == len(found.ends) == len(found.text)
    assert all(0 <= start < end <= len(text) for start, end in zip(found.starts, found.ends, strict=True))
    assert found.starts == sorted(found.starts)


@given(ANYTHING)
def test_the_unicode_step_is_nfkc_but_for_marks(text: str) -> None:
    plain = "".join(c for c in text if unicodedata.normalize("NFKC", c).isalnum())
    assert normalise(plain, EXACT.model_copy(update={"unicode": True})) == unicodedata.normalize("NFKC", plain)


@given(st.text(string.ascii_letters + " \n", max_size=60))
def test_plain_words_stay_what_they_are(text: str) -> None:
    assert normalise(text, USUAL) == " ".join(text.split())
    assert normalise(text, BARE) == " ".join(text.lower().split())


# flags -------------------------------------------------------------------------------------------------


def names(*arguments, **more) -> list[str]:
    return [flag.name for flag in flags(*arguments, **more)]


def test_a_loop_is_six_repeats_and_thirty_words() -> None:
    phrase = "the lamp was lit "  # four words
    assert loop_in("At nine " + phrase * 8 + "and then").repeats == 8
    assert names("At nine " + phrase * 8) == ["loop"]
    assert names(phrase * 7) == []  # 28 words
    assert names("a phrase of six words here " * 5) == []  # five repeats
    assert names("a phrase of six words here " * 6) == ["loop"]
    assert names("no " * 30) == ["loop"]
    assert names("The lamp; was LIT. the lamp was lit, " * 4) == ["loop"]  # case and marks do not hide it


def test_dotted_lines_and_long_texts_are_no_loop() -> None:
    assert names("Contents " + ". " * 200 + "7") == []
    assert names(" ".join(f"line {n}" for n in range(2000))) == []


@given(st.lists(st.sampled_from("abc"), max_size=70))
def test_a_loop_is_found_where_one_is(words: list[str]) -> None:
    def loops(size: int) -> bool:
        repeats = max(6, -(-30 // size))
        spans = range(len(words) - size * repeats + 1)
        return any(words[at : at + size] * repeats == words[at : at + size * repeats] for at in spans)

    found = loop_in(" ".join(words))
    assert (found is not None) == any(loops(size) for size in range(1, len(words) // 6 + 1))
    if found is not None:
        assert (found.phrase + " ") * found.repeats in " ".join(words) + " "


def test_words_from_a_blank_page_are_flagged() -> None:
    many = " ".join(f"word{n}" for n in range(21))
    assert names(many, ink=0.0) == names(many, truth_words=0) == ["blank_page"]
    assert names(many, ink=0.02, truth_words=0) == []  # the picture is believed: a scan has no text layer
    assert names("a few words", ink=0.0) == names(many) == []


def test_the_ink_of_a_page_tells_blank_from_written() -> None:
    def png(lines: int, paper: int = 250, edge: bool = False) -> bytes:
        picture = Image.new("L", (1654, 2339), paper)
        draw = ImageDraw.Draw(picture)
        for line in range(lines):
            draw.text((200, 200 + 40 * line), "Seven words stand on this one line", fill=20, font_size=28)
        if edge:
            draw.rectangle((0, 0, 30, 2339), fill=0)
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()

    assert ink_of(png(0)) == ink_of(png(0, paper=180, edge=True)) == 0
    assert ink_of(png(3)) > 0.0005  # 21 words


def test_a_model_that_was_cut_off_is_flagged() -> None:
    assert names("The page begins", finish="length") == ["cut_off"]
    assert names("The page begins", finish="stop") == []


@pytest.mark.parametrize(
    "said",
    [
        "I'm sorry, but I can't see the image you are referring to.",
        "I cannot view images directly.",
        "I am unable to process or read the picture.",
        "It seems no image was provided.",
        "I don't see any image attached to your message.",
        "Please upload the document you want me to transcribe.",
        "The image is not visible to me.",
        "As a text-based AI model, I cannot transcribe pages.",
        "I do not have the ability to view pictures.",
    ],
)
def test_a_model_that_says_it_sees_nothing_is_flagged(said: str) -> None:
    assert names(said, finish="stop") == ["not_seen"]
    assert names(said) == []  # an OCR engine that reads these words read them


@pytest.mark.parametrize(
    "said",
    [
        "The captain could not see the harbour through the fog.",
        "Please provide two references and a photograph of yourself.",
        "The image of the company was damaged.",
        "We are unable to accept returns after 30 days.",
    ],
)
def test_a_page_that_speaks_of_seeing_is_not(said: str) -> None:
    assert names(said, finish="stop") == []


def test_a_text_that_shares_nothing_with_any_other_reading_is_flagged() -> None:
    page = "The lamp of the pilot station was lit every evening at nine, whatever the weather or the season."
    invented = "Quarterly revenue rose by twelve percent, driven by strong demand in our northern retail segment."
    misread = "The lamp of tne pilot station was lit every evenlng at nine, whatever the weatner or the seascn."
    assert names(invented, finish="stop", others=[page]) == ["not_seen"]
    assert names(misread, finish="stop", others=[page]) == []
    assert names(invented, finish="stop", others=[page, invented]) == []
    assert names(invented, finish="stop", others=["", "too short"]) == []
    assert names(invented, others=[page]) == []  # not a language model
