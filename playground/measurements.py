"""Measurements run in the background, one a page, so that a reload finds them again; the last result is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock, Thread
from time import monotonic
from typing import Literal

from pipelines.errors import Cancelled, PlaygroundError, UsageError
from pipelines.evaluation.questions import Question
from pipelines.evaluation.strategies import Row
from pipelines.events import IndexProgress
from pipelines.recipe import Recipe
from pipelines.scratch import Work
from playground.live import UPDATE_S, Live

State = Literal["running", "done", "stopped", "failed"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """What is known of a measurement so far. Rows are in the order of the recipes."""

    questions: str  # name of the set
    asked: int
    recipes: tuple[Recipe, ...]
    budget: int
    left_out: tuple[str, ...] = ()  # why some questions are not asked
    each: tuple[Question, ...] = ()  # the questions asked, in the order of the rows' values
    rows: tuple[Row, ...] = ()
    took: tuple[float, ...] = ()  # seconds of each row
    progress: IndexProgress | None = None
    state: State = "running"
    error: PlaygroundError | None = None

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rows that are done; None before the first."""
        if not self.took:
            return None
        return sum(self.took) / len(self.took) * (len(self.recipes) - len(self.rows))


#: Does the measuring: told where to report and what stops it, yields rows.
Source = Callable[[Work], Iterator[Row]]


class Measurements:
    """One measurement a page, by the page's id."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._live: dict[str, Live[Measurement]] = {}

    def start(self, page: str, first: Measurement, source: Source) -> None:
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

    def peek(self, page: str) -> Measurement | None:
        """The measurement as it stands."""
        live = self._live.get(page)
        return live.value if live else None

    def follow(self, page: str) -> Iterator[Measurement]:
        """The measurement as it grows, to its end."""
        live = self._live.get(page)
        if live is not None:
            yield from live.follow()

    def stop(self, page: str) -> None:
        """Ask a measurement to end; the rows it has are kept."""
        live = self._live.get(page)
        if live is not None:
            live.cancel.set()

    def close(self) -> None:
        """Stop all and wait."""
        for live in list(self._live.values()):
            live.cancel.set()
        for live in list(self._live.values()):
            live.settle(UPDATE_S * 100)


def _measure(live: Live[Measurement], source: Source) -> None:
    def report(step: IndexProgress) -> None:
        live.show(replace(live.value, progress=step))

    try:
        began = monotonic()
        for row in source(Work(report, live.cancel)):
            now = live.value
            took = (*now.took, monotonic() - began)
            live.show(replace(now, rows=(*now.rows, row), took=took, progress=None))
            began = monotonic()
        live.show(replace(live.value, state="done", progress=None))
    except Cancelled:
        live.show(replace(live.value, state="stopped", progress=None))
    except PlaygroundError as error:
        live.show(replace(live.value, state="failed", progress=None, error=error))
    except Exception as error:
        log.exception("a measurement failed")
        fault = PlaygroundError(f"The measurement broke: {error!r}.", "The log has the details; please report it.")
        live.show(replace(live.value, state="failed", progress=None, error=fault))
