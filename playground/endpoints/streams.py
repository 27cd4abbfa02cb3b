"""What the endpoints share: recipes as plain data, and long work as a stream of where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import Event as CancelFlag
from typing import Any, TypeVar

from pipelines.events import IndexProgress
from pipelines.recipe import Recipe
from pipelines.scratch import Work
from playground.answers import paced
from playground.background import passing
from playground.cli.documents import describe

T = TypeVar("T")

#: Where runs of endpoints come from, as it stands in the list of runs.
ENDPOINT = "endpoint"

#: What a streaming endpoint gives: plain data with "done".
Stream = Generator[dict[str, Any], None, T]


def recipe_from(sections: dict[str, Any] | None) -> Recipe:
    """The standard recipe with some sections changed. Raises UsageError for what does not exist."""
    return Recipe.from_json(json.dumps(sections or {}))


@contextmanager
def stopping() -> Iterator[CancelFlag]:
    """A flag that is set when the block ends, also because the client has gone: what still works then stops."""
    flag = CancelFlag()
    try:
        yield flag
    finally:
        flag.set()


def working(work: Callable[[Work], T], place: tuple[int, int] = (1, 1)) -> Stream[T]:
    """Do a long step in a thread and tell where it stands, a few times a second.

    Args:
        work: Reports to and is stopped by what it is given.
        place: Which step of how many it is.

    Returns:
        What ``work`` returned.

    Raises:
        Whatever ``work`` raised.
    """
    found: list[T] = []
    due = paced()
    with stopping() as flag:

        def run(report: Callable[[IndexProgress], None]) -> None:
            found.append(work(Work(report, flag)))

        for event in passing(run):
            if due():
                yield {"done": False, "progress": describe(event, *place)}
    return found[0]
