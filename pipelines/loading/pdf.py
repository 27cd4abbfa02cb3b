"""A PDF as a document: pdfium's text, and beside it, in a second process, what pypdf knows.

Whatever happens in one of the two processes, the other's answer is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, DocumentError, FileTooLarge, ParsingTimeout
from pipelines.loading.document import PAGE_BREAK, Document, Page
from pipelines.loading.headings import place_headings
from pipelines.loading.health import garbled, pdf_health
from pipelines.loading.process import Flag, PdfWorker

if TYPE_CHECKING:
    from pipelines.settings import Settings

#: Called with the pages done and their total.
OnPages = Callable[[int, int], None]

MAX_CHARACTERS = 100_000_000  # of one document; a thousand long novels
_ABOUT_SECONDS = 15.0  # most time for outline, labels and metadata
_ABOUT_MEMORY = 0.3  # of what parsing may take,
_ABOUT_MEMORY_MB = 150  # but enough to start
_TRIED_PAGES = 5  # shown to pypdf where pdfium finds no text at all
_TRIED_SECONDS = 10.0


@dataclass
class _Reading:
    """The pages of one reader, as they come."""

    pages: list[Page] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    total: int = 0
    encrypted: bool = False
    broken: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, header: dict[str, Any], text: str) -> None:
        start = self.length + (len(PAGE_BREAK) if self.pages else 0)
        self.length = start + len(text)
        number = int(header["number"])
        self.texts.append(text)
        self.pages.append(
            Page(
                number=number,
                label=str(number),
                start=start,
                end=self.length,
                width=float(header["width"]),
                height=float(header["height"]),
                garbled=garbled(text, float(header["unmapped"])),
            )
        )
        if header.get("broken"):
            self.broken.append(number)

    @property
    def empty(self) -> bool:
        return not any(text.strip() for text in self.texts)


@dataclass
class _About:
    """What pypdf knows of a file beside its text."""

    metadata: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    outline: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Either:
    """Set when one of two flags is."""

    def __init__(self, one: Flag, other: Flag | None) -> None:
        self._one, self._other = one, other

    def is_set(self) -> bool:
        return self._one.is_set() or (self._other is not None and self._other.is_set())


@dataclass(frozen=True)
class _Job:
    """One file on its way through the parsers."""

    request: dict[str, Any]
    settings: Settings
    deadline: float  # of time.monotonic()
    on_progress: OnPages | None
    cancel: Flag | None

    @property
    def name(self) -> str:
        return str(self.request["name"])

    @property
    def seconds_left(self) -> float:
        return max(1.0, self.deadline - time.monotonic())


def load_pdf(
    path: Path,
    *,
    name: str,
    id: str,
    password: str | None,
    settings: Settings,
    on_progress: OnPages | None = None,
    cancel: Flag | None = None,
) -> Document:
    """Read a PDF in processes that cannot harm this one.

    Raises:
        DamagedFile, EncryptedFile, FileTooLarge, ParsingTimeout: about this file, with a way out.
        Cancelled: ``cancel`` was set.
    """
    request = {"path": str(path), "name": name, "password": password, "max_pages": settings.max_pages}
    job = _Job(request, settings, time.monotonic() + settings.parse_seconds, on_progress, cancel)
    over = threading.Event()  # the text failed: nobody waits for the rest
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_read_about, job, _Either(over, cancel))
        try:
            reading = _read_pages(job)
        except BaseException:
            over.set()
            raise
        about = waiting.result()
    text = PAGE_BREAK.join(reading.texts)
    pages = _labelled(reading.pages, about.labels)
    return Document(
        id=id,
        name=name,
        kind="pdf",
        text=text,
        pages=pages,
        health=pdf_health(
            text, pages, encrypted=reading.encrypted, notes=[*_broken(reading), *reading.notes, *about.notes]
        ),
        headings=place_headings(text, pages, about.outline),
        metadata=about.metadata,
    )


def _read_pages(job: _Job) -> _Reading:
    """The pages by pdfium, or by pypdf where pdfium has nothing."""
    try:
        reading = _read(job, "text", job.seconds_left)
    except DamagedFile as error:
        return _read_second(job, error)
    if len(reading.broken) == len(reading.pages):
        what = "none of its pages can be read" if reading.pages else "has no pages"
        fix = "It is damaged or was never finished: copy or download it again."
        return _read_second(job, DamagedFile(f"{job.name} opens, but {what}.", fix))
    return _second_opinion(job, reading) if reading.empty else reading


def _read_second(job: _Job, first: DamagedFile) -> _Reading:
    """pypdf on a file pdfium could not read; where it fails too, the first error stands.

    Raises:
        DamagedFile.
    """
    try:
        reading = _read(job, "second text", job.seconds_left)
    except DamagedFile as error:
        raise first from error
    if len(reading.broken) == len(reading.pages):
        raise first
    reading.notes.append("Damaged: one parser gave up on it and another read what it could. Compare the pages.")
    return reading


def _second_opinion(job: _Job, reading: _Reading) -> _Reading:
    """pypdf on a few pages where pdfium found no text; on all of them only if it finds some."""
    try:
        tried = _read(job, "second text", min(_TRIED_SECONDS, job.seconds_left), first=_TRIED_PAGES)
        if tried.empty:
            return reading
        found = _read(job, "second text", job.seconds_left)
    except DocumentError as error:
        reading.notes.append(f"A second parser was asked for its text and failed: {error.message}")
        return reading
    found.notes.append("One parser found no text; this is another's, so passages cannot be highlighted.")
    return found


def _read(job: _Job, operation: str, seconds: float, first: int = 0) -> _Reading:
    """Have the pages read in a process of their own."""
    reading = _Reading()

    def on_part(header: dict[str, Any], body: bytes) -> None:
        if "pages" in header:
            reading.total, reading.encrypted = int(header["pages"]), bool(header["encrypted"])
            return
        reading.add(header, body.decode())
        if reading.length > MAX_CHARACTERS:
            raise FileTooLarge(f"{job.name} holds over {MAX_CHARACTERS:,} characters of text.", "Split the file.")
        if job.on_progress is not None and not first:
            job.on_progress(len(reading.pages), reading.total)

    memory = job.settings.parse_memory_mb * (1 - _ABOUT_MEMORY)
    with PdfWorker(seconds=seconds, memory_mb=memory) as worker:
        try:
            worker.call(operation, {**job.request, "first": first}, on_part, cancel=job.cancel)
        except ParsingTimeout as error:
            reached = f"It had read {len(reading.pages):,} of {reading.total:,} pages."
            raise ParsingTimeout(f"{error.message} {reached}", error.fix) from error
    return reading


def _read_about(job: _Job, cancel: _Either) -> _About:
    """Outline, labels and metadata; what cannot be had is a note, not an error.

    Raises:
        Cancelled.
    """
    about = _About()

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


def _labelled(pages: list[Page], labels: list[str]) -> tuple[Page, ...]:
    if len(labels) != len(pages):
        return tuple(pages)
    return tuple(replace(page, label=label or page.label) for page, label in zip(pages, labels, strict=True))


def _broken(reading: _Reading) -> list[str]:
    if not reading.broken:
        return []
    named = ", ".join(map(str, reading.broken[:10])) + (", …" if len(reading.broken) > 10 else "")
    return [f"Pages that could not be read: {named}."]
