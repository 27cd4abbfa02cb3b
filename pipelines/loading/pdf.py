"""A PDF as a document: pdfium's text, and beside it, in a process of its own, what pypdf knows.

Whatever happens to one of the two parsers, the other's answer is kept.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import DamagedFile, DocumentError
from pipelines.loading.document import PAGE_BREAK, Document, Page
from pipelines.loading.heading_styles import styled_headings
from pipelines.loading.headings import place_headings, refine
from pipelines.loading.health import pdf_health
from pipelines.loading.pages import Either, Job, OnPages, Reading, read, read_about
from pipelines.loading.process import Flag

if TYPE_CHECKING:
    from pipelines.settings import Settings

_SHARED_BYTES = 200_000  # smaller files are read before a second process has started
_TRIED_PAGES = 5  # shown to pypdf where pdfium finds no text at all
_TRIED_SECONDS = 10.0


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
    job = Job(request, settings, time.monotonic() + settings.parse_seconds, on_progress, cancel)
    over = threading.Event()  # the text failed: nobody waits for the rest
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(read_about, job, Either(over, cancel))
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
        headings=refine(place_headings(text, pages, about.outline), styled_headings(text, pages, reading.blocks)),
        metadata=about.metadata,
    )


def _read_pages(job: Job) -> Reading:
    """The pages by pdfium, or by pypdf where pdfium has nothing."""
    try:
        reading = read(job, "text", job.seconds_left, readers=_readers(job))
    except DamagedFile as error:
        return _read_second(job, error)
    if len(reading.broken) == len(reading.pages):
        what = "none of its pages can be read" if reading.pages else "has no pages"
        fix = "It is damaged or was never finished: copy or download it again."
        return _read_second(job, DamagedFile(f"{job.name} opens, but {what}.", fix))
    return _second_opinion(job, reading) if reading.empty else reading


def _readers(job: Job) -> int:
    """Large files are read by two processes, where there is a second core to run on."""
    large = Path(job.request["path"]).stat().st_size >= _SHARED_BYTES
    return 2 if large and (os.cpu_count() or 1) > 1 else 1


def _read_second(job: Job, first: DamagedFile) -> Reading:
    """pypdf on a file pdfium could not read; where it fails too, the first error stands.

    Raises:
        DamagedFile.
    """
    try:
        reading = read(job, "second text", job.seconds_left)
    except DamagedFile as error:
        raise first from error
    if len(reading.broken) == len(reading.pages):
        raise first
    reading.notes.append("Damaged: one parser gave up on it and another read what it could. Compare the pages.")
    return reading


def _second_opinion(job: Job, reading: Reading) -> Reading:
    """pypdf on a few pages where pdfium found no text; on all of them only if it finds some."""
    try:
        tried = read(job, "second text", min(_TRIED_SECONDS, job.seconds_left), first=_TRIED_PAGES)
        if tried.empty:
            return reading
        found = read(job, "second text", job.seconds_left)
    except DocumentError as error:
        reading.notes.append(f"A second parser was asked for its text and failed: {error.message}")
        return reading
    found.notes.append("One parser found no text; this is another's, so passages cannot be highlighted.")
    return found


def _labelled(pages: list[Page], labels: list[str]) -> tuple[Page, ...]:
    if len(labels) != len(pages):
        return tuple(pages)
    return tuple(replace(page, label=label or page.label) for page, label in zip(pages, labels, strict=True))


def _broken(reading: Reading) -> list[str]:
    if not reading.broken:
        return []
    named = ", ".join(map(str, reading.broken[:10])) + (", …" if len(reading.broken) > 10 else "")
    return [f"Pages that could not be read: {named}."]
