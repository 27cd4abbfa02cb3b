"""Callbacks as an iterator: a function that reports progress becomes a stream of what it reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event as CancelFlag
from threading import Thread
from typing import TypeVar

from pipelines.errors import Cancelled

T = TypeVar("T")

#: Seconds before work that is not done yet is shown as work, and between two looks at it.
PATIENCE_S, LOOK_S = 0.35, 0.2


def passing(work: Callable[[Callable[[T], None]], object]) -> Iterator[T]:
    """Run ``work`` in a thread and yield what it passes to its callback; its error is raised at the end."""
    queue: SimpleQueue[tuple[T] | None] = SimpleQueue()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work(lambda item: queue.put((item,)))
        except BaseException as error:  # handed to the reader, below
            raised.append(error)
        finally:
            queue.put(None)

    thread = Thread(target=run, name="passing", daemon=True)
    thread.start()
    while (item := queue.get()) is not None:
        yield item[0]
    thread.join()
    if raised:
        raise raised[0]


def patiently(work: Callable[[Callable[[T], None]], object], flag: CancelFlag) -> Iterator[T]:
    """As :func:`passing`, but of what is passed only now and then one, and none before it takes a while.

    Raises:
        Cancelled: the flag is set. Whatever ``work`` raised.
    """
    started = time.monotonic()
    looked = started - LOOK_S
    for step in passing(work):
        now = time.monotonic()
        if not flag.is_set() and now - started > PATIENCE_S and now - looked >= LOOK_S:
            looked = now
            yield step
    if flag.is_set():
        raise Cancelled
