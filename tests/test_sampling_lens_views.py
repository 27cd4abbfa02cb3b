"""What the sampling lab shows of where answers part, of the lens and of one token, on answers made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.engines.probing import Probed
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import EngineFailed
from pipelines.lens import Known
from playground.sampling import exact, full
from playground.sampling.drawing import Answer, Drawn
from playground.sampling.exact import Fetching
from playground.sampling.full import FullRows
from playground.sampling.looking import CURVES
from playground.sampling.parting import Parting, first_difference, parting
from playground.sampling.probing import Probing
from playground.sampling.state import Lens, Sampling
from playground.views import lens as lens_view
from playground.views import parting as parting_view
from playground.views import samples as samples_view
from playground.views import sampling as lab_view
from playground.views import token_look
from tests.sampling_by_hand import HOSTILE, Page, event, facts_for, ink, sample_of, second, seen, spread, words

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
    assert plain.seen is plain.before
    assert plain.seen.chosen_low == pytest.approx(plain.before.chosen_low)
    assert plain.before.chosen_low == pytest.approx([0.25 / 0.34, 0.81 / 0.82], abs=1e-5)
    assert seen(sample, temperature=0.5, lens=Lens(temperature=1)).seen is not plain.seen
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
