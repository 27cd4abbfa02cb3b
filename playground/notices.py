"""What the process has to say to whoever looks at a page: shown until it is dismissed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class Notice:
    """A title with some lines below it."""

    title: str
    lines: tuple[str, ...]


class Notices:
    """Safe from any thread.

    Args:
        changed: Called after every change, so that pages draw themselves again.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = Lock()
        self._shown: dict[str, Notice] = {}

    def tell(self, title: str, *lines: str) -> None:
        """Show a notice, in the place of an earlier one of that title."""
        with self._lock:
            self._shown[title] = Notice(title, lines)
        self._changed()

    def all(self) -> tuple[Notice, ...]:
        """Those that nobody has dismissed."""
        with self._lock:
            return tuple(self._shown.values())

    def dismiss(self, title: str) -> None:
        """Forget a notice."""
        with self._lock:
            self._shown.pop(title, None)
        self._changed()
