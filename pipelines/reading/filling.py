"""Pages without text, read by the reader of a recipe; what was read is kept page by page, so nothing is read twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event as CancelFlag
from uuid import uuid4

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.loading.document import Document
from pipelines.reading.base import Means, Transcript, Word
from pipelines.reading.documents import Places, read_id, wanting, with_readings
from pipelines.reading.pictures import DPI, sheet_of
from pipelines.reading.read import read_to_end
from pipelines.recipe import Choice

#: The reader that reads nothing: it takes what the file has.
NONE = "text-layer"

#: Longest time a page may take: a vision model without a graphics card needs minutes.
PAGE_SECONDS = 600.0


@dataclass(frozen=True)
class Filled:
    """A document with its pages read. ``reader`` is empty where there was nothing to read."""

    document: Document
    places: Places
    reader: str = ""


class Filling:
    """Reads pages. Safe from any thread.

    Args:
        folder: Where transcripts are kept: a folder a file, one in it a reader, a file a page.
        means: What readers work with.
    """

    def __init__(self, folder: Path, means: Means) -> None:
        self._folder, self._means = folder, means

    def fill(
        self,
        document: Document,
        path: Path,
        reader: Choice,
        *,
        file: str,
        password: str | None = None,
        report: Callable[[int, int], None] | None = None,
        cancel: CancelFlag | None = None,
    ) -> Filled:
        """Read the pages that have no text.

        Args:
            document: As loaded.
            path: Its file.
            reader: Of the recipe.
            file: sha256 of the file's bytes.
            password: The file's.
            report: Told pages done and their total.
            cancel: Stops it when set; pages read so far are kept for the next time.

        Raises:
            PlaygroundError: not one page could be read; why the first could not. Cancelled.
        """
        pages = wanting(document) if reader.name != NONE else []
        if not pages:
            return Filled(document, {})
        readings: dict[int, Transcript] = {}
        failed: dict[int, PlaygroundError] = {}
        for done, page in enumerate(pages):
            if report is not None:
                report(done, len(pages))
            try:
                readings[page] = self._read(document, path, page, reader, file, password, cancel)
            except Cancelled:
                raise
            except PlaygroundError as error:
                failed[page] = error
        if not readings:
            raise failed[pages[0]]
        told = json.dumps(reader.model_dump(mode="json"), sort_keys=True)
        notes = [f"{_pages(len(readings))} read by {reader}."]
        notes += [f"Page {page} could not be read: {error.message}" for page, error in failed.items()]
        filled, places = with_readings(document, readings, read_id(file, told), notes)
        return Filled(filled, places, str(reader))

    def _read(
        self,
        document: Document,
        path: Path,
        page: int,
        reader: Choice,
        file: str,
        password: str | None,
        cancel: CancelFlag | None,
    ) -> Transcript:
        kept = self._folder / file / _fingerprint(reader) / f"{page}.json"
        if (known := _load(kept)) is not None:
            return known
        sheet = sheet_of(path, page, DPI, password, self._means, name=document.name, cancel=cancel)
        last = read_to_end(reader, sheet, self._means, seconds=PAGE_SECONDS, cancel=cancel)
        if last.state == "stopped":
            raise Cancelled
        if last.error is not None:
            raise last.error
        _save(kept, last)
        return last


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count:,} pages"


def _fingerprint(reader: Choice) -> str:
    told = json.dumps(reader.model_dump(mode="json"), sort_keys=True)
    return f"{reader.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _save(path: Path, transcript: Transcript) -> None:
    """Whole or not at all, also when the process is killed."""
    words = None if transcript.words is None else [
        [word.text, word.start, list(word.box), word.confidence] for word in transcript.words
    ]  # fmt: skip
    kept = {"reader": transcript.reader, "text": transcript.text, "words": words, "engine": transcript.engine,
            "model": transcript.model, "seconds": transcript.seconds, "notes": transcript.notes}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid4().hex}")
    draft.write_text(json.dumps(kept, ensure_ascii=False), "utf-8", "surrogatepass")
    os.replace(draft, path)


def _load(path: Path) -> Transcript | None:
    if not path.exists():
        return None
    kept = json.loads(path.read_text("utf-8", "surrogatepass"))
    words = kept["words"]
    placed = None if words is None else tuple(Word(text, start, tuple(box), sure) for text, start, box, sure in words)
    return Transcript(
        kept["reader"], kept["text"], placed, "done", kept["seconds"],
        engine=kept["engine"], model=kept["model"], notes=tuple(kept["notes"]),
    )  # fmt: skip
