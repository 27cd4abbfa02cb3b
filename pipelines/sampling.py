"""What temperature, top-k, top-p, min-p, typical-p and the penalties do to a distribution: pure and exact.

Each sampler takes logits, a row a distribution and a column a token, and gives logits of the same shape in which
the tokens it cuts are -inf. What comes in may be raw logits or any log-probabilities: only differences count, save
for :func:`penalise`. At least one token of a row always stays. The meanings are those of llama.cpp
(``src/llama-sampler.cpp``) and, on an order of its own, of Ollama's Go engine (``sample/transforms.go``). Both
compute in single precision and this module in double, so a token exactly on a threshold may fall the other way.

Of tokens that are exactly alike, the earlier column is taken to be the likelier; llama.cpp leaves that open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Knobs:
    """Settings of the samplers; as they stand, none of them does anything."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Knobs:
        """Out of Ollama's options: one that is absent or None is neutral, other names are passed over."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in names and value is not None})

    def turned(self, name: str) -> bool:
        """Whether the sampler of this name does anything; a name of no sampler here does nothing."""
        return getattr(self, name, None) != getattr(_NEUTRAL, name, None) and not self._off(name)

    def _off(self, name: str) -> bool:
        """Values beyond the neutral one mean off too."""
        return {
            "top_k": self.top_k <= 0,
            "top_p": self.top_p >= 1,
            "min_p": self.min_p <= 0,
            "typical_p": self.typical_p >= 1,
        }.get(name, False)


_NEUTRAL = Knobs()


def penalise(
    logits: ArrayLike, counts: ArrayLike, *, repeat: float = 1.0, presence: float = 0.0, frequency: float = 0.0
) -> FloatArray:
    """Make the tokens said lately less likely.

    A logit of a token said c times becomes ``(logit / repeat if logit > 0 else logit * repeat) - presence -
    frequency * c``. The repeat penalty (Keskar et al., CTRL, arXiv:1909.05858, which only divides) depends on where
    a logit's zero is: it needs raw logits, log-probabilities will not do. The other two (OpenAI's) do not.
    llama.cpp: ``llama_sampler_penalties_apply``.

    Args:
        logits: (…, V) raw logits.
        counts: (V,) or (…, V), how often each token occurs in the window (``repeat_last_n`` tokens, those of the
            prompt among them).
        repeat: 1 is neutral.
        presence: Subtracted once, 0 is neutral.
        frequency: Subtracted for each time, 0 is neutral.

    Returns:
        (…, V) logits.
    """
    raw, said = np.asarray(logits, np.float64), np.asarray(counts, np.float64)
    scaled = np.where(raw > 0, raw / repeat, raw * repeat)
    return np.where(said > 0, scaled - presence - frequency * said, raw)


def temperature(logits: ArrayLike, value: float) -> FloatArray:
    """Divide by the temperature (softmax(logit / T)); 0 or less keeps only the likeliest token.

    Ackley, Hinton and Sejnowski, "A Learning Algorithm for Boltzmann Machines", 1985. llama.cpp:
    ``llama_sampler_temp_impl``; transforms.go: ``temperature``. The largest logit becomes 0, so that nothing
    overflows.

    Args:
        logits: (…, V).
        value: The temperature T.

    Returns:
        (…, V) logits.
    """
    shifted = _shifted(logits)
    if value > 0:
        with np.errstate(over="ignore"):  # far below the likeliest, at a temperature near 0: -inf is right
            return shifted / value
    first = np.arange(shifted.shape[-1]) == shifted.argmax(axis=-1, keepdims=True)
    return np.where(first, shifted, -np.inf)


def top_k(logits: ArrayLike, value: int) -> FloatArray:
    """Keep the k likeliest tokens; 0 or less keeps all.

    Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation", arXiv:1805.04833. llama.cpp:
    ``llama_sampler_top_k_impl``; transforms.go: ``topK``.

    Args:
        logits: (…, V).
        value: The number k.

    Returns:
        (…, V) logits.
    """
    given = np.asarray(logits, np.float64)
    if value <= 0 or value >= given.shape[-1]:
        return given
    return _keep_first(given, _likeliest(given), np.arange(given.shape[-1]) < value)


def top_p(logits: ArrayLike, value: float) -> FloatArray:
    """Keep the fewest, likeliest tokens whose probabilities sum to p or more; 1 or more keeps all.

    The probabilities are those of the tokens still in, renormalised. Holtzman et al., "The Curious Case of Neural
    Text Degeneration", arXiv:1904.09751. llama.cpp: ``llama_sampler_top_p_apply``; transforms.go: ``topP``, which
    wants more than p: the same unless the sum is exactly p.

    Args:
        logits: (…, V).
        value: The probability p.

    Returns:
        (…, V) logits.
    """
    given = np.asarray(logits, np.float64)
    if value >= 1:
        return given
    order = _likeliest(given)
    before = _before(np.take_along_axis(softmax(given), order, -1))
    return _keep_first(given, order, (before < value) | (before == 0))


def min_p(logits: ArrayLike, value: float) -> FloatArray:
    """Keep the tokens at least ``value`` times as likely as the likeliest; 0 or less keeps all.

    Nguyen et al., "Turning Up the Heat: Min-p Sampling", arXiv:2407.01082. llama.cpp:
    ``llama_sampler_min_p_apply``; transforms.go: ``minP``.

    Args:
        logits: (…, V).
        value: The share, 0 to 1; above 1 it is taken for 1.

    Returns:
        (…, V) logits.
    """
    given = np.asarray(logits, np.float64)
    if value <= 0:
        return given
    return np.where(_shifted(given) >= np.log(min(value, 1.0)), given, -np.inf)


def typical_p(logits: ArrayLike, value: float) -> FloatArray:
    """Keep the tokens whose surprise is nearest the entropy, until they sum to more than p; 1 or more keeps all.

    Meister et al., "Locally Typical Sampling", arXiv:2202.00666. llama.cpp: ``llama_sampler_typical_apply``. The
    likeliest token may be cut. Of tokens equally near the entropy, the earlier column comes first.

    Args:
        logits: (…, V).
        value: The probability p.

    Returns:
        (…, V) logits.
    """
    given = np.asarray(logits, np.float64)
    if value >= 1:
        return given
    probabilities = softmax(given)
    with np.errstate(divide="ignore"):
        surprise = -np.log(probabilities)
    distance = np.abs(surprise - entropy(probabilities)[..., None])
    order = distance.argsort(axis=-1, kind="stable")
    before = _before(np.take_along_axis(probabilities, order, -1))
    return _keep_first(given, order, (before <= value) | (before == 0))


SAMPLERS: Mapping[str, Callable[[ArrayLike, Any], FloatArray]] = {
    "top_k": top_k,
    "typical_p": typical_p,
    "top_p": top_p,
    "min_p": min_p,
    "temperature": temperature,
}


def distribution(logits: ArrayLike, knobs: Knobs, order: Sequence[str]) -> FloatArray:
    """The probabilities a token is drawn with.

    Args:
        logits: (…, V) raw logits, penalised where there are penalties, or their log-softmax.
        knobs: The settings.
        order: Names of the samplers in the order the engine applies them
            (:func:`pipelines.engines.ollama_versions.sampler_order`); a sampler it does not name is not applied.

    Returns:
        (…, V) probabilities, each row's sum 1.
    """
    left = np.asarray(logits, np.float64)
    for name in order:
        left = SAMPLERS[name](left, getattr(knobs, name))
    return softmax(left)


def softmax(logits: ArrayLike) -> FloatArray:
    """Probabilities (…, V) of logits (…, V)."""
    weights = np.exp(_shifted(logits))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def entropy(probabilities: ArrayLike) -> FloatArray:
    """Shannon's entropy of distributions (…, V), in nats: (…,)."""
    given = np.asarray(probabilities, np.float64)
    return np.asarray(-(given * np.log(np.where(given > 0, given, 1.0))).sum(axis=-1))


def _shifted(logits: ArrayLike) -> FloatArray:
    """The same distribution with the largest logit at 0."""
    given = np.asarray(logits, np.float64)
    return np.asarray(given - given.max(axis=-1, keepdims=True))


def _likeliest(logits: FloatArray) -> NDArray[np.intp]:
    """Columns, the likeliest first."""
    return np.asarray((-logits).argsort(axis=-1, kind="stable"))


def _before(ordered: FloatArray) -> FloatArray:
    """For each column the sum of those before it."""
    sums = ordered.cumsum(axis=-1)
    return np.concatenate([np.zeros_like(sums[..., :1]), sums[..., :-1]], axis=-1)


def _keep_first(logits: FloatArray, order: NDArray[np.intp], kept: NDArray[np.bool_]) -> FloatArray:
    """Cut the tokens whose place in the order is not kept."""
    mask = np.empty(logits.shape, np.bool_)
    np.put_along_axis(mask, order, np.broadcast_to(kept, logits.shape), axis=-1)
    return np.where(mask, logits, -np.inf)
