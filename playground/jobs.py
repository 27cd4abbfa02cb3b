"""Long work in the background, one process-wide queue: a page reload or a second tab sees the same."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from threading import Event as CancelFlag
from typing import Literal

from pipelines.engines.base import PullEvent
from pipelines.errors import Cancelled, PlaygroundError
from pipelines.events import Indexed, IndexProgress

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Report = Callable[[IndexProgress | PullEvent], None]

#: Work of a job: told where to report and when to stop; returns the outcomes of its files.
Work = Callable[[Report, CancelFlag], "Iterable[Outcome]"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one file; ``path`` is kept where it can be tried again."""

    indexed: Indexed
    path: Path | None = None


@dataclass(frozen=True)
class Failure:
    """A file that could not be taken in, until it is dismissed or succeeds."""

    id: str
    outcome: Indexed
    path: Path | None = None


@dataclass(frozen=True)
class Job:
    """A snapshot of one job."""

    id: str
    kind: Literal["index", "pull"]
    title: str
    state: State = "waiting"
    progress: IndexProgress | PullEvent | None = None
    error: PlaygroundError | None = None
    outcomes: tuple[Indexed, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ("waiting", "running")


class Jobs:
    """The queue. Indexing runs one job at a time, downloads beside it; snapshots are immutable.

    ``version`` grows with every change, so that a page redraws only when there is something new.
    """

    def __init__(self) -> None:
        self._lock = Condition()
        self._ids = itertools.count(1)
        self._jobs: dict[str, Job] = {}
        self._flags: dict[str, CancelFlag] = {}
        self._failures: dict[str, Failure] = {}
        self._queues: dict[str, SimpleQueue[tuple[str, Work] | None]] = {
            kind: SimpleQueue() for kind in ("index", "pull")
        }
        self.version = 0
        self._workers = [Thread(target=self._run, args=(kind,), daemon=True) for kind in self._queues]
        for worker in self._workers:
            worker.start()

    def submit(self, kind: Literal["index", "pull"], title: str, work: Work) -> str:
        """Queue work; returns the job's id."""
        with self._lock:
            job = Job(str(next(self._ids)), kind, title)
            self._jobs[job.id] = job
            self._flags[job.id] = CancelFlag()
            self._changed()
        self._queues[kind].put((job.id, work))
        return job.id

    def cancel(self, job: str) -> None:
        """Ask a job to stop; one that waits never starts."""
        flag = self._flags.get(job)
        if flag is not None:
            flag.set()
        with self._lock:
            if (known := self._jobs.get(job)) is not None and known.state == "waiting":
                self._jobs[job] = replace(known, state="cancelled")
                self._changed()

    def wait(self, job: str) -> Job:
        """The job when it has ended."""
        with self._lock:
            self._lock.wait_for(lambda: not self._jobs[job].active)
            return self._jobs[job]

    def snapshot(self) -> tuple[Job, ...]:
        """All jobs, in the order they were queued."""
        with self._lock:
            return tuple(self._jobs.values())

    def failures(self) -> tuple[Failure, ...]:
        """Files that could not be taken in."""
        with self._lock:
            return tuple(self._failures.values())

    def failure(self, id: str) -> Failure | None:
        """One of them."""
        return self._failures.get(id)

    def dismiss(self, id: str) -> Failure | None:
        """Forget a failure."""
        with self._lock:
            self._changed()
            return self._failures.pop(id, None)

    def forget(self, job: str) -> None:
        """Drop a job that has ended."""
        with self._lock:
            if (known := self._jobs.get(job)) is not None and not known.active:
                del self._jobs[job]
                self._changed()

    def touch(self) -> None:
        """Say that something outside the queue changed (a document was removed)."""
        with self._lock:
            self._changed()

    def close(self) -> None:
        """Stop everything and wait for the workers."""
        for flag in self._flags.values():
            flag.set()
        for queue in self._queues.values():
            queue.put(None)
        for worker in self._workers:
            worker.join(timeout=15)

    def _changed(self) -> None:
        """Called with the lock held, after every change."""
        self.version += 1
        self._lock.notify_all()

    def _run(self, kind: str) -> None:
        while (item := self._queues[kind].get()) is not None:
            job, work = item
            if not self._flags[job].is_set():
                self._work(job, work)

    def _work(self, job: str, work: Work) -> None:
        self._change(job, state="running")
        try:
            for outcome in work(lambda step: self._change(job, progress=step), self._flags[job]):
                self._record(job, outcome)
            self._change(job, state="cancelled" if self._flags[job].is_set() else "done")
        except Cancelled:
            self._change(job, state="cancelled")
        except PlaygroundError as error:
            self._change(job, state="failed", error=error)
        except Exception as error:
            log.exception("job %s failed", job)
            fault = PlaygroundError(f"This work broke: {error!r}.", "The log has the details; please report it.")
            self._change(job, state="failed", error=fault)

    def _change(
        self,
        job: str,
        state: State | None = None,
        progress: IndexProgress | PullEvent | None = None,
        error: PlaygroundError | None = None,
    ) -> None:
        with self._lock:
            old = self._jobs[job]
            self._jobs[job] = replace(
                old, state=state or old.state, progress=progress or old.progress, error=error or old.error
            )
            self._changed()

    def _record(self, job: str, outcome: Outcome) -> None:
        """Keep a failed file in sight; one that went well clears its earlier failure."""
        indexed = outcome.indexed
        with self._lock:
            old = self._jobs[job]
            self._jobs[job] = replace(old, outcomes=(*old.outcomes, indexed))
            self._failures = {k: f for k, f in self._failures.items() if f.outcome.document != indexed.document}
            if indexed.status == "failed":
                id_ = f"f{next(self._ids)}"
                self._failures[id_] = Failure(id_, indexed, outcome.path)
            self._changed()
