"""A finished answer under other knobs: what the lens shows, computed without asking the model again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.engines.ollama_versions import GO_ORDER, LLAMA_ORDER
from pipelines.lens import Known, Step, Through, steps, through
from pipelines.samples import Sample
from pipelines.sampling import Knobs
from playground.sampling.facts import Facts
from playground.sampling.full import FullRows
from playground.sampling.state import Lens

#: Temperatures of the curves, and how many candidates have one.
TEMPERATURES = tuple(round(0.05 * step, 2) for step in range(41))
CURVES = 6


@dataclass(frozen=True)
class Curve:
    """A candidate's probability over the temperatures: bounds, equal where it is exact."""

    candidate: Candidate
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class TokenLook:
    """One token of an answer, seen through the lens."""

    at: int
    said: TokenEvent
    said_at: int  # which of the candidates that is; -1: none
    candidates: tuple[Candidate, ...]  # likeliest first, at most 20: more never goes to a page
    surely: tuple[bool, ...]  # each survives the cuts
    possibly: tuple[bool, ...]
    low: tuple[float, ...]  # bounds of each one's probability when drawn
    high: tuple[float, ...]
    said_low: float
    said_high: float
    tail_model: float  # what the model gave to tokens that are not shown
    tail_low: float  # what is left of that after the cuts
    tail_high: float
    steps: tuple[Step, ...]
    curves: tuple[Curve, ...]
    full: bool  # from the whole distribution


@dataclass(frozen=True)
class Look:
    """A whole answer, as it was drawn and through the lens."""

    column: int
    tokens: tuple[TokenEvent, ...]
    knobs: Knobs
    order: tuple[str, ...]
    before: Through
    seen: Through
    model: Through  # untouched: temperature 1, nothing cut
    full: bool
    penalties: tuple[str, ...]
    schema: bool
    token: TokenLook | None = None


def knobs_of(lens: Lens, own: Knobs) -> Knobs:
    """The lens's knobs; what it does not set is as the answer was drawn."""
    given = lens.model_dump(exclude={"order"}, exclude_none=True)
    return Knobs.of({**vars(own), **given})


def order_of(lens: Lens, own: tuple[str, ...]) -> tuple[str, ...]:
    """The order of samplers the lens follows."""
    return {"server": own, "llama": LLAMA_ORDER, "go": GO_ORDER}[lens.order]


def look(column: int, sample: Sample, facts: Facts, lens: Lens, rows: FullRows, key: str, token: int) -> Look | None:
    """An answer through a lens; None where the server told no log-probabilities.

    Args:
        column: Whose answer it is.
        sample: The answer.
        facts: What the server made of the column's knobs.
        lens: The knobs to look through.
        rows: Full distributions that are known.
        key: The answer's, among them.
        token: Which one is looked at closely; -1: none.
    """
    tokens = sample.tokens
    if not tokens or any(one.logprob is None for one in tokens):
        return None
    whole = rows.all(key, len(tokens))
    known = whole or Known.of(tokens, facts.vocabulary)
    own, order = facts.knobs, order_of(lens, facts.order)
    knobs = knobs_of(lens, own)
    width = max(len(one.candidates) for one in tokens)

    @cache  # the lens may stand as the answer was drawn
    def seen(knobs: Knobs, order: tuple[str, ...]) -> Through:
        if whole is None:
            return through(known, knobs, order)
        return rows.seen((key, knobs, order), lambda: through(whole, knobs, order, width))

    close = None
    if 0 <= token < len(tokens):
        full = rows.one(key, token)
        close = _token(token, tokens[token], full or known.row(token), knobs, order, full is not None)
    return Look(
        column=column,
        tokens=tokens,
        knobs=knobs,
        order=order,
        before=seen(own, facts.order),
        seen=seen(knobs, order),
        model=seen(Knobs(), order),
        full=whole is not None,
        penalties=facts.penalties,
        schema=bool(getattr(sample.params, "format", None)),
        token=close,
    )


def _token(at: int, said: TokenEvent, row: Known, knobs: Knobs, order: tuple[str, ...], full: bool) -> TokenLook:
    """One row of at most 49,152 numbers, of which 20 go on."""
    seen, most = through(row, knobs, order), len(said.candidates)
    shown = float(np.exp(row.logprobs[0, :most]).sum())
    return TokenLook(
        at=at,
        said=said,
        said_at=said_at(said),
        candidates=said.candidates,
        surely=tuple(seen.surely[0, :most].tolist()),
        possibly=tuple(seen.possibly[0, :most].tolist()),
        low=tuple(seen.low[0, :most].tolist()),
        high=tuple(seen.high[0, :most].tolist()),
        said_low=float(seen.chosen_low[0]),
        said_high=float(seen.chosen_high[0]),
        tail_model=max(0.0, 1 - shown),
        tail_low=max(0.0, float(seen.tail_low[0] + seen.low[0, most:].sum())),
        tail_high=min(1.0, float(seen.tail_high[0] + seen.high[0, most:].sum())),
        steps=steps(row, knobs, order),
        curves=_curves(said.candidates[:CURVES], row, knobs, order),
        full=full,
    )


def said_at(token: TokenEvent) -> int:
    """Which of a token's candidates was said, among others of the same text too; -1: none of them."""
    return int(Known.of([token], None).chosen[0])


def _curves(candidates: Sequence[Candidate], row: Known, knobs: Knobs, order: tuple[str, ...]) -> tuple[Curve, ...]:
    """Each candidate's probability while the temperature moves and the other knobs stay."""
    seen = [through(row, Knobs.of({**vars(knobs), "temperature": value}), order) for value in TEMPERATURES]
    return tuple(
        Curve(one, tuple(float(s.low[0, at]) for s in seen), tuple(float(s.high[0, at]) for s in seen))
        for at, one in enumerate(candidates)
    )
