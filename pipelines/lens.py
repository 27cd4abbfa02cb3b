"""The lens: what a finished answer looks like under other knobs, without asking the model again.

An engine gives, for each token of an answer, the model's own log-probabilities of the likeliest candidates: 20 with
Ollama, all with the built-in engine where they are asked for. Where the samplers' cuts fall inside them the result
is exact, else there is a lower and an upper bound. Penalties are not part of it: they need raw logits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.lens_bounds import SAMPLERS, BoolArray, Bounds, FloatArray, Tail
from pipelines.sampling import Knobs

IntArray = NDArray[np.int64]
Interval = tuple[float, float]

#: More tokens than any model has: taken where a model does not say.
WIDEST = 300_000

#: A tail below this is none: log-probabilities come in single precision.
NOISE = 1e-6

#: Bounds this close together are one number: rounding in the engine alone makes them differ so much.
CLOSE = 1e-3

_BLOCK = 1 << 19  # candidates worked on at a time


@dataclass(frozen=True)
class Known:
    """What is known of the distributions of n tokens.

    Attributes:
        logprobs: (n, K) natural log-probabilities of the candidates, descending, -inf pads.
        chosen: (n,) column of the token that was said, -1 where it is not among the candidates.
        chosen_logprob: (n,) its log-probability.
        vocabulary: Number of tokens there are, or :data:`WIDEST`.
    """

    logprobs: FloatArray
    chosen: IntArray
    chosen_logprob: FloatArray
    vocabulary: int

    @classmethod
    def of(cls, tokens: Sequence[TokenEvent], vocabulary: int | None) -> Known:
        """Out of an answer's tokens, each with its log-probability; candidates may differ in number.

        Raises:
            ValueError: a token has no log-probability.
        """
        widest = max((len(token.candidates) for token in tokens), default=0)
        logprobs = np.full((len(tokens), widest), -np.inf)
        for at, token in enumerate(tokens):
            logprobs[at, : len(token.candidates)] = [candidate.logprob for candidate in token.candidates]
        said = [token.logprob for token in tokens if token.logprob is not None]
        if len(said) < len(tokens):
            raise ValueError("a token has no log-probability")
        chosen = np.array([_column(token) for token in tokens], np.int64)
        return cls(logprobs, chosen, np.array(said, np.float64), vocabulary or WIDEST)

    @classmethod
    def full(cls, rows: Sequence[tuple[ArrayLike, ArrayLike]], said: Sequence[int]) -> Known:
        """Out of whole distributions.

        Args:
            rows: For each token the numbers and log-probabilities of all V tokens, descending.
            said: The number of each token that was said.

        Raises:
            ValueError: a token that was said is not in its row.
        """
        logprobs = np.stack([np.asarray(values, np.float64) for _, values in rows])
        found = [np.flatnonzero(np.asarray(ids) == token) for (ids, _), token in zip(rows, said, strict=True)]
        if not all(len(places) for places in found):
            raise ValueError("a token that was said is not in its distribution")
        chosen = np.array([places[0] for places in found], np.int64)
        return cls(logprobs, chosen, logprobs[np.arange(len(chosen)), chosen], logprobs.shape[1])

    def __len__(self) -> int:
        return len(self.chosen)

    def row(self, at: int) -> Known:
        """One token."""
        return self._rows(slice(at, at + 1 or None))

    def _rows(self, rows: slice) -> Known:
        return Known(self.logprobs[rows], self.chosen[rows], self.chosen_logprob[rows], self.vocabulary)

    @property
    def covered(self) -> FloatArray:
        """(n,) probability of the candidates together."""
        return np.asarray(np.exp(self.logprobs).sum(axis=1))

    @property
    def tail(self) -> FloatArray:
        """(n,) probability of all other tokens together; 0 where no more is missing than rounding explains."""
        missing = 1 - self.covered
        return np.where(missing > NOISE, missing, 0)


def _column(token: TokenEvent) -> int:
    """Which candidate was said; two of the same text are told apart by number, else by log-probability."""
    if token.id is not None:
        return next((at for at, other in enumerate(token.candidates) if other.id == token.id), -1)
    same = [at for at, other in enumerate(token.candidates) if _bytes(other) == _bytes(token)]
    near = [at for at in same if abs(token.candidates[at].logprob - (token.logprob or 0)) < CLOSE]
    return near[0] if near else -1


def _bytes(token: TokenEvent | Candidate) -> bytes:
    return bytes(token.bytes) or (token.text if isinstance(token, TokenEvent) else token.token).encode()


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


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def through(known: Known, knobs: Knobs, order: Sequence[str]) -> Through:
    """What the samplers leave.

    Args:
        known: The distributions.
        knobs: The settings.
        order: Names of the samplers as the engine applies them.
    """
    rows = max(1, _BLOCK // max(1, known.logprobs.shape[1]))
    parts = [_through(known._rows(slice(at, at + rows)), knobs, order) for at in range(0, max(1, len(known)), rows)]
    if len(parts) == 1:
        return parts[0]
    return Through(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Through)))


def _through(known: Known, knobs: Knobs, order: Sequence[str]) -> Through:
    bounds = start(known)
    for name in order:
        if knobs.turned(name):
            bounds = SAMPLERS[name](bounds, getattr(knobs, name))
    return _read(bounds, known)


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
    last = np.exp(
        np.where(finite > 0, np.where(np.isfinite(known.logprobs), known.logprobs, 0).min(axis=1, initial=0), 0)
    )
    top = np.minimum(last, high)
    high = np.minimum(high, others * top)
    exact_count = known.vocabulary < WIDEST
    fewest = others if exact_count else np.ceil(np.minimum(low, high) / np.where(top > 0, top, 1) - NOISE)
    unit = np.maximum(np.exp(logs).max(axis=1, initial=0), top)
    tail = Tail(np.minimum(low, high) / unit, high / unit, fewest, others, top / unit, np.zeros(count))
    present = np.isfinite(logs)
    return Bounds(logs - np.log(unit)[:, None], present, present.copy(), outside, tail)


def _read(bounds: Bounds, known: Known) -> Through:
    """Bounds of weights as bounds of probabilities: each is least where all that is undecided stays."""
    weights, tail = np.exp(bounds.logs), bounds.tail
    sure, maybe = weights * bounds.surely, weights * bounds.possibly
    least, most = sure.sum(axis=1) + tail.low, maybe.sum(axis=1) + tail.high
    low = _share(sure, most[:, None] - maybe + sure)
    high = np.where(bounds.possibly, _share(weights, np.maximum(weights, least[:, None] - sure + weights), 1.0), 0.0)
    other_low, other_high = (
        np.where(bounds.outside, sure, 0).sum(axis=1),
        np.where(bounds.outside, maybe, 0).sum(axis=1),
    )
    inside_low, inside_high = least - tail.low - other_low, most - tail.high - other_high
    rest_low, rest_high = tail.low + other_low, tail.high + other_high
    at = np.where(known.chosen < 0, bounds.outside.argmax(axis=1), known.chosen)[:, None]
    width = known.logprobs.shape[1]
    return Through(
        surely=bounds.surely[:, :width] & ~bounds.outside[:, :width],
        possibly=bounds.possibly[:, :width] & ~bounds.outside[:, :width],
        low=np.where(bounds.outside, 0, low)[:, :width],
        high=np.where(bounds.outside, 0, high)[:, :width],
        tail_low=_share(rest_low, rest_low + inside_high),
        tail_high=_share(rest_high, rest_high + inside_low, 1.0) * (rest_high > 0),
        chosen_low=np.take_along_axis(low, at, axis=1)[:, 0],
        chosen_high=np.take_along_axis(high, at, axis=1)[:, 0],
        open_low=np.maximum(1, bounds.surely.sum(axis=1) + tail.fewest),
        open_high=bounds.possibly.sum(axis=1) + tail.most,
    )


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
