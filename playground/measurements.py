"""Measurements, drafts and grades are made in the background, so that a reload finds them again; the last is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from threading import Lock, Thread
from time import monotonic
from typing import Any, Generic, Literal, TypeVar

from pipelines.errors import Cancelled, PlaygroundError, UsageError
from pipelines.evaluation.questions import Question
from pipelines.evaluation.strategies import BUDGET, Row
from pipelines.events import IndexProgress
from pipelines.recipe import Recipe
from pipelines.scratch import Work
from playground.live import UPDATE_S, Live

State = Literal["running", "done", "stopped", "failed"]

log = logging.getLogger(__name__)

#: Seconds to wait for work that was told to stop, before the next of its name begins.
_SETTLE_S = 10.0


R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Growing(Generic[R]):
    """Work in the background as it stands: rows as they come, then how it ended."""

    rows: tuple[R, ...] = ()
    took: tuple[float, ...] = ()  # seconds of each row
    progress: IndexProgress | None = None
    state: State = "running"
    error: PlaygroundError | None = None

    def seconds_left(self, remaining: int, done: int = 0) -> float | None:
        """An estimate: what is done (so many; 0: the rows) took so long each. None before the first."""
        done = done or len(self.took)
        return sum(self.took) / done * remaining if done and self.took else None


@dataclass(frozen=True, kw_only=True)
class Measurement(Growing[Row]):
    """Recipes compared on questions. Rows are in the order of the recipes."""

    questions: str  # name of the set
    asked: int
    recipes: tuple[Recipe, ...]
    budget: int = BUDGET
    left_out: tuple[str, ...] = ()  # why some questions are not asked
    each: tuple[Question, ...] = ()  # the questions asked, in the order of the rows' values


#: Does the work: told where to report and what stops it, yields rows.
Source = Callable[[Work], Iterator[Any]]


class Measurements:
    """One piece of work a name: a page's id, with what is done behind a colon."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._live: dict[str, Live[Any]] = {}

    def start(self, page: str, first: Growing[Any], source: Source) -> None:
        """Measure in the background.

        Raises:
            UsageError: one is still under way.
        """
        live = Live(first, lambda now: now.state == "running")
        with self._lock:
            before = self._live.get(page)
            if before is not None and before.value.state == "running":
                raise UsageError("A measurement is still under way here.", "Wait for it, or press Stop.")
            self._live[page] = live
        Thread(target=_measure, args=(live, source), name="measurement", daemon=True).start()

    def peek(self, page: str) -> Any:
        """The measurement as it stands."""
        live = self._live.get(page)
        return live.value if live else None

    def follow(self, page: str, until: CancelFlag | None = None, pace_s: float = UPDATE_S) -> Iterator[Any]:
        """The measurement as it grows, to its end; or until a flag is set. See :meth:`Live.follow`."""
        live = self._live.get(page)
        if live is not None:
            yield from live.follow(until, pace_s)

    def drawn(self, page: str, draw: Callable[[], R]) -> Iterator[R]:
        """What ``draw`` makes of it: as it is, then whenever it has grown."""
        yield draw()
        for _ in self.follow(page):
            yield draw()

    def change(self, page: str, how: Callable[[Any], Any]) -> None:
        """Replace what is known by something made of it."""
        live = self._live.get(page)
        if live is not None:
            live.change(how)

    def stop(self, page: str) -> None:
        """Ask a measurement to end; the rows it has are kept."""
        live = self._live.get(page)
        if live is not None:
            live.cancel.set()

    def halt(self, page: str) -> None:
        """Ask a measurement to end, and wait for that: the next one may begin."""
        self.stop(page)
        self.settle(page, _SETTLE_S)

    def settle(self, page: str, timeout_s: float) -> None:
        """Wait for a measurement to end."""
        live = self._live.get(page)
        if live is not None:
            live.settle(timeout_s)

    def close(self) -> None:
        """Stop all and wait."""
        for live in list(self._live.values()):
            live.cancel.set()
        for live in list(self._live.values()):
            live.settle(UPDATE_S * 100)


def _measure(live: Live[Any], source: Source) -> None:
    def report(step: IndexProgress) -> None:
        live.change(lambda now: replace(now, progress=step))

    def end(state: State, error: PlaygroundError | None = None) -> None:
        live.change(lambda now: replace(now, state=state, progress=None, error=error))

    try:
        began = monotonic()
        for row in source(Work(report, live.cancel)):
            taken, began = monotonic() - began, monotonic()
            _add(live, row, taken)
        end("done")
    except Cancelled:
        end("stopped")
    except PlaygroundError as error:
        end("failed", error)
    except Exception as error:
        log.exception("work in the background failed")
        end("failed", PlaygroundError(f"It broke: {error!r}.", "The log has the details; please report it."))


def _add(live: Live[Any], row: Any, seconds: float) -> None:
    live.change(lambda now: replace(now, rows=(*now.rows, row), took=(*now.took, seconds)))
