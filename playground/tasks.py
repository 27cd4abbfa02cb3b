"""Work a page waits for, by a name the page knows, so that Stop or a newer wish can end it.

Wishes carry the moment they were made: requests may overtake each other on their way, and the last one made
must win, not the last one to arrive.
"""

from __future__ import annotations

import math
import time
from threading import Event as CancelFlag
from threading import Lock

#: Seconds by which the requests of one gesture may come apart.
SAME_S = 0.1


class Tasks:
    """Cancel flags. One task a name: beginning it anew cancels the one before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flags: dict[str, CancelFlag] = {}
        self._made: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def begin(self, name: str, made: float = math.inf) -> CancelFlag:
        """The flag of a new task; whoever held the name is told to stop.

        Args:
            name: What the page calls it.
            made: When it was wished for. If a later wish of the name has come before, the flag is set at once.
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
            self._began[name] = time.monotonic()
        if before is not None:
            before.set()
        return flag

    def overtake(self, name: str, arrived: float) -> None:
        """Tell a task to make room for a newer wish, one that came at ``arrived`` (``time.monotonic``).

        The newer wish's own task may have begun a moment before this was told: it stays.
        """
        with self._lock:
            older = self._began.get(name, arrived) < arrived - SAME_S
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
