"""Callbacks as an iterator: a function that reports progress becomes a stream of what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


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
