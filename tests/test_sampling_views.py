"""What the sampling lab shows of its columns and of many answers, on answers made by hand; most of them hostile."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.engines.base import Candidate, Stats, TokenEvent
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import EngineFailed, ModelMissing
from pipelines.recipe import Recipe
from playground.sampling import shading
from playground.sampling.board import Board
from playground.sampling.drawing import Answer, Drawn
from playground.sampling.looking import CURVES
from playground.sampling.repeating import Draw, Group, Repeated
from playground.sampling.state import Lens, Sampling
from playground.views import lens as lens_view
from playground.views import samples as samples_view
from playground.views import sampling as lab_view
from playground.views import token_look, tokens, variety
from playground.views.tokens import Shade
from tests.sampling_by_hand import HOSTILE, Page, event, facts_for, ink, sample_of, seen, spread, words

# hostile tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "raw"), HOSTILE)
def test_a_token_by_itself_is_always_seen_and_never_markup(text, raw):
    given = raw or tuple(text.encode())
    (whole, *_) = Page(tokens.piece(text, given)).elements
    assert ink(words(whole))
    shown = tokens.plain(text, given)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in shown)
    assert ink(shown)


@settings(deadline=None)
@given(st.text(max_size=8), st.binary(max_size=4))
def test_any_token_is_seen_and_escaped(text, raw):
    assert ink(words(Page(tokens.piece(text, tuple(raw))).elements[0]))
    assert ink(tokens.plain(text, tuple(raw)))
    flow = Page(tokens.flow([event(text, raw=tuple(raw))], [Shade(0.5, text)], "A"))
    (span,) = flow.find("tok")
    assert ink(words(span)) or words(span).strip(" ") == ""
    assert words(span)


def test_hostile_tokens_flow_as_text():
    said = [event(text, raw=raw or None) for text, raw in HOSTILE]
    page = Page(tokens.flow(said, [Shade(0.1, token.text) for token in said], "B", picked=3, marked=(2,)))
    spans = page.find("tok")
    assert [span[1]["data-arg"] for span in spans] == [f"B:{at}" for at in range(len(said))]
    for (text, _), span in zip(HOSTILE, spans, strict=True):
        assert words(span), "there is something to click"
        if ink(text):
            assert "".join(ink(text)) in "".join(ink(words(span)))
        else:
            assert text == " " or ink(words(span)), "a space has its tint"
        assert not set(words(span)) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068"), "no text is turned around"
    assert [span[1]["tabindex"] for span in spans].count("0") == 1
    assert page.find("picked") == [spans[3]]
    assert page.find("parts") == [spans[2]]


def test_half_a_character_is_shown_by_its_bytes():
    halves = [event("", raw=(240, 159)), event("😀", raw=(152, 128))]
    first, other = Page(tokens.flow(halves, [Shade(0, "")] * 2, "A")).find("tok")
    assert (words(first), words(other)) == ("F0 9F", "😀")
    assert words(Page(tokens.piece("\ufffd", (240, 159))).elements[0]) == "F0 9F"
    assert tokens.plain("\ufffd", (240, 159)) == "F0 9F"


def test_hostile_candidates_are_bars_labels_and_a_row_each():
    found = [Candidate(text, -1.0 - at, raw or tuple(text.encode())) for at, (text, raw) in enumerate(HOSTILE[:20])]
    said = TokenEvent(found[0].token, -1.0, tuple(found), found[0].bytes)
    sample = sample_of(said, said)
    page = Page(token_look.token_look(seen(sample, token=0)))
    rows = [row for row in page.elements if row[0] == "li" and "aria-label" in row[1]]
    assert len(rows) == len(found)
    for row, who in zip(rows, page.find("who"), strict=False):
        assert ink(words(who))
        assert ink(row[1]["aria-label"].partition(":")[0])
    labels = page.find("label")
    assert len(labels) == CURVES
    assert all(ink(words(label)) for label in labels)
    assert len(page.find("said")) == 1
    titles = [words(one) for one in Page(lens_view.lens(seen(sample, token=0))).elements if one[0] == "title"]
    assert len(titles) == 2
    assert all("<script>" in title for title in titles), "as text"


def test_candidates_that_read_the_same_are_told_apart():
    same = (97,)
    bare = [Candidate("a", -0.5, same), Candidate("a", -1.5, same), Candidate("b", -3.0, (98,))]
    numbered = [replace(one, id=n) for n, one in enumerate(bare, start=40)]
    for found in (bare, numbered):
        said = TokenEvent("a", found[1].logprob, tuple(found), same, found[1].id)
        page = Page(token_look.token_look(seen(sample_of(said), token=0)))
        rows = [row for row in page.elements if row[0] == "li" and "aria-label" in row[1]]
        names = [words(who) for who in page.find("who")[: len(found)]]
        assert len(set(names)) == 3
        assert names[2] == "b"
        assert ["said" in row[1]["class"].split() for row in rows] == [False, True, False], "which of them was said"
    blank = [Candidate(" ", -0.5, (32,)), Candidate("␣", -1.5, tuple("␣".encode()))]
    said = TokenEvent(" ", -0.5, tuple(blank), (32,))
    names = [words(who) for who in Page(token_look.token_look(seen(sample_of(said), token=0))).find("who")[:2]]
    assert len(set(names)) == 2


def column(sample=None, **more):
    return samples_view.Column(recipe=Recipe(), sample=sample, facts=facts_for(), drawn=True, **more)


def body(sample=None, tint="none", **more):
    return Page(samples_view.body("A", column(sample, **more), shading.shades(sample.tokens, tint) if sample else []))


def test_what_a_model_or_a_server_says_is_never_markup():
    evil = "<script>alert(1)</script><b>bold</b>"
    error = EngineFailed(f"It broke: {evil}", evil)
    for sample in (
        sample_of(tokens=(), text=evil, thinking=evil),
        sample_of(evil, error=error, state="failed", finish=None),
        sample_of(tokens=(), text=evil, model=evil, version=evil),
    ):
        page = body(sample)
        assert not [one for one in page.elements if one[0] == "b"]
        assert any(evil in words(one) for one in page.elements)
        Page(lab_view.no_lens(Sampling(), Drawn(answers=(Answer(sample=sample),))))
    assert any(evil in words(one) for one in body(error=ModelMissing(evil, evil)).elements)
    Page(samples_view.head("A", replace(column(), facts=replace(facts_for(), model=evil, version=evil))))
    page = Page(
        samples_view.values_table(replace(facts_for(stop=(evil,), format=evil), ignored={"top_k": evil}), {}, None)
    )
    assert any(evil in words(one) for one in page.elements)
    Page(lab_view.token_panel(seen(sample_of("a"), token=0), None, False, error))


def test_knobs_and_models_of_a_column_are_never_markup():
    evil = '<script>"&'
    recipe = Recipe().with_("sampling", stop=(evil,)).with_("model", "ollama", name=evil)
    now = Board(Sampling(prompt=evil), (recipe, Recipe()), Drawn(state="done"))
    pages = [Page(part) for part in now.markup() if part]
    assert any(evil in words(one) for one in pages[0].elements), "the strip"


def test_no_word_of_an_answer_is_left_out():
    told = (event("The"), event(" end"))
    for text in ("The end. And more without log-probabilities.", "Before. The end"):
        page = body(sample_of(tokens=told, text=text))
        assert text in "".join(words(one) for one in page.elements if one[0] == "div")


# tints ------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_shares_grow_with_their_words(shares):
    for share in shares:
        assert shading.percent(share).endswith("%")
    low, high = min(shares), max(shares)
    said = shading.between(low, high)
    assert said == shading.percent(low) if shading.percent(low) == shading.percent(high) else " to " in said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (-1e-9, "0 %"), (1e-7, "under 0.01 %"), (0.0005, "0.05 %"), (0.042, "4.2 %"), (0.5, "50 %"),
     (1, "100 %"), (1.0000001, "100 %")],
)  # fmt: skip
def test_a_share_in_words(share, said):
    assert shading.percent(share) == said


def test_tints_follow_what_they_stand_for():
    sure, even, rare = event("a", math.log(0.999)), spread(0.5, 0.5), event("z", math.log(0.001))
    for tint in ("probability", "surprise"):
        strengths = [shade.strength for shade in shading.shades([sure, even, rare], tint)]
        assert strengths == sorted(strengths)
        assert strengths[0] < 0.01
        assert strengths[2] > 0.9
        assert [shade.classes for shade in shading.shades([sure, even, rare], tint)] == ["", "", "rare"]
    assert [shade.strength for shade in shading.shades([sure, even], "none")] == [0, 0]
    assert shading.bits(shading.entropy(even)) == pytest.approx(1)
    eight = spread(*[1 / 8] * 8)
    assert shading.bits(shading.entropy(eight)) == pytest.approx(3)
    assert shading.bits(shading.entropy(spread(0.25, 0.25))) == pytest.approx(1.5), "the rest counts as one"
    assert shading.shades([TokenEvent("a")], "surprise") == [Shade(0, "")]


def test_a_token_that_was_cut_is_struck_through_and_a_doubtful_one_is_told():
    tail = replace(spread(0.4, 0.3), text="z", bytes=(122,), logprob=math.log(0.1))
    found = seen(sample_of(spread(0.6, 0.4), tail, tail), lens=Lens(top_k=1))
    assert [shade.classes for shade in shading.through_shades(found.seen)] == ["", "cut", "cut"]
    doubtful = seen(sample_of(tail), lens=Lens(top_k=3))
    assert [shade.classes for shade in shading.through_shades(doubtful.seen)] == ["perhaps"]


# many answers -----------------------------------------------------------------------------------------


def repeated(*texts, kind="many", temperatures=(None,), vectors=None):
    """One group a temperature, its texts drawn with seeds 1, 2, …, the first once more."""
    groups = tuple(Group(0, Recipe(), value) for value in temperatures)
    rows = []
    for number, mine in enumerate(texts):
        for nth, text in enumerate([*mine, mine[0]]):
            params = SamplingParams(seed=1 + nth % len(mine))
            sample = replace(sample_of(tokens=(), text=text), params=params, stats=Stats(completion_tokens=len(text)))
            vector = (vectors or {}).get(text, (1.0, 0.0))
            rows.append(Draw(number, sample, vector, again=nth == len(mine)))
    seeds = tuple(range(1, len(texts[0]) + 1)) if texts else (1, 2)
    return Repeated(kind=kind, prompt="<b>Go</b>", groups=groups, seeds=seeds, rows=tuple(rows), state="done")


def test_variety_is_worked_by_hand():
    found = repeated(["a b", "a b", "a c"], vectors={"a c": (0.0, 1.0)})
    measured = found.variety(0)
    assert (measured.samples, measured.distinct, measured.agreement) == (3, 2, pytest.approx(2 / 3))
    assert (measured.distinct_1, measured.distinct_2) == (pytest.approx(3 / 6), pytest.approx(2 / 6))
    assert measured.edit_similarity == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert measured.cosine == pytest.approx(1 / 3)
    assert measured.length.mean == 3
    assert (found.same_seed(0).pairs, found.same_seed(0).equal) == (1, 1)
    cells = [words(one) for one in Page(variety.repeated(found)).elements if one[0] == "td"]
    assert cells[:2] == ["2 of 3", "67 %"]
    assert "0.50" in cells
    assert "0.78" in cells


def test_texts_that_were_drawn_are_never_markup():
    evil = "<script>alert(1)</script>"
    found = repeated([evil, "\u202e" + evil * 30, ""])
    page = Page(variety.repeated(found))
    assert any(words(one) == evil for one in page.elements)
    assert any("<b>Go</b>" in words(one) for one in page.elements)
    swept = repeated([evil, evil], [evil, ""], kind="sweep", temperatures=(0.0, 1.0))
    Page(variety.swept(swept))


def test_charts_draw_what_is_known_and_stay_inside():
    opposite = {"a": (1.0, 0.0), "b": (-1.0, 0.0)}
    half = repeated(["a", "b"], kind="sweep", temperatures=(0.0, 0.8, 1.6), vectors=opposite)
    page = Page(variety.swept(half))
    dots = [one for one in page.elements if one[0] == "circle"]
    assert len(dots) == 4, "one temperature of three, four charts"
    for dot in dots:
        assert 0 <= float(dot[1]["cy"]) <= 150
        assert 0 <= float(dot[1]["cx"]) <= 300
    nothing = Page(variety.swept(repeated(kind="sweep", temperatures=(0.0, 1.0))))
    assert not [one for one in nothing.elements if one[0] in ("circle", "svg")]
    single = repeated(["..."], kind="sweep", temperatures=(0.0,))
    charts = Page(variety.swept(single)).find("chart")
    assert "distinct-2" in charts[3][1]["aria-label"]
    assert len([one for one in Page(variety.swept(single)).elements if one[0] == "circle"]) == 1, "no pair, no words"
