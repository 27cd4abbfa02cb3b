"""Full distributions of answers' tokens, as far as they were asked for. A page never gets more than twenty of them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import numpy as np

from pipelines.engines.base import Message
from pipelines.lens import Known, Through
from pipelines.samples import Sample
from pipelines.sampling import Knobs

#: Rows kept: one of 49,152 tokens takes 0.4 MB.
MOST = 256

#: Answers seen through some knobs that are remembered: small, but each took up to a second.
_SEEN = 32

#: An answer, the knobs and the order of samplers it is seen through.
View = tuple[str, Knobs, tuple[str, ...]]


class FullRows:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, int], Known] = OrderedDict()
        self._lock = Lock()
        self._whole: tuple[str, Known] | None = None
        self._seen: OrderedDict[View, Through] = OrderedDict()

    def keep(self, key: str, at: int, row: Known) -> None:
        """Remember the distribution before a token; the oldest are let go."""
        with self._lock:
            self._rows[key, at] = row
            while len(self._rows) > MOST:
                self._rows.popitem(last=False)

    def one(self, key: str, at: int) -> Known | None:
        """The distribution before a token, if it is known."""
        with self._lock:
            return self._rows.get((key, at))

    def missing(self, key: str, count: int) -> list[int]:
        """Tokens of an answer whose distribution is not known."""
        with self._lock:
            return [at for at in range(count) if (key, at) not in self._rows]

    def all(self, key: str, count: int) -> Known | None:
        """All distributions of an answer, if they are known; put together once."""
        with self._lock:
            if self._whole is not None and self._whole[0] == key:
                return self._whole[1]
            rows = [self._rows.get((key, at)) for at in range(count)]
        if not rows or any(row is None for row in rows):
            return None
        here = [row for row in rows if row is not None]
        whole = Known(
            np.concatenate([row.logprobs for row in here]),
            np.concatenate([row.chosen for row in here]),
            np.concatenate([row.chosen_logprob for row in here]),
            here[0].vocabulary,
        )
        self._whole = (key, whole)
        return whole

    def seen(self, view: View, compute: Callable[[], Through]) -> Through:
        """What samplers leave of an answer whose distributions are all known: computed once."""
        with self._lock:
            found = self._seen.get(view)
        if found is None:
            found = compute()
        with self._lock:
            self._seen[view] = found
            self._seen.move_to_end(view)
            while len(self._seen) > _SEEN:
                self._seen.popitem(last=False)
        return found


def key_of(messages: tuple[Message, ...], sample: Sample) -> str:
    """Names an answer: what was asked, who answered, and every token of it."""
    told = repr((messages, sample.engine, sample.model, [token.id for token in sample.tokens]))
    return hashlib.sha256(told.encode()).hexdigest()
