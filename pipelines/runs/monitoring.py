"""Many runs over time: how quick each model was, how much it read and wrote, how often it failed. Pure.

Percentiles go straight from one measurement to the next (Hyndman and Fan 1996, type 7). One is told only where enough
was measured for some of it to lie beyond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.runs.measured import PACKED, Floats, Group
from pipelines.runs.run import KINDS, Kind

#: Seconds that can be looked back at, by name; None: since the first run.
WINDOWS: Mapping[str, float | None] = {
    "hour": 3600.0, "day": 86_400.0, "week": 7 * 86_400.0, "month": 30 * 86_400.0, "all": None,
}  # fmt: skip

#: Least measurements for a percentile, so that one of them lies beyond it.
LEAST = {"p50": 1, "p95": 20, "p99": 100}

#: Numbers of which less is worse: their 95th percentile is what 95 % reach.
FALLING = ("tokens_per_s",)

#: Kinds of runs whose texts a language model writes.
_WRITING = ("ask", "sample", "evaluate")

_MOST_BUCKETS = 32
_STEPS = (300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 28 * 86_400, 364 * 86_400)

_SPREAD, _SUMMED = ("ttft_s", "tokens_per_s"), ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class Spread:
    """Half of the ``n`` measurements were no worse than ``p50``, 95 % no worse than ``p95``; None: too few for it."""

    n: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True)
class Bucket:
    """A stretch of time of one model; ``start`` in seconds since 1970."""

    start: float
    finished: int  # done or failed
    failed: int
    spreads: Mapping[str, Spread]  # "ttft_s", "tokens_per_s"
    single: Mapping[str, tuple[float, ...]]  # of these each measurement, where there are too few for a p95
    sums: Mapping[str, float]  # "prompt_tokens", "completion_tokens"


@dataclass(frozen=True)
class Model:
    """What one model of one engine did. Without a model: quotes ("none"), or it never came to one ("")."""

    name: str
    engine: str
    runs: int
    finished: int  # done or failed: neither stopped by a person nor cut off
    failed: int
    spreads: Mapping[str, Spread]
    sums: Mapping[str, float]  # with "left_out", passages that found no room
    short_of_room: int  # runs that left something out
    buckets: tuple[Bucket, ...] = ()


@dataclass(frozen=True)
class Work:
    """All runs of one kind."""

    kind: Kind
    runs: int
    finished: int
    failed: int
    seconds: Spread


@dataclass(frozen=True)
class Monitored:
    """A window of time, in buckets of ``step`` seconds."""

    start: float
    end: float
    step: float
    models: tuple[Model, ...] = ()  # those with the most runs first
    work: tuple[Work, ...] = ()
    embedded: int = 0  # texts whose vector indexing needed
    cached: int = 0  # of these those known before
    remembered: float | None = None  # mean share of a search's steps known before
    searches: int = 0  # that told so

    @property
    def runs(self) -> int:
        """How many in all."""
        return sum(one.runs for one in self.work)


def monitored(
    runs: Sequence[Group], since: float | None = None, until: float | None = None, zone_s: int = 0
) -> Monitored:
    """Figures of runs.

    Args:
        runs: All that are looked at.
        since: Where the window begins, in seconds since 1970; None: with the first run.
        until: Where it ends; None: with the last run.
        zone_s: Seconds by which local time is ahead of UTC: a bucket of a day begins at midnight.
    """
    whole = _Some(runs)
    began = whole.numbers["began"]
    first = since if since is not None else float(began.min(initial=np.inf)) if len(began) else 0.0
    last = until if until is not None else float(began.max(initial=first))
    step = next((one for one in _STEPS if last - first <= one * _MOST_BUCKETS), _STEPS[-1])
    start = (first + zone_s) // step * step - zone_s
    writers = sorted({(one.model, one.engine) for one in runs if _writes(one)})
    models = [
        _model(
            name, engine, _Some([r for r in runs if _writes(r) and (r.model, r.engine) == (name, engine)]), start, step
        )
        for name, engine in writers
    ]
    by_kind = {kind: _Some([one for one in runs if one.kind == kind]) for kind in KINDS}
    remembered = by_kind["search"].known("remembered")
    return Monitored(
        first,
        last,
        step,
        tuple(sorted(models, key=lambda one: -one.runs)),
        tuple(_work(kind, some) for kind, some in by_kind.items() if len(some)),
        int(by_kind["index"].known("embedded").sum()),
        int(by_kind["index"].known("cached").sum()),
        float(remembered.mean()) if len(remembered) else None,
        len(remembered),
    )


def spread(values: Floats, *, falling: bool = False) -> Spread:
    """How measurements are spread; ``falling``: less is worse."""
    ordered, n = np.sort(values), len(values)
    if falling:
        ordered = ordered[::-1]
    return Spread(n, **{name: _percentile(ordered, int(name[1:])) for name, least in LEAST.items() if n >= least})


def _percentile(ordered: Floats, percent: int) -> float:
    rank = (len(ordered) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (rank - below) * (ordered[above] - ordered[below]))


class _Some:
    """Some of the runs as columns."""

    def __init__(self, runs: Sequence[Group]) -> None:
        parts = {name: [one.numbers[name] for one in runs] for name in PACKED}
        self.numbers = {name: np.concatenate(some) if some else np.array([]) for name, some in parts.items()}
        states = [np.full(len(one), one.state, "U11") for one in runs]
        self._states = np.concatenate(states) if states else np.array([], "U11")

    def __len__(self) -> int:
        return len(self._states)

    def only(self, mine: NDArray[np.bool_]) -> _Some:
        """Those that are marked."""
        some = _Some([])
        some.numbers, some._states = {name: one[mine] for name, one in self.numbers.items()}, self._states[mine]
        return some

    def count(self, *states: str) -> int:
        """How many ended so."""
        return sum(int((self._states == state).sum()) for state in states)

    def known(self, number: str) -> Floats:
        """A number of those that tell it."""
        values = self.numbers[number]
        return values[~np.isnan(values)]

    def spread(self, number: str) -> Spread:
        """How a number is spread."""
        return spread(self.known(number), falling=number in FALLING)


def _writes(one: Group) -> bool:
    """Whether a language model writes in such a run, or should have; an evaluation need not ask one."""
    return one.kind in _WRITING and bool(one.engine or one.kind != "evaluate")


def _model(name: str, engine: str, some: _Some, start: float, step: float) -> Model:
    at = (some.numbers["began"] - start) // step
    return Model(
        name,
        engine,
        len(some),
        some.count("done", "failed"),
        some.count("failed"),
        {number: some.spread(number) for number in _SPREAD},
        {number: float(some.known(number).sum()) for number in (*_SUMMED, "left_out")},
        int((some.known("left_out") > 0).sum()),
        tuple(_bucket(start + float(n) * step, some.only(at == n)) for n in np.unique(at)),
    )


def _bucket(start: float, some: _Some) -> Bucket:
    spreads = {number: some.spread(number) for number in _SPREAD}
    few = [number for number, one in spreads.items() if one.n < LEAST["p95"]]
    single = {number: tuple(map(float, some.known(number))) for number in few}
    sums = {number: float(some.known(number).sum()) for number in _SUMMED}
    return Bucket(start, some.count("done", "failed"), some.count("failed"), spreads, single, sums)


def _work(kind: Kind, some: _Some) -> Work:
    return Work(kind, len(some), some.count("done", "failed"), some.count("failed"), some.spread("seconds"))
