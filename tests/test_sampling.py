"""The samplers against a reference written out token by token, worked examples, and their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.engines.ollama_versions import GO_ORDER, LLAMA_ORDER
from pipelines.sampling import (
    SAMPLERS,
    Knobs,
    distribution,
    entropy,
    min_p,
    penalise,
    softmax,
    temperature,
    top_k,
    top_p,
    typical_p,
)

ORDERS = (GO_ORDER, LLAMA_ORDER)


# the reference: plain Python, one token after the other; a distribution is a list of (column, logit) ------------


def probabilities(tokens):
    largest = max(logit for _, logit in tokens)
    weights = [math.exp(logit - largest) for _, logit in tokens]
    return [weight / math.fsum(weights) for weight in weights]


def likeliest_first(tokens):
    return sorted(tokens, key=lambda token: (-token[1], token[0]))


def plain_top_k(tokens, k):
    return tokens if k <= 0 else likeliest_first(tokens)[:k]


def plain_temperature(tokens, t):
    if t <= 0:
        return likeliest_first(tokens)[:1]
    return [(column, logit / t) for column, logit in tokens]


def plain_top_p(tokens, p):
    if p >= 1:
        return tokens
    kept, total = [], 0.0
    ordered = likeliest_first(tokens)
    for token, probability in zip(ordered, probabilities(ordered), strict=True):
        kept.append(token)
        total += probability
        if total >= p:
            break
    return kept


def plain_min_p(tokens, p):
    if p <= 0:
        return tokens
    shares = probabilities(tokens)
    return [token for token, share in zip(tokens, shares, strict=True) if share >= p * max(shares)]


def plain_typical_p(tokens, p):
    if p >= 1:
        return tokens
    shares = probabilities(tokens)
    mean = math.fsum(-share * math.log(share) for share in shares if share > 0)
    far = [abs(-math.log(share) - mean) if share > 0 else math.inf for share in shares]
    kept, total = [], 0.0
    for at in sorted(range(len(tokens)), key=lambda at: (far[at], tokens[at][0])):
        kept.append(tokens[at])
        total += shares[at]
        if total > p:
            break
    return kept


PLAIN = {
    "top_k": plain_top_k,
    "temperature": plain_temperature,
    "top_p": plain_top_p,
    "min_p": plain_min_p,
    "typical_p": plain_typical_p,
}


def plain_distribution(logits, knobs, order):
    tokens = list(enumerate(logits))
    for name in order:
        tokens = PLAIN[name](tokens, getattr(knobs, name))
    result = [0.0] * len(logits)
    for (column, _), share in zip(tokens, probabilities(tokens), strict=True):
        result[column] = share
    return result


def plain_penalise(logits, counts, repeat, presence, frequency):
    result = []
    for logit, count in zip(logits, counts, strict=True):
        if count:
            logit = logit / repeat if logit > 0 else logit * repeat
            logit = logit - presence - frequency * count
        result.append(logit)
    return result


# logits of a model, no two alike: which of two equal tokens is cut is nobody's promise; thresholds as people set
# them, so that sums that only rounding keeps from a threshold do not occur
LOGITS = st.lists(st.integers(-2000, 2000), min_size=1, max_size=40, unique=True).map(
    lambda values: [value / 160 + value**2 / 7e6 for value in values]
)
TEMPERATURES = st.sampled_from([0.0, 0.05, 0.3, 0.7, 1.0, 1.3, 2.0])
KNOBS = st.builds(
    Knobs,
    temperature=TEMPERATURES,
    top_k=st.integers(-1, 45),
    top_p=st.floats(0.01, 1.1),
    min_p=st.floats(0.0, 0.9),
    typical_p=st.floats(0.01, 1.1),
)


@given(LOGITS, KNOBS, st.permutations(list(SAMPLERS)) | st.sampled_from(ORDERS))
def test_every_order_of_samplers_is_the_references(logits, knobs, order):
    expected = plain_distribution(logits, knobs, order)
    assert distribution(logits, knobs, order) == pytest.approx(expected, abs=1e-12)


@given(
    LOGITS,
    st.data(),
    st.floats(0.5, 2, exclude_min=True),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
def test_penalties_are_the_references(logits, data, repeat, presence, frequency):
    counts = data.draw(st.lists(st.integers(0, 5), min_size=len(logits), max_size=len(logits)))
    expected = plain_penalise(logits, counts, repeat, presence, frequency)
    found = penalise(logits, counts, repeat=repeat, presence=presence, frequency=frequency)
    assert found == pytest.approx(expected)
    assert (penalise(logits, counts) == logits).all()  # neutral as they stand


def test_each_sampler_by_hand():
    logits = np.log([0.5, 0.3, 0.15, 0.05])

    def left(cut):
        return softmax(cut).round(4).tolist()

    assert left(top_k(logits, 2)) == [0.625, 0.375, 0, 0]
    assert left(top_p(logits, 0.7)) == [0.625, 0.375, 0, 0]
    assert left(min_p(logits, 0.2)) == [0.5263, 0.3158, 0.1579, 0]  # 0.1 and more
    assert left(temperature(logits, 0.5)) == [0.6849, 0.2466, 0.0616, 0.0068]  # squares, renormalised
    assert left(temperature(logits, 0)) == [1, 0, 0, 0]
    # the entropy is 1.142; surprises 0.693, 1.204, 1.897, 2.996: the second is nearest, then the first
    assert left(typical_p(logits, 0.2)) == [0, 1, 0, 0]
    assert left(typical_p(logits, 0.3)) == [0.625, 0.375, 0, 0]  # exactly p is not enough
    assert entropy([0.5, 0.3, 0.15, 0.05]) == pytest.approx(1.14212, abs=1e-5)


def test_penalties_by_hand():
    # said twice: 2 / 1.5 - 0.5 - 2 * 0.1; a negative logit is multiplied; what was not said is as it was
    found = penalise([2.0, -2.0, 1.0], [2, 1, 0], repeat=1.5, presence=0.5, frequency=0.1)
    assert found == pytest.approx([2 / 1.5 - 0.7, -3 - 0.6, 1.0])


def test_the_order_decides_what_top_p_sees():
    logits = np.log([0.5, 0.3, 0.15, 0.05])
    hot = Knobs(temperature=2, top_p=0.7)
    assert (distribution(logits, hot, LLAMA_ORDER) > 0).tolist() == [True, True, False, False]
    assert (distribution(logits, hot, GO_ORDER) > 0).tolist() == [True, True, True, False]


def test_rows_are_worked_on_each_for_itself():
    rows = np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    knobs = Knobs(temperature=0.7, top_p=0.75, min_p=0.05)
    both = distribution(np.stack([rows, rows[::-1]]), knobs, LLAMA_ORDER)
    assert both.shape == (2, 2, 3)
    assert (both[0, 1] == distribution(rows[1], knobs, LLAMA_ORDER)).all()
    assert (both[1, 1] == distribution(rows[0], knobs, LLAMA_ORDER)).all()


def test_of_equal_tokens_the_earlier_stays():
    assert np.isfinite(top_k([1.0, 1.0, 1.0], 2)).tolist() == [True, True, False]
    assert np.isfinite(top_p([1.0, 1.0, 1.0], 0.5)).tolist() == [True, True, False]
    assert np.isfinite(temperature([0.0, 1.0, 1.0], 0)).tolist() == [False, True, False]


@given(LOGITS, KNOBS, st.sampled_from(ORDERS))
def test_probabilities_sum_to_one_and_a_token_always_stays(logits, knobs, order):
    found = distribution(logits, knobs, order)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


@given(LOGITS)
def test_a_falling_temperature_ends_at_the_likeliest_token(logits):
    best = int(np.argmax(logits))
    assert distribution(logits, Knobs(temperature=1e-6), GO_ORDER)[best] == pytest.approx(1)
    for order in ORDERS:
        for greedy in (Knobs(temperature=0), Knobs(temperature=-1), Knobs(top_k=1), Knobs(top_p=0), Knobs(min_p=1)):
            assert distribution(logits, greedy, order).argmax() == best
            assert distribution(logits, greedy, order)[best] == pytest.approx(1)


def cut_pairs():
    """Two values of a knob, the second the one that cuts more."""
    share = st.floats(0.01, 1)
    return st.one_of(
        st.tuples(st.just("top_k"), st.integers(1, 40), st.integers(1, 40)).map(
            lambda t: (t[0], max(t[1:]), min(t[1:]))
        ),
        st.tuples(st.just("top_p"), share, share).map(lambda t: (t[0], max(t[1:]), min(t[1:]))),
        st.tuples(st.just("min_p"), share, share).map(lambda t: (t[0], min(t[1:]), max(t[1:]))),
    )


@given(LOGITS, cut_pairs())
def test_cutting_more_of_the_unlikely_never_raises_the_entropy(logits, pair):
    name, loose, tight = pair
    less, more = SAMPLERS[name](logits, loose), SAMPLERS[name](logits, tight)
    assert np.isfinite(less[np.isfinite(more)]).all()  # what the tighter keeps, the looser keeps
    assert entropy(softmax(more)) <= entropy(softmax(less)) + 1e-9


@given(LOGITS, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_tighter_typical_p_keeps_a_part_of_what_a_looser_keeps(logits, one, other):
    # its entropy may rise: what it cuts may be the likeliest token
    less, more = typical_p(logits, max(one, other)), typical_p(logits, min(one, other))
    assert np.isfinite(less[np.isfinite(more)]).all()


@given(LOGITS, st.floats(0.1, 3), st.floats(0.1, 3))
def test_a_lower_temperature_never_raises_the_entropy(logits, one, other):
    cold, hot = softmax(temperature(logits, min(one, other))), softmax(temperature(logits, max(one, other)))
    assert entropy(cold) <= entropy(hot) + 1e-9


@given(LOGITS, KNOBS, st.permutations(list(SAMPLERS)))
def test_order_matters_only_where_it_should(logits, knobs, order):
    uncut = Knobs(temperature=knobs.temperature)
    assert distribution(logits, uncut, order) == pytest.approx(distribution(logits, uncut, LLAMA_ORDER))
    # temperature keeps ranks, and only ranks count for top-k
    ranks = Knobs(temperature=knobs.temperature, top_k=knobs.top_k)
    assert distribution(logits, ranks, order) == pytest.approx(distribution(logits, ranks, LLAMA_ORDER))
    # at temperature 1 it has nothing to change before top-p, min-p or typical-p
    cool = Knobs(top_p=knobs.top_p)
    assert distribution(logits, cool, order) == pytest.approx(distribution(logits, cool, GO_ORDER))


@given(LOGITS, st.floats(-50, 50), KNOBS)
def test_only_differences_of_logits_count(logits, shift, knobs):
    moved = [logit + shift for logit in logits]
    assume(len(set(moved)) == len(logits))
    wide = Knobs(knobs.temperature, knobs.top_k, round(knobs.top_p, 2) + 0.0037, round(knobs.min_p, 2) + 0.0037)
    assert distribution(moved, wide, LLAMA_ORDER) == pytest.approx(distribution(logits, wide, LLAMA_ORDER), abs=1e-9)


def test_knobs_out_of_ollamas_options():
    assert Knobs.of({"temperature": 0.2, "top_k": None, "num_ctx": 4096, "repeat_penalty": 1.1}) == Knobs(0.2)
    assert Knobs.of({}) == Knobs()
    on = Knobs(temperature=0, top_k=5, top_p=0.9, min_p=0.1, typical_p=0.5)
    off = Knobs(top_k=-1, top_p=1.5, min_p=-1, typical_p=2)
    for name in SAMPLERS:
        assert on.turned(name)
        assert not off.turned(name)
    assert not on.turned("mirostat")
