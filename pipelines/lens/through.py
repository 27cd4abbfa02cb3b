"""What samplers leave of an answer's distributions, and what each of them takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.lens.bounds import BoolArray, Bounds, start
from pipelines.lens.known import Known
from pipelines.lens.samplers import SAMPLERS
from pipelines.sampling import FloatArray, Knobs

Interval = tuple[float, float]

#: Bounds this close together are one number: rounding in the engine alone makes them differ so much.
CLOSE = 1e-3

_BLOCK = 1 << 19  # candidates worked on at a time


@dataclass(frozen=True)
class Through:
    """What samplers leave of n distributions; probabilities are those a token is drawn with.

    Attributes:
        surely: (n, K) the candidate survives.
        possibly: (n, K) it may survive.
        low: (n, K) least probability of the candidate.
        high: (n, K) greatest.
        tail_low: (n,) least probability of all tokens outside the candidates together.
        tail_high: (n,) greatest.
        chosen_low: (n,) least probability that the token that was said would be drawn again.
        chosen_high: (n,) greatest.
        open_low: (n,) fewest tokens that could be drawn.
        open_high: (n,) most.
    """

    surely: BoolArray
    possibly: BoolArray
    low: FloatArray
    high: FloatArray
    tail_low: FloatArray
    tail_high: FloatArray
    chosen_low: FloatArray
    chosen_high: FloatArray
    open_low: FloatArray
    open_high: FloatArray

    @property
    def way(self) -> Interval:
        """Log-probability of drawing the whole answer again: the sum over its tokens, -inf where one is cut."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.chosen_low).sum()), float(np.log(self.chosen_high).sum())

    @property
    def perplexity(self) -> Interval:
        """exp(-mean log-probability) of the tokens that were said; inf where one is cut, 1 for no tokens."""
        low, high = self.way
        count = max(1, len(self.chosen_low))
        return _exp(-high / count), _exp(-low / count)

    @property
    def exact(self) -> bool:
        """Whether the bounds are one number each, to :data:`CLOSE`."""
        wide = [self.high - self.low, self.tail_high - self.tail_low, self.chosen_high - self.chosen_low]
        return bool((self.surely == self.possibly).all()) and all((part <= CLOSE).all() for part in wide)

    def narrow(self, width: int) -> Through:
        """The same of the first ``width`` candidates; what the others have goes into the tail."""
        if self.low.shape[1] <= width:
            return self
        low, high = self.low[:, width:].sum(axis=1), self.high[:, width:].sum(axis=1)
        return replace(
            self,
            # copies: a view would keep the whole in memory
            surely=self.surely[:, :width].copy(),
            possibly=self.possibly[:, :width].copy(),
            low=self.low[:, :width].copy(),
            high=self.high[:, :width].copy(),
            tail_low=np.minimum(1, self.tail_low + low),
            tail_high=np.minimum(1, self.tail_high + high),
        )


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def through(known: Known, knobs: Knobs, order: Sequence[str], width: int | None = None) -> Through:
    """What the samplers leave.

    Args:
        known: The distributions.
        knobs: The settings.
        order: Names of the samplers as the engine applies them.
        width: Candidates that are told; None: all. Of whole distributions all would take gigabytes.
    """
    rows = max(1, _BLOCK // max(1, known.logprobs.shape[1]))
    blocks = (known._rows(slice(at, at + rows)) for at in range(0, max(1, len(known)), rows))
    width = known.logprobs.shape[1] if width is None else width
    parts = [_through(block, knobs, order).narrow(width) for block in blocks]
    if len(parts) == 1:
        return parts[0]
    return Through(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Through)))


def _through(known: Known, knobs: Knobs, order: Sequence[str]) -> Through:
    bounds = start(known)
    for name in order:
        if knobs.turned(name):
            bounds = SAMPLERS[name](bounds, getattr(knobs, name)).trimmed()
    return _read(bounds, known)


def _read(bounds: Bounds, known: Known) -> Through:
    """Bounds of weights as bounds of probabilities: each is least where all that is undecided stays."""
    weights, tail = np.exp(bounds.logs), bounds.tail
    sure, maybe = weights * bounds.surely, weights * bounds.possibly
    least, most = sure.sum(axis=1) + tail.low, maybe.sum(axis=1) + tail.high
    low = _share(sure, most[:, None] - maybe + sure)
    high = np.where(bounds.possibly, _share(weights, np.maximum(weights, least[:, None] - sure + weights), 1.0), 0.0)
    other_low, other_high = (sure * bounds.outside).sum(axis=1), (maybe * bounds.outside).sum(axis=1)
    inside_low, inside_high = least - tail.low - other_low, most - tail.high - other_high
    rest_low, rest_high = tail.low + other_low, tail.high + other_high
    said = bounds.outside | (np.arange(low.shape[1]) == known.chosen[:, None])
    inside, width = ~bounds.outside, known.logprobs.shape[1]
    return Through(
        surely=_wide(bounds.surely & inside, width),
        possibly=_wide(bounds.possibly & inside, width),
        low=_wide(low * inside, width),
        high=_wide(high * inside, width),
        tail_low=_share(rest_low, rest_low + inside_high),
        tail_high=_share(rest_high, rest_high + inside_low, 1.0) * (rest_high > 0),
        chosen_low=(low * said).sum(axis=1),
        chosen_high=(high * said).sum(axis=1),
        open_low=np.maximum(1, bounds.surely.sum(axis=1) + tail.fewest),
        open_high=bounds.possibly.sum(axis=1) + tail.most,
    )


def _wide(part: NDArray[Any], width: int) -> NDArray[Any]:
    """As many columns as there are candidates; those that were trimmed away are 0."""
    whole = np.zeros((len(part), width), part.dtype)
    whole[:, : part.shape[1]] = part[:, :width]
    return whole


def _share(part: FloatArray, whole: FloatArray, otherwise: float = 0.0) -> FloatArray:
    return np.where(whole > 0, np.minimum(1.0, part / np.where(whole > 0, whole, 1)), otherwise)


@dataclass(frozen=True)
class Step:
    """One sampler at one token.

    Attributes:
        name: Of the sampler.
        value: Of its knob.
        kept: Fewest and most of the candidates left after it.
        cut: Least and greatest share of the probability it came upon that it takes away.
    """

    name: str
    value: float
    kept: tuple[int, int]
    cut: Interval


def steps(known: Known, knobs: Knobs, order: Sequence[str]) -> tuple[Step, ...]:
    """What each sampler that is set does to one token's distribution, one after the other.

    Args:
        known: One row.
        knobs: The settings.
        order: Names of the samplers as the engine applies them.
    """
    bounds, taken = start(known), []
    for name in order:
        if not knobs.turned(name):
            continue
        value = getattr(knobs, name)
        after = SAMPLERS[name](bounds, value)
        kept = int((after.surely & ~after.outside).sum()), int((after.possibly & ~after.outside).sum())
        cut = (0.0, 0.0) if name == "temperature" and value > 0 else _cut(bounds, after)
        taken.append(Step(name, float(value), kept, cut))
        bounds = after
    return tuple(taken)


def _cut(before: Bounds, after: Bounds) -> Interval:
    """Share of the weight that is gone: the least where what is undecided stays, the greatest where it goes."""
    weights = np.exp(before.logs)

    def weight(tokens: BoolArray) -> float:
        return float((weights * tokens).sum())

    def share(gone: float, kept: float) -> float:
        return gone / (gone + kept) if gone + kept > 0 else 0.0

    tail, left = before.tail, after.tail
    gone_low = weight(before.surely & ~after.possibly) + max(0.0, float(tail.low[0] - left.high[0]))
    gone_high = weight(before.possibly & ~after.surely) + max(0.0, float(tail.high[0] - left.low[0]))
    kept_low, kept_high = weight(after.surely) + float(left.low[0]), weight(after.possibly) + float(left.high[0])
    return share(gone_low, kept_high), share(gone_high, kept_low)
