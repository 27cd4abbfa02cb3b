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

#: Seconds between two looks at whether anybody still follows.
LOOK_S = 0.2


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

    @property
    def going(self) -> bool:
        """Whether work goes on."""
        return self._running(self.value)

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

    def follow(self, until: CancelFlag | None = None, pace_s: float = UPDATE_S) -> Iterator[T]:
        """The value as it changes, the last one included.

        Args:
            until: Ends it when set, even while nothing changes; the work goes on.
            pace_s: Least seconds between two values. What came meanwhile is not lost: the newest one follows.
        """
        value = self.value
        yield value
        while self._running(value):
            time.sleep(pace_s)
            later = self._later(value, until)
            if later is value:
                return
            value = later
            yield value

    def settle(self, timeout_s: float) -> None:
        """Wait for the work to end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running(self.value), timeout=timeout_s)

    def _later(self, seen: T, until: CancelFlag | None) -> T:
        """The next value; the same one if ``until`` is set first."""
        with self._changed:
            while self.value is seen and not (until and until.is_set()):
                self._changed.wait(timeout=LOOK_S if until else None)
            return self.value
