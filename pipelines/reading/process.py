"""The process that opens pictures and runs OCR: ``python -m pipelines.reading.process``, frames in, frames out.

Pictures come from anywhere and their decoders are C, as are the OCR engines: what crashes here is a message in
the app.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from typing import Any

from pipelines.loading.worker import serve


class Kept:
    """Engines kept ready between calls: one a name, the one with the settings asked for last."""

    def __init__(self) -> None:
        self._engines: dict[str, tuple[Hashable, Any]] = {}

    def engine(self, name: str, settings: Hashable, make: Callable[[], Any]) -> tuple[Any, float]:
        """An engine, made if it is not there or was made with other settings.

        Returns:
            The engine, and the seconds its making took (0 where it was there).
        """
        known = self._engines.pop(name, None)
        if known is not None and known[0] == settings:
            self._engines[name] = known
            return known[1], 0.0
        started = time.perf_counter()
        made = make()
        self._engines[name] = (settings, made)
        return made, time.perf_counter() - started


def main() -> None:
    """Serve until the app closes the pipe."""
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # Tesseract's threads cost more than they bring
    serve(Kept(), str, "Save it anew as PNG, or choose another file.")


if __name__ == "__main__":
    main()
