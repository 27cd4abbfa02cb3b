"""How sure a mean over few questions is, and whether two recipes differ at all."""

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


def randomisation(a: Sequence[float], b: Sequence[float], samples: int = 10_000, seed: int = 0) -> float:
    """The p-value, 0 to 1, of the mean difference over the same questions: a two-sided paired randomisation test.

    Were both recipes alike, each question's two values might as well be swapped. p is the share of swaps whose
    mean difference is at least as large as the one seen (Fisher's test, as Smucker, Allan and Carterette, "A
    Comparison of Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007, recommend).
    Where no more than ``samples`` swaps exist all are counted and p is exact; else so many are drawn, and the one
    seen counts among them, so that p is never 0 (Phipson and Smyth, 2010).

    Raises:
        ValueError: there are no values, or not as many on each side.
    """
    import numpy as np

    differences = np.asarray([left - right for left, right in zip(a, b, strict=True)], dtype=np.float64)
    if not len(differences):
        raise ValueError("no values to compare")
    differences = differences[differences != 0]  # swapping equal values changes nothing
    count = len(differences)
    least = abs(differences.sum()) - 1e-12 * np.abs(differences).sum()  # sums of other orders round otherwise
    if count <= 60 and 2**count <= samples:
        swaps = np.arange(2**count)[:, None] >> np.arange(count) & 1
        return float(np.mean(np.abs((1 - 2 * swaps) @ differences) >= least))
    draw = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, samples, _BLOCK):
        swaps = draw.integers(0, 2, (min(_BLOCK, samples - start), count))
        as_large += int(np.count_nonzero(np.abs((1 - 2 * swaps) @ differences) >= least))
    return (as_large + 1) / (samples + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several comparisons, adjusted so that one false find among all stays as unlikely as each.

    The smallest is multiplied by how many there are, the next by one less, and so on; none falls below a smaller
    one's, none is above 1 (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979).

    Returns:
        Adjusted p-values in the order given.
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = least
    return adjusted
