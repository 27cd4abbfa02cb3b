"""How strongly each token is tinted: by what the model thought of it, or by what a lens makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.engines.base import TokenEvent
from pipelines.lens import Through
from playground.sampling.state import Tint
from playground.views.tokens import Shade

#: Bits at which a tint is at its strongest.
_MOST_SURPRISE, _MOST_ENTROPY = 8.0, 5.0

#: Exponent of a tint by probability: an even chance should look nearer to sure than to hopeless.
_SOFTENED = 2

#: Below this a token is called rare, and underlined too.
_RARE = 0.1


def bits(nats: float) -> float:
    """Natural logarithms as bits."""
    return nats / math.log(2)


def shades(tokens: Sequence[TokenEvent], tint: Tint) -> list[Shade]:
    """One a token; those without a log-probability are not tinted."""
    return [_shade(token, tint) for token in tokens]


def _shade(token: TokenEvent, tint: Tint) -> Shade:
    if token.logprob is None:
        return Shade(0, "")
    p, surprise, spread = math.exp(token.logprob), bits(-token.logprob), bits(entropy(token))
    title = f"{percent(p)} likely · surprise {surprise:.1f} bits · entropy ≥ {spread:.1f} bits"
    strength = {
        "probability": (1 - p) ** _SOFTENED,
        "surprise": surprise / _MOST_SURPRISE,
        "entropy": spread / _MOST_ENTROPY,
        "none": 0.0,
    }[tint]
    return Shade(min(1.0, strength), title, "rare" if p < _RARE and tint in ("probability", "surprise") else "")


def entropy(token: TokenEvent) -> float:
    """Of the candidates, in nats, with what they leave as one more: at most the true entropy (grouping lowers it)."""
    known = [math.exp(candidate.logprob) for candidate in token.candidates]
    parts = [*known, max(0.0, 1 - sum(known))]
    return max(0.0, -sum(p * math.log(p) for p in parts if p > 0))


def through_shades(seen: Through) -> list[Shade]:
    """One a token: how likely it would be drawn again; what could not be drawn is struck through."""
    made = []
    for low, high in zip(seen.chosen_low.tolist(), seen.chosen_high.tolist(), strict=True):
        if high <= 0:
            made.append(Shade(1.0, "could not be drawn", "cut"))
        elif low <= 0:
            made.append(Shade((1 - high) ** _SOFTENED, f"perhaps cut; at most {percent(high)}", "perhaps"))
        else:
            made.append(Shade((1 - low) ** _SOFTENED, between(low, high), "rare" if high < _RARE else ""))
    return made


def percent(share: float) -> str:
    """``42 %``, ``0.3 %``, ``under 0.01 %``."""
    if share <= 0:
        return "0 %"
    if share < 0.0001:
        return "under 0.01 %"
    value = 100 * share
    return f"{value:.2f} %" if value < 0.1 else f"{value:.1f} %" if value < 10 else f"{min(value, 100):.0f} %"


def between(low: float, high: float) -> str:
    """A share that is known, or the bounds of one that is not."""
    least, most = percent(low), percent(high)
    return least if least == most else f"{least.removesuffix(' %')} to {most}"
