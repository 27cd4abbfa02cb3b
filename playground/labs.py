"""The newest state of every lab on every page.

A page sends the state it knows, which is the one before, if it acts twice before an answer has come back; and two
handlers of a page may run at once. No act may undo another: what an act changed is put into the newest state.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, TypeVar

from playground.state import Kept

K = TypeVar("K", bound=Kept)

#: Labs remembered; of older ones the page's own word counts.
_MOST = 500

#: States of a lab remembered: an act that began before so many others is taken as it is.
_HISTORY = 30


class Labs:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._states: OrderedDict[tuple[type[Kept], str], list[Kept]] = OrderedDict()  # of each lab, the newest last
        self._lock = Lock()

    def now(self, kind: type[K], kept: Any) -> K:
        """A lab as it is now, given what its page sent."""
        told = kind.restore(kept)
        with self._lock:
            newest = self._states.setdefault((kind, told.id), [told])[-1]
            self._forget()
        assert isinstance(newest, kind)
        return newest

    def keep(self, lab: K) -> K:
        """Remember a lab that was made of a state of it; what was changed meanwhile stays changed.

        Returns:
            The newest state: the page is to keep it.
        """
        key = (type(lab), lab.id)
        with self._lock:
            states = self._states.setdefault(key, [])
            newest = _merged(states, lab)
            del states[: len(states) - _HISTORY + 1]
            states.append(newest)
            self._states.move_to_end(key)
            self._forget()
        return newest

    def _forget(self) -> None:
        while len(self._states) > _MOST:
            self._states.popitem(last=False)


def _merged(states: list[Kept], lab: K) -> K:
    """The newest state with the fields in which ``lab`` differs from the state it was made of."""
    if not states or states[-1].revision == lab.revision:
        return lab.to(revision=lab.revision + 1)
    newest, base = states[-1], next((one for one in states if one.revision == lab.revision), None)
    assert isinstance(newest, type(lab))
    changed = {name for name in type(lab).model_fields if base is None or getattr(lab, name) != getattr(base, name)}
    return newest.to(**{name: getattr(lab, name) for name in changed - {"revision"}}, revision=newest.revision + 1)
