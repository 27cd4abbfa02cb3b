"""Locally typical sampling on bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from pipelines import sampling
from pipelines.lens.bounds import NEAR, Bounds
from pipelines.lens.known import IntArray
from pipelines.sampling import FloatArray

_NOTHING = 1e-13  # what rounding leaves of a difference
_FEW = 64  # with so many points, comparing column by column is faster than searching row by row


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
    stays, may_stay = share_high <= value - NEAR, share_low <= value + NEAR
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
        low = _between(-bounds.logs, sure, left + NEAR, right - NEAR)
        high = _between(-bounds.logs, maybe, left - NEAR, right + NEAR, closed=True) - own
        reaches = right + NEAR > tail_first[:, None]
        heaviest = np.minimum(tail.high[:, None], tail.most[:, None] * np.exp(-left))
        within = left + NEAR < tail_first[:, None]
        lightest = np.maximum(0, tail.low[:, None] - tail.most[:, None] * np.exp(NEAR - right))
        lows.append(low + np.where(within, lightest, 0))
        highs.append(np.where(high > _NOTHING, high, 0) + np.where(reaches, heaviest, 0))
    inside = (surprise > ends[0][:, None] - NEAR) & (surprise < ends[1][:, None] + NEAR)
    # a tail token may also be anywhere beyond the likeliest: it is as near as can be where E is beyond that
    inside[:, -1] = (tail_first < ends[1] + NEAR) & (tail.high > 0)
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
    spread = np.where(at > 0, at * np.log(np.maximum(tail.most, NEAR) / np.where(at > 0, at, 1)), 0)
    by_sum = _ratio(upon_x + spread[:, None], upon + tail.low[:, None], otherwise)
    return below, np.maximum(below, np.minimum(by_mean, by_sum).max(axis=1))


def _between(
    points: FloatArray, weights: FloatArray, left: FloatArray, right: FloatArray, *, closed: bool = False
) -> FloatArray:
    """Row by row, the weight of the points in an interval; points ascend."""
    sums = np.concatenate([np.zeros((len(points), 1)), weights.cumsum(axis=1)], axis=1)
    end, begin = _rank(points, right, equal=closed), _rank(points, left, equal=not closed)
    found = np.take_along_axis(sums, end, axis=1) - np.take_along_axis(sums, begin, axis=1)
    return np.asarray(np.maximum(0, found))


def _rank(points: FloatArray, values: FloatArray, *, equal: bool) -> IntArray:
    """Row by row, how many points are below each value, or equal to it."""
    if points.shape[1] <= _FEW:
        ranks = np.zeros(values.shape, np.int64)
        for column in points.T[:, :, None]:
            ranks += column <= values if equal else column < values
        return ranks
    side: Literal["left", "right"] = "right" if equal else "left"
    return np.stack([row.searchsorted(wanted, side) for row, wanted in zip(points, values, strict=True)])


def _ratio(above: FloatArray, below: FloatArray, otherwise: FloatArray | float) -> FloatArray:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1), otherwise))


def _times(weight: FloatArray, value: FloatArray) -> FloatArray:
    """Nothing times anything is nothing."""
    return np.asarray(np.where(weight > 0, weight * np.where(weight > 0, value, 0), 0))
