"""What the sampling lab shows, on answers made by hand: hostile tokens, partings, the lens, one token, variety."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.base import Candidate, Stats, TokenEvent
from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.engines.probing import Probed
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import EngineFailed, ModelMissing
from pipelines.lens import Known
from pipelines.recipe import Recipe
from pipelines.samples import Sample
from playground.sampling import exact, full, shading
from playground.sampling.board import Board
from playground.sampling.drawing import Answer, Drawn
from playground.sampling.exact import Fetching
from playground.sampling.facts import Facts
from playground.sampling.full import FullRows
from playground.sampling.looking import CURVES, look
from playground.sampling.parting import Parting, first_difference, parting
from playground.sampling.probing import Probing
from playground.sampling.repeating import Draw, Group, Repeated
from playground.sampling.state import Lens, Sampling
from playground.views import lens as lens_view
from playground.views import parting as parting_view
from playground.views import samples as samples_view
from playground.views import sampling as lab_view
from playground.views import token_look, tokens, variety
from playground.views.tokens import Shade

#: (text of its own, bytes): what tokens may be.
HOSTILE = [
    ("<script>alert(1)</script>", ()),
    ('"><img src=x onerror=alert(2)>', ()),
    ("&lt;b&gt;", ()),
    ("'", ()),
    (" ", ()),
    ("\n", ()),
    ("\r\n\t", ()),
    ("\u00a0", ()),
    ("\u200b", ()),
    ("\u202eevil", ()),
    ("\u202e", ()),
    ("\x00\x1b[31m", ()),
    ("שלום", ()),
    ("مرحبا", ()),
    ("👩\u200d🚀", ()),
    ("\u200d", ()),
    ("\ufe0f", ()),
    ("", (240, 159)),  # the first half of a character
    ("😀", (152, 128)),  # the other half brings the text
    ("\ufffd", ()),
    ("", ()),
]

#: Kinds of characters that leave no ink.
INKLESS = ("Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co", "Cs")


class Page(HTMLParser):
    """Markup as a browser reads it: elements with attributes and text, properly nested."""

    def __init__(self, markup):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(str(markup))
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "img", "iframe", "style")
        one = (tag, dict(attrs), [])
        assert not any(name.startswith("on") for name, _ in attrs)
        self.elements.append(one)
        if tag not in ("br", "hr", "input"):
            self._open.append(one)

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, text in self._open:
            text.append(data)

    def find(self, class_):
        return [one for one in self.elements if class_ in (one[1].get("class") or "").split()]


def ink(text):
    return [char for char in text if unicodedata.category(char) not in INKLESS and not "\ufe00" <= char <= "\ufe0f"]


def words(element):
    return "".join(element[2])


def event(text, logprob=-0.5, candidates=None, raw=None, id=None):
    given = tuple(text.encode()) if raw is None else raw
    found = (Candidate(text, logprob, given, id),) if candidates is None else tuple(candidates)
    return TokenEvent(text, logprob, found, given, id)


def sample_of(*said, state="done", model="smollm2", **more):
    tokens = tuple(one if isinstance(one, TokenEvent) else event(one) for one in said)
    text = "".join(token.text for token in tokens)
    more = {"tokens": tokens, "text": text, "finish": "stop", **more}
    return replace(Sample(SamplingParams(), "ollama", "0.32.15", model, state=state), **more)


def facts_for(**values):
    neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}
    given = {name: (value, "you") for name, value in {**neutral, **values}.items()}
    return Facts("ollama", "0.32.15", "smollm2", given, {}, LLAMA_ORDER, 1000)


def seen(sample, token=-1, lens=None, rows=None, key="", **values):
    return look(0, sample, facts_for(**values), lens or Lens(), rows or FullRows(), key, token)


def spread(*shares):
    """A token with candidates of these probabilities, the first one said."""
    found = [Candidate(f" {n}", math.log(share), (32, 48 + n)) for n, share in enumerate(shares)]
    return TokenEvent(" 0", found[0].logprob, tuple(found), found[0].bytes)


def second(*shares):
    """The same, but the second was said."""
    other = spread(*shares).candidates[1]
    return replace(spread(*shares), text=other.token, bytes=other.bytes, logprob=other.logprob)


# hostile tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "raw"), HOSTILE)
def test_a_token_by_itself_is_always_seen_and_never_markup(text, raw):
    given = raw or tuple(text.encode())
    (whole, *_) = Page(tokens.piece(text, given)).elements
    assert ink(words(whole))
    shown = tokens.plain(text, given)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in shown)
    assert ink(shown)


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


# parting ----------------------------------------------------------------------------------------------

A, B, C = event("a"), event("b"), event("c")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (sample_of(A, B), sample_of(A, B), Parting("same", 2, "ab")),
        (sample_of(A, B), sample_of(A, C), Parting("parted", 1, "a")),
        (sample_of(B), sample_of(A, C), Parting("parted", 0, "")),
        (sample_of(A), sample_of(A, C), Parting("goes on", 1, "a")),
        (sample_of(A, state="running"), sample_of(A, C), Parting("waiting", 1, "a")),
        (sample_of(A, state="running"), sample_of(C, A), Parting("parted", 0, "")),
        (sample_of(A, state="stopped"), sample_of(A, C, state="failed"), Parting("goes on", 1, "a")),
        (None, sample_of(A), Parting("waiting")),
        (sample_of(state="waiting"), sample_of(A), Parting("waiting")),
        (sample_of(), sample_of(A), Parting("text only", common="")),
        (sample_of(tokens=(), text="ab"), sample_of(tokens=(), text="ac"), Parting("text only", common="a")),
        (sample_of(tokens=(), text="ab"), sample_of(A, B), Parting("same", common="ab")),
        (sample_of(tokens=(), text="a", state="running"), sample_of(A, B), Parting("waiting", common="a")),
        (sample_of(tokens=(), text="a"), sample_of(A, B), Parting("text only", common="a")),
        # other tokens for the same words: where the models differ, that is no difference of the answers
        (sample_of("ab", "c"), sample_of("a", "bc", model="other"), Parting("same", common="abc")),
        (sample_of("ab", "c"), sample_of("a", "bd", model="other"), Parting("text only", common="ab")),
        (sample_of("ab", "c"), sample_of("a", "bc"), Parting("parted", 0, "")),
        (sample_of("a", "b"), sample_of("a", "c", model="other"), Parting("parted", 1, "a")),
    ],
)
def test_where_two_answers_part(one, other, expected):
    found = parting(one, other)
    assert (found.state, found.common) == (expected.state, expected.common)
    assert found.token == expected.token or found.state != "parted"
    back = parting(other, one)
    assert (back.state, back.common) == (found.state, found.common)


def test_tokens_are_compared_by_their_bytes():
    half, otherwise = event("", raw=(240, 159)), event("", raw=(240, 160))
    assert first_difference([half, A], [otherwise, A]) == 0
    assert first_difference([half, A], [half, A]) == 2


def panel(one, other, pair=(0, 1), shown=2):
    now = Drawn(answers=(Answer(sample=one), Answer(sample=other)))
    return Page(parting_view.panel(Sampling(shown=shown, pair=pair), now, parting(one, other)))


def test_both_distributions_stand_where_two_columns_part():
    page = panel(
        sample_of("The", spread(0.5, 0.3, 0.2)),
        sample_of("The", second(0.5, 0.3, 0.2)),
    )
    sides = page.find("side")
    assert len(sides) == 2
    assert [side[1]["class"].split()[-1] for side in sides] == ["col-a", "col-b"]
    assert len(page.find("said")) == 2
    looks = [one[1]["data-arg"] for one in page.elements if one[1].get("data-act") == "token"]
    assert looks == ["A:1", "B:1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sample_of(*(event(text, raw=raw or None) for text, raw in HOSTILE)), sample_of(A)),
        (sample_of("<b>"), sample_of("<i>")),
        (sample_of(tokens=(), text="<b>a"), sample_of(tokens=(), text="<b>c")),
        (sample_of(A), sample_of(A)),
        (sample_of(A), sample_of(A, B)),
        (sample_of(A), None),
        (sample_of(A), sample_of("z", model="other")),
        (sample_of(event("", raw=(240, 159))), sample_of(event("", raw=(240, 160)))),
        (sample_of(event("x", candidates=())), sample_of(event("y", candidates=()))),
    ],
)
def test_any_parting_can_be_shown(one, other):
    page = panel(one, other)
    assert ink(words(page.elements[0]))
    for side in page.find("who"):
        assert ink(words(side))


def test_more_columns_offer_more_pairs_and_hidden_ones_none():
    page = panel(sample_of(A), sample_of(B), shown=4)
    pairs = [one[1]["data-arg"] for one in page.elements if one[1].get("data-act") == "pair"]
    assert pairs == ["01", "02", "03", "12", "13", "23"]
    assert parting_view.panel(Sampling(shown=2, pair=(0, 3)), Drawn(), Parting("waiting")) == ""


# the lens ---------------------------------------------------------------------------------------------


def test_the_order_of_samplers_decides_what_top_p_cuts():
    sample = sample_of(spread(0.5, 0.3, 0.2))
    llama = seen(sample, lens=Lens(temperature=2, top_p=0.45, order="llama"))
    go = seen(sample, lens=Lens(temperature=2, top_p=0.45, order="go"))
    assert llama.seen.chosen_low[0] == pytest.approx(1), "the likeliest alone reaches 0.45"
    weights = np.sqrt([0.5, 0.3])
    assert go.seen.chosen_low[0] == pytest.approx(weights[0] / weights.sum()), "flattened, it does not"
    assert seen(sample, lens=Lens(order="server")).order == LLAMA_ORDER


def test_a_lens_that_is_not_turned_is_how_the_answer_was_drawn():
    sample = sample_of(spread(0.5, 0.3, 0.2), spread(0.9, 0.1))
    plain = seen(sample, temperature=0.5, top_k=2)
    assert not plain.turned
    assert plain.seen.chosen_low == pytest.approx(plain.before.chosen_low)
    assert plain.before.chosen_low == pytest.approx([0.25 / 0.34, 0.81 / 0.82], abs=1e-5)
    assert seen(sample, temperature=0.5, lens=Lens(temperature=1)).turned
    assert plain.model.chosen_low == pytest.approx([0.5, 0.9], abs=1e-5)


def test_what_the_lens_cannot_see_is_said():
    sample = sample_of(spread(0.7, 0.3))
    plain = Page(lens_view.lens(seen(sample)))
    bent = Page(lens_view.lens(seen(sample, repeat_penalty=1.1, presence_penalty=0.5)))
    assert len(bent.find("warning")) == len(plain.find("warning")) + 1
    assert any("repeat_penalty, presence_penalty" in words(one) for one in bent.find("warning"))
    assert seen(sample, repeat_penalty=1, frequency_penalty=0.0).penalties == ()
    ruled = replace(sample, params=SamplingParams(format='{"type":"object"}'))
    assert len(Page(lens_view.lens(seen(ruled))).find("warning")) == len(plain.find("warning")) + 1


def test_bounds_are_told_as_bounds():
    sample = sample_of(spread(0.4, 0.3))
    open_ended = seen(sample, lens=Lens(temperature=1.5))
    assert not open_ended.seen.exact
    assert len(Page(lens_view.lens(open_ended)).find("warning")) == 1
    inside = seen(sample, lens=Lens(top_k=2, temperature=1.5))
    assert inside.seen.exact
    assert not Page(lens_view.lens(inside)).find("warning")
    close = seen(sample, token=0, lens=Lens(temperature=1.5)).token
    assert close.tail_model == pytest.approx(0.3)
    assert close.low[0] < close.high[0]
    assert close.tail_low < close.tail_high


def test_an_answer_that_could_not_be_is_never():
    page = Page(lens_view.lens(seen(sample_of(spread(0.6, 0.4), second(0.6, 0.4)), lens=Lens(temperature=0))))
    cells = [words(one) for one in page.elements if one[0] == "td"]
    assert "never" in cells
    assert "∞" in cells
    assert len([one for one in page.find("tok") if "cut" in one[1]["class"].split()]) == 2  # one in the legend


@pytest.mark.parametrize("logprob", [-0.7, -2.3, -5, -6.91, -9.3, -13.8, -13.82, -14, -80, -700])
def test_odds_are_numbers_a_person_reads(logprob):
    rare = replace(spread(0.5), text="z", bytes=(122,), logprob=logprob)
    cells = [words(one) for one in Page(lens_view.lens(seen(sample_of(rare)))).elements if one[0] == "td"]
    assert cells[0].startswith("1 in ")
    assert "e+" not in cells[0]
    assert float(
        cells[0].split(" to ")[0].removeprefix("1 in ").replace(",", "").replace("10^", "1e")
    ) == pytest.approx(math.exp(-logprob), rel=0.01 if logprob > -13.8 else 4)


def test_candidates_may_be_of_any_number():
    ragged = sample_of(event("a", -0.1, candidates=()), spread(0.5, 0.3, 0.2), event("b"))
    for sample in (ragged, sample_of(event("a", candidates=())), sample_of(event("a", -0.0))):
        for token in range(len(sample.tokens)):
            found = seen(sample, token=token, lens=Lens(temperature=1.3, top_p=0.9))
            assert not found.full
            Page(lens_view.lens(found))
            Page(token_look.token_look(found))
    assert seen(sample_of()) is None
    assert seen(sample_of(TokenEvent("a"))) is None


def test_the_nearest_cut_is_drawn_among_the_bars():
    close = seen(sample_of(spread(0.4, 0.3, 0.2, 0.1)), token=0, lens=Lens(top_k=2, top_p=0.95, temperature=0.5))
    page = Page(token_look.token_look(close))
    (line,) = page.find("cut-line")
    rows = [one[1].get("class", "") for one in page.elements if one[0] == "li"]
    assert rows.index("cut-line") == 2
    assert "top-k 2" in words(line)
    assert sum("cut" in row.split() for row in rows) == 2
    assert close.token.said_low == pytest.approx(16 / 25)


def test_a_whole_distribution_stays_on_this_side():
    size = 49_152
    logs = np.sort(np.random.default_rng(1).normal(0, 2, size))[::-1]
    logs -= np.log(np.exp(logs).sum())
    found = tuple(Candidate(f"t{n}", float(logs[n]), id=n) for n in range(20))
    said = TokenEvent("t0", float(logs[0]), found, id=0)
    sample, rows = sample_of(said, said), FullRows()
    for at in range(2):
        rows.keep("key", at, Known.full([(np.arange(size), logs)], [0]))
    whole = seen(sample, token=0, rows=rows, key="key", temperature=1.5)
    assert whole.full
    assert whole.token.full
    assert whole.seen.exact
    weights = np.exp(logs / 1.5)
    assert whole.token.low == pytest.approx((weights / weights.sum())[:20])
    assert whole.token.tail_low == pytest.approx(1 - (weights / weights.sum())[:20].sum())
    assert whole.seen.low.shape == (2, 20), "no more goes on"
    assert whole.seen.low.sum(axis=1) + whole.seen.tail_low == pytest.approx([1, 1])
    again = seen(sample, token=1, rows=rows, key="key", temperature=1.5)
    assert again.seen is whole.seen, "computed once"
    assert len(whole.token.candidates) == len(whole.token.low) == len(whole.token.surely) == 20
    assert len(whole.token.curves) == CURVES
    for panel in (lens_view.lens(whole), token_look.token_look(whole)):
        assert len(str(panel).encode()) < 25_000


def acts(markup):
    return {one[1]["data-act"] for one in Page(markup).elements if "data-act" in one[1]}


def test_whole_distributions_are_offered_counted_and_can_be_stopped():
    builtin = replace(sample_of(event("a", id=1), event("b", id=2)), engine="builtin")
    assert exact.offered(builtin)
    assert exact.offered(replace(builtin, state="stopped"))
    for one in (
        None,
        replace(builtin, state="running"),
        sample_of("a"),
        replace(builtin, tokens=()),
        replace(builtin, thinking="Hm."),
    ):
        assert not exact.offered(one)
    assert acts(lab_view.offer_exact(2, None)) == {"exact"}
    assert acts(lab_view.offer_exact(0, None)) == set()
    broken = Fetching(total=2, state="failed", error=EngineFailed("<b>It broke.</b>", "Again."))
    page = Page(lab_view.offer_exact(2, broken))
    assert any("<b>It broke." in words(one) for one in page.find("fault"))
    under_way = Fetching(rows=(0,), took=(0.5,), total=2)
    assert acts(lab_view.fetching(under_way)) == {"exact-stop"}
    (bar,) = Page(lab_view.fetching(under_way)).find("bar")
    assert bar[1]["aria-valuenow"] == "50"


def test_what_an_experiment_found_stands_beside_each_option():
    evil = "<script>why</script>"
    told = (Probed("top_k", (1, 0), ("a", "b"), "taken", ""), Probed("seed", (1, 2), ("", ""), "not told", evil))
    found = Probing(rows=told, engine="ollama", model="smollm2", state="stopped")
    page = Page(samples_view.values_table(facts_for(seed=None), found.found, lab_view.probe_control(found, found)))
    assert len([one for one in page.elements if one[0] == "tr"]) == 6, "an option each"
    titles = [one[1].get("title") for one in page.elements]
    assert evil in titles
    running = replace(found, state="running")
    assert acts(lab_view.probe_control(running, running)) == {"probe-stop"}
    assert acts(lab_view.probe_control(None, None)) == {"probe"}
    (button,) = [one for one in Page(lab_view.probe_control(None, running)).elements if one[0] == "button"]
    assert "disabled" in button[1], "one experiment at a time"


def test_kept_distributions_have_an_end():
    rows, one = FullRows(), Known.full([([0, 1], np.log([0.6, 0.4]))], [0])
    for at in range(full.MOST + 5):
        rows.keep("a", at, one)
    assert rows.missing("a", full.MOST + 5) == [0, 1, 2, 3, 4]
    assert rows.all("a", full.MOST + 5) is None
    assert rows.one("b", 7) is None


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
