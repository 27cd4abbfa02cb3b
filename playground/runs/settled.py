"""What a lab shows becomes a run when it has settled: a slider on its way makes no runs."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock, Timer

#: Seconds without a change after which a lab has settled.
SETTLE_S = 1.5

#: Labs whose last runs are remembered.
_MOST = 500

log = logging.getLogger(__name__)


class Settled:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, tuple[Timer, str, Callable[[], None]]] = {}
        self._last: OrderedDict[str, str] = OrderedDict()  # lab -> what it showed when it was kept

    def later(self, lab: str, shown: str, keep: Callable[[], None]) -> None:
        """Keep what a lab shows, unless it shows something else before long, or showed the same the last time.

        Args:
            lab: Its name.
            shown: Tells what is shown: alike only where the same would be kept again.
            keep: Writes the runs; called from another thread.
        """
        with self._lock:
            self._drop(lab)
            if self._last.get(lab) == shown:
                return
            timer = Timer(SETTLE_S, self._due, (lab, keep))
            timer.daemon = True
            self._waiting[lab] = timer, shown, keep
            timer.start()

    def close(self) -> None:
        """Keep at once what waits."""
        for lab, (timer, _, keep) in list(self._waiting.items()):
            timer.cancel()
            self._due(lab, keep)

    def _drop(self, lab: str) -> None:
        if waiting := self._waiting.pop(lab, None):
            waiting[0].cancel()

    def _due(self, lab: str, keep: Callable[[], None]) -> None:
        with self._lock:
            _, shown, waiting = self._waiting.get(lab, (None, "", None))
            if waiting is not keep:
                return  # overtaken, or kept meanwhile
            del self._waiting[lab]
            self._last[lab] = shown
            self._last.move_to_end(lab)
            while len(self._last) > _MOST:
                self._last.popitem(last=False)
        try:
            keep()
        except Exception:
            log.exception("the runs of a lab could not be kept")
