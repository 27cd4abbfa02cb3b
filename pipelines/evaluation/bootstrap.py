"""How sure a mean over few questions is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SAMPLES = 2000
_BLOCK = 100


@dataclass(frozen=True)
class Interval:
    """A mean and the range it would likely fall in with other questions of the same kind."""

    mean: float
    low: float
    high: float

    def holds(self, value: float = 0.0) -> bool:
        """Whether a value is in it; a difference whose interval holds 0 is within noise."""
        return self.low <= value <= self.high


def interval(values: Sequence[float], level: float = 0.95, samples: int = SAMPLES, seed: int = 0) -> Interval:
    """Mean with its percentile bootstrap interval; the same values and seed give the same interval.

    Questions are drawn with replacement, as many as there are; the interval is the middle ``level`` of
    the means so drawn (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).

    Raises:
        ValueError: there are no values.
    """
    import numpy as np

    if not values:
        raise ValueError("no values to average")
    array = np.asarray(values, dtype=np.float64)
    draw = np.random.default_rng(seed)
    means = np.empty(samples)
    for start in range(0, samples, _BLOCK):  # in blocks, so that memory stays small for many questions
        block = means[start : start + _BLOCK]
        block[:] = array[draw.integers(0, len(array), (len(block), len(array)))].mean(axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(array.mean()), float(low), float(high))


def paired(
    a: Sequence[float], b: Sequence[float], level: float = 0.95, samples: int = SAMPLES, seed: int = 0
) -> Interval:
    """The mean difference a − b over the same questions, with its interval.

    A question is drawn with both its values, so that how hard it is cancels out (the paired bootstrap; Koehn,
    "Statistical Significance Tests for Machine Translation Evaluation", 2004).

    Raises:
        ValueError: there are no values, or not as many on each side.
    """
    return interval([left - right for left, right in zip(a, b, strict=True)], level, samples, seed)
