"""The samplers of :mod:`pipelines.sampling` on bounds: whatever the tail is, the truth stays inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pipelines.lens.bounds import NEAR, Bounds, Tail, after, before
from pipelines.lens.typical import typical_p
from pipelines.sampling import FloatArray


def top_k(bounds: Bounds, k: int) -> Bounds:
    """See :func:`pipelines.sampling.top_k`; of the tail the likeliest stay, a share at least as large as theirs."""
    _, _, fewest, most = bounds.ahead()
    surely = bounds.surely & (before(bounds.possibly) + most < k)
    possibly = bounds.possibly & (before(bounds.surely) + fewest < k)
    tail = bounds.tail
    most_left = np.minimum(tail.most, np.maximum(0, k - surely.sum(axis=1)))
    fewest_left = np.minimum(tail.fewest, np.maximum(0, k - possibly.sum(axis=1)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(tail.most > 0, np.minimum(1, fewest_left / tail.most), 0)
    low = np.maximum(tail.low * share, fewest_left * tail.floor)
    left = tail.cut(low, np.minimum(tail.high, most_left * tail.top), most_left)
    left = replace(left, fewest=np.minimum(left.most, np.maximum(left.fewest, fewest_left)))
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def temperature(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.temperature`."""
    if value <= 0:
        return _likeliest(bounds)
    bounds = bounds.rescaled()
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
    surely = bounds.surely & (before(bounds.possibly) + most == 0)
    possibly = bounds.possibly & (before(bounds.surely) + fewest == 0)
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
    before_low, before_high = before(sure) + low, before(maybe) + high
    rest_low = weights + after(sure) + np.where(bounds.outside, 0, tail.low[:, None])
    # where tail tokens are ahead, the least share has as many of them as possible behind
    behind = np.where(bounds.outside, np.minimum(tail.high[:, None], tail.most[:, None] * weights), tail.high[:, None])
    rest_high = weights + after(maybe) + behind
    with np.errstate(invalid="ignore"):  # 0 / 0 at pads
        share_low, share_high = before_low / (before_low + rest_high), before_high / (before_high + rest_low)
    surely = bounds.surely & ((before_high == 0) | (share_high < value - NEAR))
    possibly = bounds.possibly & ((before_low == 0) | (share_low < value + NEAR))
    left = _top_p_tail(bounds, value, sure, maybe)
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


def _top_p_tail(bounds: Bounds, value: float, sure: FloatArray, maybe: FloatArray) -> Tail:
    """The tail keeps what p lacks beyond the candidates, and at most one token more."""
    tail, outside = bounds.tail, bounds.outside
    ahead_low, ahead_high = np.where(outside, 0, sure).sum(axis=1), np.where(outside, 0, maybe).sum(axis=1)
    other = np.where(outside, maybe, 0).sum(axis=1)
    lacks_low = value * tail.low - (1 - value) * (ahead_high + other)
    lacks_high = value * (tail.high + other) - (1 - value) * ahead_low
    any_left = (tail.high > 0) & ((lacks_high > -NEAR) | (ahead_low == 0))
    high = np.where(any_left, np.minimum(tail.high, np.maximum(lacks_high, 0) + tail.top), 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        by_floor = np.where(tail.floor > 0, np.maximum(lacks_high, 0) / tail.floor + 1 + NEAR, np.inf)
        by_share = np.where(tail.low > 0, tail.most * high / tail.low + NEAR, np.inf)  # the likeliest weigh more
    return tail.cut(lacks_low, high, np.minimum(by_floor, by_share))


def min_p(bounds: Bounds, value: float) -> Bounds:
    """See :func:`pipelines.sampling.min_p`."""
    tail = bounds.tail
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        tail_top = np.where(tail.most > 0, np.log(tail.top), -np.inf)
        tail_mean = np.where(tail.low > 0, np.log(tail.low / tail.most), -np.inf)
    sure = np.where(bounds.surely, bounds.logs, -np.inf).max(axis=1, initial=-np.inf)
    maybe = np.where(bounds.possibly, bounds.logs, -np.inf).max(axis=1, initial=-np.inf)
    largest_low, largest_high = np.maximum(sure, tail_mean), np.maximum(maybe, tail_top)
    share = np.log(min(value, 1.0))
    surely = bounds.surely & (
        (bounds.logs >= largest_high[:, None] + share + NEAR) | (bounds.logs >= largest_high[:, None])
    )
    possibly = bounds.possibly & (bounds.logs >= largest_low[:, None] + share - NEAR)
    cut_low, cut_high = np.exp(largest_low + share - NEAR), np.exp(largest_high + share + NEAR)
    high = np.where(tail.top >= cut_low, tail.high, 0)
    floor = np.maximum(tail.floor, cut_low)
    whole = tail.floor >= cut_high
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = tail.cut(np.where(whole, tail.low, tail.low - tail.most * cut_high), high, high / floor + NEAR)
    left = replace(left, floor=floor, fewest=np.where(whole, tail.fewest, left.fewest))
    return replace(bounds, surely=surely, possibly=possibly, tail=left)


SAMPLERS: Mapping[str, Callable[[Bounds, Any], Bounds]] = {
    "top_k": top_k,
    "typical_p": typical_p,
    "top_p": top_p,
    "min_p": min_p,
    "temperature": temperature,
}
