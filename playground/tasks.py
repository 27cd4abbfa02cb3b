"""Work a page waits for, by a name the page knows, so that Stop or a newer wish can end it.

Wishes carry the moment they were made: requests may overtake each other on their way, and the last one made
must win, not the last one to arrive.
"""

from __future__ import annotations

import math
from threading import Event as CancelFlag
from threading import Lock

#: Milliseconds by which the requests of one gesture may come apart, by the page's clock.
SAME_MS = 100.0


class Tasks:
    """Cancel flags. One task a name: beginning it anew cancels the one before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flags: dict[str, CancelFlag] = {}
        self._made: dict[str, float] = {}

    def begin(self, name: str, made: float = math.inf) -> CancelFlag:
        """The flag of a new task; whoever held the name is told to stop.

        Args:
            name: What the page calls it.
            made: When it was wished for, in milliseconds of the page's clock. If a later wish of the name has come
                before, the flag is set at once.
        """
        flag = CancelFlag()
        with self._lock:
            if made < self._made.get(name, 0):
                flag.set()
                return flag
            if made < math.inf:
                self._made[name] = made
            before = self._flags.get(name)
            self._flags[name] = flag
        if before is not None:
            before.set()
        return flag

    def overtake(self, name: str, made: float) -> None:
        """Tell a task to make room for a newer wish.

        Args:
            name: Of the task.
            made: When the newer wish was made. Its own task may have begun already: it stays.
        """
        with self._lock:
            older = self._made.get(name, made) < made - SAME_MS
            flag = self._flags.pop(name, None) if older else None
        if flag is not None:
            flag.set()

    def holds(self, name: str, flag: CancelFlag) -> bool:
        """Whether a task still has its name: nobody has begun another since."""
        with self._lock:
            return self._flags.get(name) is flag

    def end(self, name: str, flag: CancelFlag) -> None:
        """Forget a task that is done, unless a newer one has its name."""
        with self._lock:
            if self._flags.get(name) is flag:
                del self._flags[name]

    def stop(self, name: str) -> None:
        """Tell a task to stop; fine where there is none."""
        with self._lock:
            flag = self._flags.get(name)
        if flag is not None:
            flag.set()

    def close(self) -> None:
        """Stop everything."""
        with self._lock:
            for flag in self._flags.values():
                flag.set()
