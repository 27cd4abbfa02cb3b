"""One file read by processes that cannot harm this one: its pages by one or two, the rest by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from pipelines.errors import Cancelled, DocumentError, FileTooLarge, ParsingTimeout
from pipelines.loading.document import PAGE_BREAK, Page
from pipelines.loading.heading_styles import Block
from pipelines.loading.health import garbled
from pipelines.loading.process import Flag, PdfWorker

if TYPE_CHECKING:
    from pipelines.settings import Settings

#: Called with the pages done and their total.
OnPages = Callable[[int, int], None]

MAX_CHARACTERS = 100_000_000  # of one document; a thousand long novels
_ABOUT_SECONDS = 15.0  # most time for outline, labels and metadata
_ABOUT_MEMORY = 0.3  # of what parsing may take,
_ABOUT_MEMORY_MB = 150  # but enough to start


@dataclass
class Reading:
    """What the readers of a file send, page by page in any order, and the pages made of it."""

    total: int = 0
    encrypted: bool = False
    length: int = 0
    frames: dict[int, tuple[dict[str, Any], str]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)  # in the document's text; none of garbled pages
    notes: list[str] = field(default_factory=list)

    def take(self, header: dict[str, Any], text: str) -> None:
        """Keep a page until all are there."""
        self.frames[int(header["number"])] = (header, text)
        self.length += len(text) + len(PAGE_BREAK)

    def settle(self) -> None:
        """Put the pages in order and give each its range of the text."""
        start = 0
        for number, (header, text) in sorted(self.frames.items()):
            end, label = start + len(text), str(number)
            odd = garbled(text, float(header["unmapped"]))
            self.pages.append(Page(number, label, start, end, float(header["width"]), float(header["height"]), odd))
            self.texts.append(text)
            if not odd:
                self.blocks += _blocks(header, start, len(text))
            if header.get("broken"):
                self.broken.append(number)
            start = end + len(PAGE_BREAK)

    @property
    def empty(self) -> bool:
        """No text on any page."""
        return not any(text.strip() for text in self.texts)


def _blocks(header: Mapping[str, Any], page: int, length: int) -> Iterator[Block]:
    """A page's blocks at their place in the document; what a hostile file made of them is left out."""
    for start, end, size, bold in header.get("blocks", ()):
        if 0 <= start < end <= length and isfinite(size):
            yield Block(page + int(start), page + int(end), float(size), bool(bold))


@dataclass
class About:
    """What pypdf knows of a file beside its text."""

    metadata: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    outline: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Either:
    """Set when one of two flags is."""

    def __init__(self, one: Flag, other: Flag | None) -> None:
        self._one, self._other = one, other

    def is_set(self) -> bool:
        """As of a threading.Event."""
        return self._one.is_set() or (self._other is not None and self._other.is_set())


@dataclass(frozen=True)
class Job:
    """One file on its way through the parsers."""

    request: dict[str, Any]
    settings: Settings
    deadline: float  # of time.monotonic()
    on_progress: OnPages | None
    cancel: Flag | None

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return str(self.request["name"])

    @property
    def seconds_left(self) -> float:
        """Until the file's deadline, at least one."""
        return max(1.0, self.deadline - time.monotonic())


def read(job: Job, operation: str, seconds: float, first: int = 0, readers: int = 1) -> Reading:
    """Have the pages read in processes of their own; ``readers`` of them take turns with the pages.

    Raises:
        DocumentError, Cancelled: of the reader that failed first; the others are stopped.
    """
    reading, over, lock = Reading(), threading.Event(), threading.Lock()

    def on_part(header: dict[str, Any], body: bytes) -> None:
        with lock:
            if "pages" in header:
                reading.total, reading.encrypted = int(header["pages"]), bool(header["encrypted"])
                return
            reading.take(header, body.decode())
            if reading.length > MAX_CHARACTERS:
                raise FileTooLarge(f"{job.name} holds over {MAX_CHARACTERS:,} characters of text.", "Split the file.")
            if job.on_progress is not None and not first:
                job.on_progress(len(reading.frames), reading.total)

    def run(reader: int) -> None:
        share = {**job.request, "first": first, "reader": reader, "readers": readers}
        memory = job.settings.parse_memory_mb * (1 - _ABOUT_MEMORY) / readers
        try:
            with PdfWorker(seconds=seconds, memory_mb=memory) as worker:
                worker.call(operation, share, on_part, cancel=Either(over, job.cancel))
        except BaseException:
            over.set()
            raise

    with ThreadPoolExecutor(readers) as pool:
        tasks = [pool.submit(run, reader) for reader in range(readers)]
        failures = [error for task in tasks if (error := task.exception()) is not None]
    if failures:
        raise _told(min(failures, key=lambda error: isinstance(error, Cancelled)), reading)
    reading.settle()
    return reading


def _told(error: BaseException, reading: Reading) -> BaseException:
    """The error; of a limit, with how far the readers had come."""
    if not isinstance(error, ParsingTimeout):
        return error
    reached = f"It had read {len(reading.frames):,} of {reading.total:,} pages."
    return ParsingTimeout(f"{error.message} {reached}", error.fix)


def read_about(job: Job, cancel: Either) -> About:
    """Outline, labels and metadata; what cannot be had is a note, not an error.

    Raises:
        Cancelled.
    """
    about = About()

    def on_part(header: dict[str, Any], body: bytes) -> None:
        if "failed" in header:
            about.notes.append(f"The file's {header['failed']} cannot be read ({header['reason']}).")
        elif "metadata" in header:
            about.metadata = {str(k): str(v) for k, v in header["metadata"].items()}
        elif "labels" in header:
            about.labels = [str(label) for label in header["labels"]]
        elif "outline" in header:
            about.outline = [(str(t), int(level), int(page)) for t, level, page in header["outline"]]

    seconds = min(_ABOUT_SECONDS, job.seconds_left)
    memory = max(_ABOUT_MEMORY_MB, job.settings.parse_memory_mb * _ABOUT_MEMORY)
    with PdfWorker(seconds=seconds, memory_mb=memory) as worker:
        try:
            worker.call("about", job.request, on_part, cancel=cancel)
        except DocumentError as error:
            about.notes.append(f"Outline, page labels or metadata were left out: {error.message}")
    return about
