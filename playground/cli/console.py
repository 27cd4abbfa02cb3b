"""Where words go: one JSON value, or text for people, on stdout; everything else on stderr.

Text of documents and models may hold terminal escapes; nothing here prints them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Characters that move a cursor, change a colour or turn text around, and lone surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Columns where stdout is not a terminal.
_PIPED_WIDTH = 110


@dataclass(frozen=True)
class Result:
    """What a command gives: its JSON value, and the same for people."""

    data: dict[str, Any]
    show: Callable[[Console], None]
    exit_code: int = 0


def clean(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return _UNSAFE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The same, without line breaks."""
    return clean(" ".join(text.split()))


def problem(text: str, label: str = "error") -> None:
    """Write one line on stderr."""
    sys.stderr.write(f"{label}: {one_line(text)}\n")
    sys.stderr.flush()


def warn(text: str) -> None:
    """Write one line on stderr about something that did not stop the work."""
    problem(text, "warning")


# stdout ------------------------------------------------------------------------------------------------


def to_json(data: Any) -> str:
    """JSON on several lines; what a terminal would obey is escaped."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def write_json(data: Any) -> None:
    """Write one JSON value to stdout, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{to_json(data)}\n".encode())
    sys.stdout.flush()


@contextmanager
def stdout_kept() -> Iterator[None]:
    """Until the end of the block whatever prints, Python or native code, lands on stderr."""
    out = sys.stdout
    out.flush()
    try:
        number, errors = out.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # a stand-in without a file, as in tests
        number = errors = -1
    saved = os.dup(number) if number >= 0 else -1
    if saved >= 0:
        os.dup2(errors, number)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout = out
        if saved >= 0:
            os.dup2(saved, number)
            os.close(saved)


def console() -> Console:
    """Text for people on stdout. Strings are not read as markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> Table:
    """Aligned columns without lines; those in ``right`` are aligned to the right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        made.add_column(header, justify="right" if header in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(clean("" if cell is None else str(cell))) for cell in row))
    return made


# progress ----------------------------------------------------------------------------------------------


class Progress:
    """Where a long task stands, on stderr: one line rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None, *, terminal_every: float = 0.1, every: float = 5.0) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._every = terminal_every if self._terminal else every
        self._next = 0.0 if self._terminal else time.monotonic() + every
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def update(self, text: str) -> None:
        """Say where things stand; calls that come too soon are dropped."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every
        self._write(one_line(text))

    def clear(self) -> None:
        """Take the line away, so that the next words start on a fresh one."""
        if self._terminal and self._width:
            self._stream.write(f"\r{' ' * self._width}\r")
            self._stream.flush()
            self._width = 0

    def _write(self, text: str) -> None:
        if not self._terminal:
            self._stream.write(f"{text}\n")
        else:
            text = text[: shutil.get_terminal_size().columns - 1]
            self._stream.write(f"\r{text.ljust(self._width)}")
            self._width = len(text)
        self._stream.flush()
