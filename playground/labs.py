"""The newest state of every lab on every page.

A page sends the state it knows, which is the one before, if it acts twice before an answer has come back: the second
act must not undo the first.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, TypeVar

from playground.state import Kept

K = TypeVar("K", bound=Kept)

#: Labs remembered; of older ones the page's own word counts.
_MOST = 500


class Labs:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._newest: OrderedDict[tuple[type[Kept], str], Kept] = OrderedDict()
        self._lock = Lock()

    def now(self, kind: type[K], kept: Any) -> K:
        """A lab as it is now, given what its page sent."""
        told = kind.restore(kept)
        with self._lock:
            newest = self._newest.get((kind, told.id), told)
        assert isinstance(newest, kind)
        return newest

    def keep(self, lab: Kept) -> dict[str, Any]:
        """Remember a lab; returns what its page is to keep."""
        key = (type(lab), lab.id)
        with self._lock:
            self._newest[key] = lab
            self._newest.move_to_end(key)
            while len(self._newest) > _MOST:
                self._newest.popitem(last=False)
        return lab.keep()
