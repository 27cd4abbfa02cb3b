"""The newest state of every lab on every page.

A page sends the state it knows, which is the one before, if it acts twice before an answer has come back; and two
handlers of a page may run at once. No act may undo another: what an act changed is put into the newest state. Of two
acts that change the same, the one made later counts, also where it comes first: requests overtake each other.
"""

from __future__ import annotations

import math
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
        self._made: dict[tuple[type[Kept], str], dict[str, float]] = {}  # field -> when it changed last
        self._lock = Lock()

    def now(self, kind: type[K], kept: Any) -> K:
        """A lab as it is now, given what its page sent."""
        told = kind.restore(kept)
        with self._lock:
            newest = self._states.setdefault((kind, told.id), [told])[-1]
            self._forget()
        assert isinstance(newest, kind)
        return newest

    def keep(self, lab: K, made: float = math.inf) -> K:
        """Remember a lab that was made of a state of it; what was changed meanwhile stays changed.

        Args:
            lab: The changed state.
            made: When the change was wished for, in milliseconds of the page's clock. A field that was changed by a
                later wish before stays as it is.

        Returns:
            The newest state: the page is to keep it.
        """
        key = (type(lab), lab.id)
        with self._lock:
            states, moments = self._states.setdefault(key, []), self._made.setdefault(key, {})
            changes = {name: value for name, value in _changes(states, lab).items() if made >= moments.get(name, 0)}
            if made < math.inf:
                moments |= dict.fromkeys(changes, made)
            newest = lab if not states else states[-1]
            assert isinstance(newest, type(lab))
            newest = newest.to(**changes, revision=newest.revision + 1)
            del states[: len(states) - _HISTORY + 1]
            states.append(newest)
            self._states.move_to_end(key)
            self._forget()
        return newest

    def _forget(self) -> None:
        while len(self._states) > _MOST:
            key, _ = self._states.popitem(last=False)
            self._made.pop(key, None)


def _changes(states: list[Kept], lab: Kept) -> dict[str, Any]:
    """The fields in which a lab differs from the state it was made of; all of them, where that is not known."""
    if not states:
        return {}
    base = next((one for one in reversed(states) if one.revision == lab.revision), None)
    fields = [name for name in type(lab).model_fields if name != "revision"]
    return {name: getattr(lab, name) for name in fields if base is None or getattr(lab, name) != getattr(base, name)}
