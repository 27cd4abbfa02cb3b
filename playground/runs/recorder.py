"""Keeps runs as they are made. What cannot be kept is told, and stops nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from pipelines.errors import Cancelled, PlaygroundError, StoreError
from pipelines.events import Answered, AskEvent, Failed, IndexProgress
from pipelines.runs.run import Begun, Ended
from playground.runs import outcomes
from playground.turn import Turn, fold

if TYPE_CHECKING:
    from pipelines.engines import Engines
    from pipelines.runs.store import Runs

log = logging.getLogger(__name__)

T = TypeVar("T")
E = TypeVar("E", bound=AskEvent | IndexProgress)


class Recorder:
    """Writes runs; safe from any thread.

    Args:
        runs: Where they are kept; None: nowhere.
        engines: Asked which version and which file of a model it was; None: not told.
        tell: Told why a run could not be kept.
    """

    def __init__(
        self, runs: Runs | None, engines: Engines | None = None, tell: Callable[[str], None] = log.warning
    ) -> None:
        self._runs, self._engines, self._tell = runs, engines, tell
        self._open: set[str] = set()

    def begin(self, begun: Begun) -> str:
        """Keep a run under way; its id, or "" where it could not be kept."""
        return self._kept(lambda runs: runs.begin(begun))

    def end(self, run: str, ended: Ended) -> None:
        """Keep how it ended."""
        self._open.discard(run)
        if run:
            self._kept(lambda runs: runs.end(run, self._signed(ended)))

    def add(self, begun: Begun, ended: Ended) -> str:
        """Keep a run that has ended already; its id, or ""."""
        return self._kept(lambda runs: runs.add(begun, self._signed(ended)))

    @contextmanager
    def together(self, begun: Sequence[Begun]) -> Iterator[list[str]]:
        """Runs under way side by side, in one batch: their ids.

        When the block raises, those it has not ended are kept as failed, or as stopped if somebody stopped it.
        """
        batch = uuid4().hex[:12] if len(begun) > 1 else ""
        runs = [self.begin(replace(one, batch=one.batch or batch)) for one in begun]
        self._open |= set(runs)
        try:
            yield runs
        except PlaygroundError as error:
            ended = Ended("stopped") if isinstance(error, Cancelled) else outcomes.failed(error)
            for run in self._open & set(runs):
                self.end(run, ended)
            raise

    def each(self, begun: Sequence[Begun], rows: Iterator[T], ended: Callable[[T], Ended]) -> Iterator[T]:
        """Pass rows on as they come: each is a run, begun when its turn has come, all of one batch."""
        batch = uuid4().hex[:12]
        for one in begun:
            with self.together([replace(one, batch=batch)]) as (run,):
                row = next(rows)
                self.end(run, ended(row))
            yield row

    def answering(self, begun: Begun, events: Iterator[E], made: Callable[[str], None] | None = None) -> Iterator[E]:
        """Pass the events of an answer on; the answer is kept before its last event is passed.

        Args:
            begun: The run.
            events: Of the answer.
            made: Told the run's id.
        """
        run, turn, started = self.begin(begun), Turn(begun.question), monotonic()
        if made is not None:
            made(run)

        def end() -> None:
            self.end(run, outcomes.of_turn(turn, monotonic() - started))

        try:
            for event in events:
                turn = fold(turn, event)
                if isinstance(event, Answered | Failed):
                    end()
                yield event
        except Cancelled:
            raise
        except PlaygroundError as error:
            turn = fold(turn, Failed(error, turn.text))
            end()
            raise
        finally:  # cancelled, or nobody reads on
            if turn.state == "running":
                turn = replace(turn, state="stopped")
                end()

    def _kept(self, write: Callable[[Runs], str | None]) -> str:
        try:
            return write(self._runs) or "" if self._runs is not None else ""
        except StoreError as error:
            self._tell(f"This run could not be kept. {error}")
            return ""

    def _signed(self, ended: Ended) -> Ended:
        """With the engine's version and the digest of the model's file, where they can be told."""
        if self._engines is None or ended.engine not in ("ollama", "builtin"):
            return ended
        engine = self._engines.ollama if ended.engine == "ollama" else self._engines.builtin
        with suppress(PlaygroundError):
            return replace(ended, engine_version=engine.version, digest=engine.info(ended.model).digest)
        return ended
