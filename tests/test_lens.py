"""The lens: whatever the tokens are that it does not see, the truth is within its bounds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.engines.base import Candidate, Message, TokenEvent
from pipelines.engines.builtin_models import SMALL
from pipelines.engines.ollama_versions import GO_ORDER, LLAMA_ORDER
from pipelines.lens import WIDEST, Known, steps, through
from pipelines.sampling import SAMPLERS, Knobs, distribution, softmax

ORDERS = (GO_ORDER, LLAMA_ORDER)
ROUNDING = 1e-7


def log_softmax(logits):
    shifted = np.asarray(logits, float) - np.max(logits)
    return shifted - np.log(np.exp(shifted).sum())


def cut_to(row, width, said, vocabulary=None):
    """The first candidates of a whole, descending row."""
    chosen = said if said < width else -1
    return Known(row[None, :width], np.array([chosen]), row[[said]], vocabulary or len(row))


def check(row, known, said, knobs, order):
    """All that the lens says of one row against the whole row."""
    width = known.logprobs.shape[1]
    chain = [row]
    for name in order:
        chain.append(SAMPLERS[name](chain[-1], getattr(knobs, name)))
    truth, kept = softmax(chain[-1]), np.isfinite(chain[-1])
    seen = through(known, knobs, order)
    within(seen.low[0], truth[:width], seen.high[0])
    within(seen.tail_low[0], truth[width:].sum(), seen.tail_high[0])
    within(seen.chosen_low[0], truth[said], seen.chosen_high[0])
    assert not (seen.surely[0] & ~kept[:width]).any()
    assert not (kept[:width] & ~seen.possibly[0]).any()
    assert seen.open_low[0] <= kept.sum() <= seen.open_high[0]
    turned = [(at, name) for at, name in enumerate(order) if knobs.turned(name)]
    for (at, name), step in zip(turned, steps(known, knobs, order), strict=True):
        assert (step.name, step.value) == (name, getattr(knobs, name))
        left = np.isfinite(chain[at + 1])
        assert step.kept[0] <= left[:width].sum() <= step.kept[1]
        within(step.cut[0], softmax(chain[at])[~left].sum(), step.cut[1])
    return seen, truth


def within(low, value, high):
    assert (np.asarray(low) <= np.asarray(value) + ROUNDING).all()
    assert (np.asarray(value) <= np.asarray(high) + ROUNDING).all()


# of eighths there are many equal ones, which ranks and thresholds must survive
LOGIT = st.floats(-12, 12) | st.integers(-40, 40).map(lambda eighths: eighths / 8)
ROWS = st.lists(LOGIT, min_size=30, max_size=200).map(lambda logits: -np.sort(-log_softmax(logits)))
KNOBS = st.builds(
    Knobs,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 1.0, 2.0]) | st.floats(0.1, 5),
    top_k=st.sampled_from([0, 0, 1, 5, 20, 21, 40]) | st.integers(0, 200),
    top_p=st.sampled_from([1.0, 1.0, 0.0, 0.5, 0.9, 0.99]) | st.floats(0, 1),
    min_p=st.sampled_from([0.0, 0.0, 0.05, 0.5, 1.0]) | st.floats(0, 1),
    typical_p=st.sampled_from([1.0, 1.0, 0.0, 0.5, 0.95]) | st.floats(0, 1),
)


@settings(max_examples=150, deadline=None)
@given(
    ROWS,
    st.integers(5, 20),
    st.integers(0, 199),
    KNOBS,
    st.sampled_from(ORDERS) | st.permutations(list(SAMPLERS)),
    st.sampled_from([None, WIDEST]),
)
def test_bounds_hold_for_any_distribution_order_and_token_said(row, width, said, knobs, order, vocabulary):
    said %= len(row)
    check(row, cut_to(row, width, said, vocabulary), said, knobs, order)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.integers(0, 199), KNOBS, st.sampled_from(ORDERS))
def test_a_whole_distribution_leaves_nothing_open(row, said, knobs, order):
    said %= len(row)
    seen, truth = check(row, cut_to(row, len(row), said), said, knobs, order)
    undecided = seen.surely != seen.possibly  # a threshold within rounding of a sum
    if not undecided.any():
        assert seen.exact
        assert seen.low[0] == pytest.approx(truth, abs=ROUNDING)


GRID = [
    Knobs(temperature, top_k, top_p, min_p, typical_p)
    for temperature, top_k, top_p, min_p, typical_p in itertools.product(
        (0, 0.7, 1.6), (0, 10, 40), (1.0, 0.9), (0.0, 0.1), (1.0, 0.4)
    )
]


@pytest.fixture(scope="module")
def whole_rows(builtin_engine):
    """Whole distributions of the real model, with the tokens it said: numbers, log-probabilities, events."""
    question = [Message("user", "Tell me about the sea.")]
    options = {"num_predict": 12, "num_ctx": 2048, "seed": 3, "temperature": 1.5}
    events = list(builtin_engine.chat(SMALL.name, question, options, top_logprobs=20))
    tokens = [event for event in events if isinstance(event, TokenEvent)]
    at = (0, 3, 11)
    ids = [token.id for token in tokens]
    rows = list(builtin_engine.distributions(SMALL.name, question, ids, at, num_ctx=2048))
    return rows, [tokens[place] for place in at]


@pytest.mark.builtin
def test_bounds_hold_on_a_real_models_distributions(whole_rows):
    rows, tokens = whole_rows
    exact = 0
    for (numbers, logprobs), token in zip(rows, tokens, strict=True):
        row = logprobs.astype(float)
        said = int(np.flatnonzero(numbers == token.id)[0])
        for knobs, order in itertools.product(GRID, ORDERS):
            if knobs.typical_p < 1 and order is GO_ORDER:
                continue
            seen, truth = check(row, cut_to(row, 20, said), said, knobs, order)
            exact += seen.exact
            if 0 < knobs.top_k <= 20:
                assert seen.exact
                assert seen.chosen_low[0] == pytest.approx(truth[said], abs=1e-6)
    assert exact > len(GRID)  # most cuts fall inside the candidates


@pytest.mark.builtin
def test_candidates_as_streamed_are_bounds_too(whole_rows):
    # as they come, with the rounding of the engine: 20 candidates, and perhaps a token from outside them
    rows, tokens = whole_rows
    known = Known.of(tokens, len(rows[0][0]))
    for at, ((numbers, logprobs), token) in enumerate(zip(rows, tokens, strict=True)):
        said = int(np.flatnonzero(numbers == token.id)[0])
        for knobs in (Knobs(), Knobs(temperature=0.7, top_p=0.9), Knobs(top_k=40), Knobs(temperature=1.5, min_p=0.05)):
            truth = distribution(logprobs, knobs, LLAMA_ORDER)
            seen = through(known.row(at), knobs, LLAMA_ORDER)
            assert seen.chosen_low[0] - 1e-4 <= truth[said] <= seen.chosen_high[0] + 1e-4
    assert known.chosen.tolist() == [
        int(place) if (place := np.flatnonzero(numbers == token.id)[0]) < 20 else -1
        for (numbers, _), token in zip(rows, tokens, strict=True)
    ]


@pytest.mark.builtin
def test_whole_rows_of_a_real_model_are_exact(whole_rows):
    rows, tokens = whole_rows
    known = Known.full(rows, [token.id for token in tokens])
    assert known.vocabulary == known.logprobs.shape[1] == 49_152
    assert (known.tail == 0).all()
    knobs = Knobs(temperature=0.8, top_p=0.95, typical_p=0.9)
    seen = through(known, knobs, LLAMA_ORDER)
    truth = distribution(known.logprobs, knobs, LLAMA_ORDER)
    assert seen.exact
    assert seen.chosen_low == pytest.approx(np.take_along_axis(truth, known.chosen[:, None], 1)[:, 0], abs=1e-6)
    assert seen.way[0] == pytest.approx(seen.way[1])


# by hand --------------------------------------------------------------------------------------------------------


def token(text, logprob, *candidates, number=None):
    others = tuple(Candidate(name, value, tuple(name.encode()), id) for name, value, id in candidates)
    return TokenEvent(text, logprob, others, tuple(text.encode()), number)


def test_candidates_of_many_lengths_and_tokens_from_outside():
    half = math.log(0.5)
    known = Known.of(
        [
            token("a", half, ("a", half, None), ("b", math.log(0.25), None)),
            token("z", -9.0, ("a", -0.1, None)),
            token("x", half),
        ],
        None,
    )
    assert known.logprobs.shape == (3, 2)
    assert known.chosen.tolist() == [0, -1, -1]
    assert known.vocabulary == WIDEST
    assert known.covered == pytest.approx([0.75, math.exp(-0.1), 0])
    assert known.tail[0] == pytest.approx(0.25)
    assert len(known.row(1)) == 1
    seen = through(known, Knobs(), LLAMA_ORDER)
    assert seen.chosen_low == pytest.approx(np.exp(known.chosen_logprob), abs=0.01)
    greedy = through(known, Knobs(temperature=0), LLAMA_ORDER)
    assert greedy.chosen_low.tolist() == [1, 0, 0]  # the third may be the likeliest, or not: no candidate is known
    assert greedy.chosen_high.tolist() == [1, 0, 1]
    assert greedy.way == (-math.inf, -math.inf)
    assert greedy.perplexity == (math.inf, math.inf)
    with pytest.raises(ValueError, match="no log-probability"):
        Known.of([TokenEvent("a")], None)


def test_tokens_of_the_same_text_are_told_apart():
    twins = (("�", -0.7, 5), ("�", -0.9, 9))
    assert Known.of([token("�", -0.9, *twins, number=9)], 10).chosen.tolist() == [1]
    assert Known.of([token("�", -0.9, *((*twin[:2], None) for twin in twins))], 10).chosen.tolist() == [1]
    assert Known.of([token("�", -3.0, *((*twin[:2], None) for twin in twins))], 10).chosen.tolist() == [-1]


def test_one_sure_token_stays_sure():
    known = Known(np.array([[0.0, -np.inf]]), np.array([0]), np.array([0.0]), 1)
    for knobs, order in itertools.product(GRID, ORDERS):
        seen = through(known, knobs, order)
        assert (seen.chosen_low[0], seen.open_high[0], seen.perplexity) == (1, 1, (1, 1))


def test_no_tokens_at_all():
    seen = through(Known.of([], None), Knobs(top_k=3), GO_ORDER)
    assert (seen.way, seen.perplexity, seen.exact) == ((0, 0), (1, 1), True)


def test_a_cut_inside_the_candidates_is_exact_and_one_outside_is_not():
    row = np.log([0.5, 0.2, 0.1, 0.08, 0.07, 0.05])
    known = cut_to(row, 3, 1)
    inside = through(known, Knobs(top_p=0.6), LLAMA_ORDER)
    assert inside.exact
    assert inside.low[0] == pytest.approx([5 / 7, 2 / 7, 0])
    assert (inside.tail_low[0], inside.tail_high[0]) == (0, 0)
    assert (inside.open_low[0], inside.open_high[0]) == (2, 2)
    assert inside.perplexity == pytest.approx((3.5, 3.5))
    outside = through(known, Knobs(temperature=2), LLAMA_ORDER)
    assert not outside.exact
    # three unknown tokens of 0.2 together: as equal as can be, or as unequal as the least candidate's 0.1 lets them
    known_roots = sum(math.sqrt(p) for p in (0.5, 0.2, 0.1))
    most, least = 3 * math.sqrt(0.2 / 3), 0.2 / math.sqrt(0.1)
    assert outside.chosen_low[0] == pytest.approx(math.sqrt(0.2) / (known_roots + most), rel=1e-4)
    assert outside.chosen_high[0] == pytest.approx(math.sqrt(0.2) / (known_roots + least), rel=1e-4)


def test_what_each_sampler_takes():
    row = np.log([0.5, 0.2, 0.1, 0.08, 0.07, 0.05])
    taken = steps(cut_to(row, 4, 1), Knobs(temperature=0.5, top_k=5, top_p=0.8), LLAMA_ORDER)
    assert [step.name for step in taken] == ["top_k", "top_p", "temperature"]
    assert [step.kept for step in taken] == [(4, 4), (3, 3), (3, 3)]
    low, high = taken[0].cut
    assert low <= 0.05 <= high < 0.08
    assert taken[2].cut == (0, 0)
