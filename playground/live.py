"""A value that background work replaces and any number of pages follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Condition
from threading import Event as CancelFlag
from typing import Generic, TypeVar

T = TypeVar("T")

#: Least seconds between two updates of a page: about twenty a second.
UPDATE_S = 0.05


class Live(Generic[T]):
    """The value, the flag that asks its work to stop, and whoever waits for a change.

    Args:
        value: The first one; values are replaced, never changed.
        running: Whether work goes on at a value.
    """

    def __init__(self, value: T, running: Callable[[T], bool]) -> None:
        self.value = value
        self.cancel = CancelFlag()
        self._running = running
        self._changed = Condition()

    def show(self, value: T) -> None:
        """Replace the value."""
        with self._changed:
            self.value = value
            self._changed.notify_all()

    def change(self, how: Callable[[T], T]) -> None:
        """Replace the value by one made of it, in one step."""
        with self._changed:
            self.value = how(self.value)
            self._changed.notify_all()

    def follow(self) -> Iterator[T]:
        """The value as it changes, at most about twenty times a second, the last one included."""
        value = self.value
        yield value
        while self._running(value):
            time.sleep(UPDATE_S)
            value = self._later(value)
            yield value

    def settle(self, timeout_s: float) -> None:
        """Wait for the work to end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running(self.value), timeout=timeout_s)

    def _later(self, seen: T) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self.value is not seen)
            return self.value
