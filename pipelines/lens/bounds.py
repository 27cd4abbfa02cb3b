"""A distribution of which only the likeliest tokens are known, as bounds that hold for every possible rest.

The known tokens have a weight each (their probability over that of the likeliest one); the *tail*, all the others,
has a weight in sum, a number of tokens, and a largest and a least weight one of them can have. Each is an interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.lens.known import NOISE, WIDEST, Known
from pipelines.sampling import FloatArray

BoolArray = NDArray[np.bool_]

#: What is nearer than this to a threshold is undecided, so that rounding decides nothing.
NEAR = 1e-9


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
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            needed = np.where(low > 0, np.ceil(low / self.top - NEAR), 0)
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

    def trimmed(self) -> Bounds:
        """Without the last columns, where they are out in every row: a cut leaves little of a whole vocabulary."""
        used = np.flatnonzero(self.possibly.any(axis=0))
        width = int(used[-1]) + 1 if len(used) else 1
        surely, possibly, outside = (part[:, :width] for part in (self.surely, self.possibly, self.outside))
        return Bounds(self.logs[:, :width], surely, possibly, outside, self.tail)

    def rescaled(self) -> Bounds:
        """The same with the likeliest token that may be in at 1, so that powers of weights neither vanish nor grow."""
        tail = self.tail
        known = np.exp(np.where(self.possibly, self.logs, -np.inf).max(axis=1))
        unit = np.maximum(known, np.where(tail.most > 0, tail.top, 0))
        unit = np.where(unit > 0, unit, 1)
        smaller = replace(
            tail, low=tail.low / unit, high=tail.high / unit, top=tail.top / unit, floor=tail.floor / unit
        )
        # what is likelier is out, and must not overflow either
        return replace(self, logs=np.minimum(0, self.logs - np.log(unit)[:, None]), tail=smaller)

    def ahead(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(n, C) tail tokens likelier than a known one: least and greatest weight, least and greatest number."""
        tail, weights = self.tail, np.exp(self.logs)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            low = np.maximum(0, tail.low[:, None] - tail.most[:, None] * weights)
            fewest = np.where(low > 0, np.ceil(low / tail.top[:, None] - NEAR), 0)
            most = np.minimum(tail.most[:, None], np.floor(tail.high[:, None] / weights + NEAR))
        high = np.where(most > 0, tail.high[:, None], 0)
        low, high, fewest, most = (np.where(self.outside, a, 0.0) for a in (low, high, fewest, most))
        return low, high, fewest, most


def start(known: Known) -> Bounds:
    """What is known before any sampler.

    The engine sums in single precision, where terms far below the sum get lost: a candidate looks likelier than it
    is by up to 2^-24 a token of the tail, as a share of the tail (measured: a thousandth with 49,152 tokens).
    """
    count, width = known.logprobs.shape
    finite = np.isfinite(known.logprobs).sum(axis=1)
    extra = known.chosen < 0
    logs = np.full((count, max(1, width + int(extra.any()))), -np.inf)
    logs[:, :width] = known.logprobs
    outside = np.zeros(logs.shape, np.bool_)
    rows = np.flatnonzero(extra)
    logs[rows, finite[rows]] = known.chosen_logprob[rows]
    outside[rows, finite[rows]] = True
    others = np.maximum(0, known.vocabulary - finite - extra).astype(np.float64)
    missing = 1 - np.exp(logs).sum(axis=1)
    low = np.where(others > 0, np.maximum(0, missing - 4 * NOISE), 0)
    high = np.where(others > 0, np.maximum(0, missing) * (1 + others * 2.0**-24) + 4 * NOISE, 0)
    last = np.exp(np.where(np.isfinite(known.logprobs), known.logprobs, 0).min(axis=1, initial=0))
    top = np.minimum(last, high)
    high = np.minimum(high, others * top)
    low = np.minimum(low, high)
    counted = known.vocabulary < WIDEST
    fewest = others if counted else np.ceil(low / np.where(top > 0, top, 1) - NOISE)
    unit = np.maximum(np.exp(logs).max(axis=1, initial=0), top)
    tail = Tail(low / unit, high / unit, fewest, others, top / unit, np.zeros(count))
    present = np.isfinite(logs)
    return Bounds(logs - np.log(unit)[:, None], present, present.copy(), outside, tail)


def before(values: FloatArray | BoolArray) -> FloatArray:
    """For each column the sum of those before it."""
    return np.asarray(values.cumsum(axis=1, dtype=np.float64) - values)


def after(values: FloatArray) -> FloatArray:
    """For each column the sum of those after it, never less than 0 by rounding."""
    return np.asarray(np.maximum(0, values.sum(axis=1, keepdims=True) - values.cumsum(axis=1)))
