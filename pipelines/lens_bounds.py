"""Samplers on a distribution of which only the likeliest tokens are known: what holds for every possible rest.

The known tokens have a weight each (their probability over that of the likeliest one); the *tail*, all the others,
has a weight in sum, a number of tokens, and a largest and a least weight one of them can have. Each is an interval.
A sampler narrows and shifts them so that the true value stays inside: with r the tail's weight, n its tokens and t
the largest, tempering by b = 1 / T takes the tail's weight to between r t^(b-1) and n (r / n)^b, for x^b is concave
(b < 1) or convex (b > 1) and passes through 0.

What is nearer than 1e-9 to a threshold is taken for undecided, so that rounding decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import sampling

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
_NEAR = 1e-9
_NOTHING = 1e-13  # what rounding leaves of a difference


@dataclass(frozen=True)
class Tail:
    """Bounds of the tokens that are not known, (n,) each; weights are relative to the likeliest token's."""

    low: FloatArray  # of the sum of weights
    high: FloatArray
    fewest: FloatArray  # of the number of tokens
    most: FloatArray
    top: FloatArray  # no token weighs more
    floor: FloatArray  # or less

    def cut(self, low: FloatArray, high: FloatArray, most: FloatArray) -> Tail:
        """What is left when the weight left and the most tokens left are known."""
        low, most = np.clip(low, 0, self.low), np.where(high > 0, np.floor(np.minimum(most, self.most)), 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(low > 0, np.ceil(low / self.top - _NEAR), 0)
        high = np.minimum(high, self.high)
        return replace(self, low=low, high=high, fewest=np.minimum(needed, most), most=most)


@dataclass(frozen=True)
class Bounds:
    """What may be left of each distribution at one point of the chain.

    Attributes:
        logs: (n, C) logarithms of the known tokens' weights, descending, -inf pads.
        surely: (n, C) still in for certain.
        possibly: (n, C) perhaps still in.
        outside: (n, C) the one known token, the last of its row, that tokens of the tail may be likelier than.
        tail: The rest.
    """

    logs: FloatArray
    surely: BoolArray
    possibly: BoolArray
    outside: BoolArray
    tail: Tail

    @property
    def sums(self) -> tuple[FloatArray, FloatArray]:
        """(n,) the least and the most the known tokens may weigh."""
        weights = np.exp(self.logs)
        return (weights * self.surely).sum(axis=1), (weights * self.possibly).sum(axis=1)

    def ahead(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(n, C) tail tokens likelier than a known one: least and greatest weight, least and greatest number."""
        tail, weights = self.tail, np.exp(self.logs)
        with np.errstate(divide="ignore", invalid="ignore"):
            low = np.maximum(0, tail.low[:, None] - tail.most[:, None] * weights)
            fewest = np.where(low > 0, np.ceil(low / tail.top[:, None] - _NEAR), 0)
            most = np.minimum(tail.most[:, None], np.floor(tail.high[:, None] / weights + _NEAR))
        high = np.where(most > 0, tail.high[:, None], 0)
        low, high, fewest, most = (np.where(self.outside, a, 0.0) for a in (low, high, fewest, most))
        return low, high, fewest, most


def top_k(bounds: Bounds, k: int) -> Bounds:
    """See :func:`pipelines.sampling.top_k`; of the tail the likeliest stay, a share at least as large as theirs."""
    _, _, fewest, most = bounds.ahead()
    surely = bounds.surely & (_before(bounds.possibly) + most < k)
    possibly = bounds.possibly & (_before(bounds.surely) + fewest < k)
    tail = bounds.tail
    most_left = np.minimum(tail.most, np.maximum(0, k - surely.sum(axis=1)))
    fewest_left = np.minimum(tail.fewest, np.maximum(0, k - possibly.sum(axis=1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(tail.most > 0, np.minimum(1, fewest_left / tail.most), 0)
    low = np.maximum(tail.low * share, fewest_left * tail.floor)
    left = tail.cut(low, np.minimum(tail.high, most_left * tail.top), most_left)
    left = replace(left, fewest=np.minimum(most_left, np.maximum(left.fewest, fewest_left)))
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def temperature(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.temperature`."""
    if value <= 0:
        return _likeliest(bounds)
    power, tail = 1 / max(value, 1e-300), bounds.tail
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at_top = np.where(tail.top > 0, tail.top ** (power - 1), 0)
        at_floor = np.where(tail.floor > 0, tail.floor ** (power - 1), np.inf if power < 1 else 0)
        if power < 1:
            low = tail.low * at_top
            even = tail.most * (tail.high / tail.most) ** power
            high = np.fmin(np.fmin(even, tail.high * at_floor), tail.most * tail.top**power)
        else:
            high = np.fmin(tail.high * at_top, tail.most * tail.top**power)
            even = tail.most * (tail.low / tail.most) ** power
            low = np.fmax(even, tail.low * at_floor)
        low = np.where(tail.most > 0, np.nan_to_num(low), 0)
        high = np.where((tail.most > 0) & (tail.high > 0), high, 0)
    changed = replace(tail, low=low, high=high, top=tail.top**power, floor=tail.floor**power)
    return replace(bounds, logs=bounds.logs * power, tail=changed)


def _likeliest(bounds: Bounds) -> Bounds:
    """Temperature 0: one token, and a tail token only where every known one may be out."""
    _, _, fewest, most = bounds.ahead()
    surely = bounds.surely & (_before(bounds.possibly) + most == 0)
    possibly = bounds.possibly & (_before(bounds.surely) + fewest == 0)
    tail = bounds.tail
    open_ = (tail.most > 0) & ~(bounds.surely & ~bounds.outside).any(axis=1) & ~surely.any(axis=1)
    alone = open_ & ~possibly.any(axis=1)
    left = Tail(
        low=np.where(alone, tail.floor, 0),
        high=np.where(open_, tail.top, 0),
        fewest=alone.astype(float),
        most=open_.astype(float),
        top=tail.top,
        floor=tail.floor,
    )
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def top_p(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.top_p`; a share of what is before a token grows with it and falls with the rest."""
    value, weights, tail = max(value, 0.0), np.exp(bounds.logs), bounds.tail
    sure, maybe = weights * bounds.surely, weights * bounds.possibly
    low, high, _, _ = bounds.ahead()
    before_low, before_high = _before(sure) + low, _before(maybe) + high
    rest_low = weights + _after(sure) + np.where(bounds.outside, 0, tail.low[:, None])
    # where tail tokens are ahead, the least share has as many of them as possible behind
    behind = np.where(bounds.outside, np.minimum(tail.high[:, None], tail.most[:, None] * weights), tail.high[:, None])
    rest_high = weights + _after(maybe) + behind
    surely = bounds.surely & ((before_high == 0) | (before_high / (before_high + rest_low) < value - _NEAR))
    with np.errstate(invalid="ignore"):
        share = before_low / (before_low + rest_high)
    possibly = bounds.possibly & ((before_low == 0) | (share < value + _NEAR))
    left = _top_p_tail(bounds, value, sure, maybe)
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def _top_p_tail(bounds: Bounds, value: float, sure: FloatArray, maybe: FloatArray) -> Tail:
    """The tail keeps what p lacks beyond the candidates, and at most one token more."""
    tail, outside = bounds.tail, bounds.outside
    ahead_low, ahead_high = np.where(outside, 0, sure).sum(axis=1), np.where(outside, 0, maybe).sum(axis=1)
    other = np.where(outside, maybe, 0).sum(axis=1)
    lacks_low = value * tail.low - (1 - value) * (ahead_high + other)
    lacks_high = value * (tail.high + other) - (1 - value) * ahead_low
    any_left = (tail.high > 0) & ((lacks_high > -_NEAR) | (ahead_low == 0))
    high = np.where(any_left, np.minimum(tail.high, np.maximum(lacks_high, 0) + tail.top), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_floor = np.where(tail.floor > 0, np.maximum(lacks_high, 0) / tail.floor + 1 + _NEAR, np.inf)
        by_share = np.where(tail.low > 0, tail.most * high / tail.low + _NEAR, np.inf)  # the likeliest weigh more
    return tail.cut(lacks_low, high, np.minimum(by_floor, by_share))


def min_p(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.min_p`."""
    tail = bounds.tail
    with np.errstate(divide="ignore", invalid="ignore"):
        tail_top = np.where(tail.most > 0, np.log(tail.top), -np.inf)
        tail_mean = np.where(tail.low > 0, np.log(tail.low / tail.most), -np.inf)
    sure = np.where(bounds.surely, bounds.logs, -np.inf).max(axis=1, initial=-np.inf)
    maybe = np.where(bounds.possibly, bounds.logs, -np.inf).max(axis=1, initial=-np.inf)
    largest_low, largest_high = np.maximum(sure, tail_mean), np.maximum(maybe, tail_top)
    share = np.log(min(value, 1.0))
    surely = bounds.surely & (
        (bounds.logs >= largest_high[:, None] + share + _NEAR) | (bounds.logs >= largest_high[:, None])
    )
    possibly = bounds.possibly & (bounds.logs >= largest_low[:, None] + share - _NEAR)
    cut_low, cut_high = np.exp(largest_low + share - _NEAR), np.exp(largest_high + share + _NEAR)
    high = np.where(tail.top >= cut_low, tail.high, 0)
    floor = np.maximum(tail.floor, cut_low)
    whole = tail.floor >= cut_high
    with np.errstate(divide="ignore", invalid="ignore"):
        left = tail.cut(np.where(whole, tail.low, tail.low - tail.most * cut_high), high, high / floor + _NEAR)
    left = replace(left, floor=floor, fewest=np.where(whole, tail.fewest, left.fewest))
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def typical_p(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.typical_p`.

    Of the weights' surprises -ln w, E is the weighted mean (the entropy less ln of the sum): a token stays while
    those nearer to E weigh no more than ``value`` of all. The weight nearer than a token is monotone in the distance
    of E from it, so the ends of E's interval bound it.
    """
    value, tail = max(value, 0.0), bounds.tail
    exact = (tail.high == 0) & (bounds.surely == bounds.possibly).all(axis=1)
    surely, possibly = bounds.surely.copy(), bounds.possibly.copy()
    if exact.any():
        kept = sampling.typical_p(np.where(surely[exact], bounds.logs[exact], -np.inf), value)
        surely[exact] = possibly[exact] = np.isfinite(kept)
    if exact.all():
        return replace(bounds, surely=surely, possibly=possibly, tail=tail.cut(tail.low, tail.high, tail.high))
    known_low, known_high = bounds.sums
    total_low, total_high = known_low + tail.low, known_high + tail.high
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        nearer_low, nearer_high = _nearer(bounds)
        share_low, share_high = nearer_low / total_high[:, None], nearer_high / total_low[:, None]
    stays, may_stay = share_high <= value - _NEAR, share_low <= value + _NEAR
    loose = ~exact[:, None]
    surely &= np.where(loose, stays[:, :-1] | (nearer_high[:, :-1] == 0), True)
    possibly &= np.where(loose, may_stay[:, :-1], True)
    weights = np.exp(bounds.logs)
    kept_low, kept_high = (weights * surely).sum(axis=1), (weights * possibly).sum(axis=1)
    largest = np.maximum((weights * bounds.possibly).max(axis=1, initial=0), tail.top)
    high = np.where(may_stay[:, -1], np.minimum(tail.high, value * total_high + largest - kept_low), 0)
    left = tail.cut(value * total_low - kept_high, np.maximum(high, 0), tail.most)
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def _nearer(bounds: Bounds) -> tuple[FloatArray, FloatArray]:
    """Least and greatest weight nearer to E than each known token, (n, C), and than the likeliest tail token."""
    tail, weights = bounds.tail, np.exp(bounds.logs)
    sure, maybe = weights * bounds.surely, weights * bounds.possibly
    tail_first = np.where(tail.top > 0, -np.log(tail.top), np.inf)
    surprise = np.concatenate([-bounds.logs, tail_first[:, None]], axis=1)
    own = np.concatenate([maybe, np.zeros_like(tail_first)[:, None]], axis=1)
    ends = _mean_surprise(bounds, tail_first)
    lows, highs = [], []
    for end in ends:
        mirrored = 2 * end[:, None] - surprise
        left, right = np.minimum(surprise, mirrored), np.maximum(surprise, mirrored)
        low = _between(-bounds.logs, sure, left + _NEAR, right - _NEAR)
        high = _between(-bounds.logs, maybe, left - _NEAR, right + _NEAR, closed=True) - own
        reaches = right + _NEAR > tail_first[:, None]
        heaviest = np.minimum(tail.high[:, None], tail.most[:, None] * np.exp(-left))
        within = left + _NEAR < tail_first[:, None]
        lightest = np.maximum(0, tail.low[:, None] - tail.most[:, None] * np.exp(_NEAR - right))
        lows.append(low + np.where(within, lightest, 0))
        highs.append(np.where(high > _NOTHING, high, 0) + np.where(reaches, heaviest, 0))
    inside = (surprise > ends[0][:, None] - _NEAR) & (surprise < ends[1][:, None] + _NEAR)
    # a tail token may also be anywhere beyond the likeliest: it is as near as can be where E is beyond that
    inside[:, -1] = (tail_first < ends[1] + _NEAR) & (tail.high > 0)
    low = np.where(inside, 0, np.minimum(*lows))
    low[:, -1] = np.where(tail.high > 0, low[:, -1], np.inf)
    return low, np.maximum(*highs)


def _mean_surprise(bounds: Bounds, tail_first: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n,) bounds of E: the least with the likeliest of the undecided tokens, the greatest with the others.

    A tail of weight r and n tokens has a mean surprise between that of its likeliest token and ln(n / r).
    """
    tail, weights = bounds.tail, np.exp(bounds.logs)
    surprise = np.where(weights > 0, -bounds.logs, 0)
    sure, open_ = weights * bounds.surely, weights * (bounds.possibly & ~bounds.surely)
    some, least = sure.sum(axis=1), (sure * surprise).sum(axis=1)
    edge = np.zeros((len(some), 1))
    with_ = np.concatenate([edge, open_.cumsum(axis=1)], axis=1)
    with_x = np.concatenate([edge, (open_ * surprise).cumsum(axis=1)], axis=1)
    below = np.minimum(
        *(
            _ratio((least + _times(rest, tail_first))[:, None] + with_x, (some + rest)[:, None] + with_, np.inf)
            for rest in (tail.low, tail.high)
        )
    ).min(axis=1)
    upon, upon_x = with_[:, -1:] - with_ + some[:, None], with_x[:, -1:] - with_x + least[:, None]
    mean = np.minimum(-np.log(tail.floor), np.where(tail.low > 0, np.log(tail.most / tail.low), np.inf))
    otherwise = np.where(tail.high > 0, np.inf, -np.inf)[:, None]
    by_mean = np.maximum(
        *(
            _ratio(upon_x + _times(rest, mean)[:, None], upon + rest[:, None], otherwise)
            for rest in (tail.low, tail.high)
        )
    )
    at = np.clip(tail.most / np.e, tail.low, tail.high)
    spread = np.where(at > 0, at * np.log(np.maximum(tail.most, _NEAR) / np.where(at > 0, at, 1)), 0)
    by_sum = _ratio(upon_x + spread[:, None], upon + tail.low[:, None], otherwise)
    return below, np.maximum(below, np.minimum(by_mean, by_sum).max(axis=1))


def _between(
    points: FloatArray, weights: FloatArray, left: FloatArray, right: FloatArray, *, closed: bool = False
) -> FloatArray:
    """Row by row, the weight of the points in an interval; points ascend."""
    result = np.empty(left.shape)
    sides: tuple[Any, Any] = ("left", "right") if closed else ("right", "left")
    for at in range(len(points)):
        sums = np.concatenate([[0.0], weights[at].cumsum()])
        begin, end = points[at].searchsorted(left[at], sides[0]), points[at].searchsorted(right[at], sides[1])
        result[at] = sums[end] - sums[begin]
    return np.maximum(result, 0)


def _ratio(above: FloatArray, below: FloatArray, otherwise: FloatArray | float) -> FloatArray:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1), otherwise))


def _times(weight: FloatArray, value: FloatArray) -> FloatArray:
    """Nothing times anything is nothing."""
    return np.asarray(np.where(weight > 0, weight * np.where(weight > 0, value, 0), 0))


def _before(values: NDArray[Any]) -> FloatArray:
    return np.asarray(values.cumsum(axis=1, dtype=np.float64) - values)


def _after(values: FloatArray) -> FloatArray:
    """For each column the sum of those after it, never less than 0 by rounding."""
    return np.maximum(0, values.sum(axis=1, keepdims=True) - values.cumsum(axis=1))


SAMPLERS: Mapping[str, Callable[[Bounds, Any], Bounds]] = {
    "top_k": top_k,
    "typical_p": typical_p,
    "top_p": top_p,
    "min_p": min_p,
    "temperature": temperature,
}
