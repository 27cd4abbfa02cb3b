"""Taking documents in: read, named, cut, embedded, written; known ones recognised, changed ones replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from threading import Event as CancelFlag

from pipelines.catalog import Catalog, Entry, Held
from pipelines.collection import Collections
from pipelines.embedding.cache import VectorCache
from pipelines.errors import Cancelled, EncryptedFile, PlaygroundError, UsageError
from pipelines.events import Indexed, IndexStatus
from pipelines.indexing import OnProgress, Pace, index
from pipelines.loading import load
from pipelines.loading.document import Document, Health
from pipelines.loading.kinds import digest, safe_name
from pipelines.reading.filling import Filled, Filling
from pipelines.recipe import Recipe
from pipelines.settings import Settings
from pipelines.shelf import Shelf


@dataclass(frozen=True)
class Request:
    """One file to take in."""

    path: Path
    name: str  # bare file name
    source: str  # resolved path, or empty for uploads and text
    password: str | None = None
    on_progress: OnProgress | None = None
    cancel: CancelFlag | None = None


class Intake:
    """Adds documents to a library, one at a time."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        shelf: Shelf,
        collections: Collections,
        cache: VectorCache,
        filling: Filling,
    ) -> None:
        self._settings, self._catalog, self._shelf = settings, catalog, shelf
        self._collections, self._cache, self._filling = collections, cache, filling
        self._lock = threading.RLock()

    def add(self, request: Request, recipe: Recipe) -> Indexed:
        """Take one file in; a bad file is an outcome, not an exception."""
        started = time.perf_counter()
        name = safe_name(request.name)
        try:
            with self._lock:
                return self._add(request, name, recipe, started)
        except Cancelled:
            return Indexed(name, "", "cancelled", "Stopped before it was done.", seconds=time.perf_counter() - started)
        except PlaygroundError as error:
            seconds, locked = time.perf_counter() - started, isinstance(error, EncryptedFile)
            return Indexed(name, "", "failed", error.message, error.fix, encrypted=locked, seconds=seconds)

    def _add(self, request: Request, name: str, recipe: Recipe, started: float) -> Indexed:
        known = self._known(request, name)
        if known is not None:
            held = self._hold(known, recipe, request)
            return outcome(known, held, "unchanged", time.perf_counter() - started)
        document = self._load(request, name)
        filled = self._filled(document, request, recipe)
        name, replaced = self._place(name, request.source)
        entry = self._keep(filled, name, request.source, document.id, request.path)
        held = self._index(replace(filled.document, name=name), recipe, request)
        self._catalog.put(entry)
        if replaced is not None:
            self.forget(replaced.id)
        status: IndexStatus = (
            "needs_ocr" if entry.health.needs_ocr else "replaced" if replaced is not None else "indexed"
        )
        return outcome(entry, held, status, time.perf_counter() - started)

    def read(self, entry: Entry, recipe: Recipe, request: Request) -> Indexed:
        """Read the pages of a document that have no text with the recipe's reader, and index it anew.

        Raises:
            UsageError: there is nothing to read. PlaygroundError: no page could be read. Cancelled.
        """
        started = time.perf_counter()
        with self._lock:
            path = self._shelf.original(entry.id)
            document = self._load(replace(request, path=path), entry.name)
            filled = self._filled(document, replace(request, path=path), recipe)
            if not filled.reader:
                raise UsageError(f"Every page of {entry.name} has text: there is nothing to read.")
            made = self._keep(filled, entry.name, entry.source, document.id, path)
            held = self._index(filled.document, recipe, request)
            self._catalog.put(made)
            if entry.id != made.id:
                self.forget(entry.id)
            return outcome(made, held, "replaced", time.perf_counter() - started)

    def _load(self, request: Request, name: str) -> Document:
        return load(
            request.path,
            name=name,
            password=request.password,
            settings=self._settings,
            on_progress=_reading(request, name),
            cancel=request.cancel,
        )

    def _filled(self, document: Document, request: Request, recipe: Recipe) -> Filled:
        return self._filling.fill(
            document,
            request.path,
            recipe.choice("reader"),
            file=document.id,
            password=request.password,
            report=_reading(request, document.name),
            cancel=request.cancel,
        )

    def _keep(self, filled: Filled, name: str, source: str, file: str, path: Path) -> Entry:
        """The document on the shelf, and its entry."""
        document = filled.document
        self._shelf.keep(document, path, filled.places)
        return Entry(document.id, name, document.kind, document.health, source, file, filled.reader)

    def _known(self, request: Request, name: str) -> Entry | None:
        """The document with the same bytes, if the library has it. Raises DocumentError like the loader."""
        sha = digest(request.path, name, self._settings.max_file_mb)
        return next((entry for entry in self._catalog.entries() if entry.bytes_id == sha), None)

    def _place(self, name: str, source: str) -> tuple[str, Entry | None]:
        """The name a new document gets, and the one it replaces: the same file, or an upload of that name."""
        taken = {entry.name: entry for entry in self._catalog.entries()}
        same_file = next((e for e in taken.values() if source and e.source == source), None)
        if same_file is not None:
            return same_file.name, same_file
        old = taken.get(name)
        if old is None:
            return name, None
        if not source or not old.source:
            return name, old
        stem, suffix = PurePath(name).stem, PurePath(name).suffix
        number = 2
        while f"{stem} ({number}){suffix}" in taken:
            number += 1
        return f"{stem} ({number}){suffix}", None

    def hold(self, recipe: Recipe, entries: list[Entry], request: Request) -> list[Indexed]:
        """Index those of the documents that the recipe's collection lacks.

        Raises:
            Cancelled, EngineError, StoreError.
        """
        with self._lock:
            held = self._catalog.held(self._collections.get(recipe).name)
            done = []
            for entry in (e for e in entries if e.id not in held):
                started = time.perf_counter()
                made = self._hold(entry, recipe, request)
                done.append(outcome(entry, made, "indexed", time.perf_counter() - started))
            return done

    def _hold(self, entry: Entry, recipe: Recipe, request: Request) -> Held:
        """What a collection holds of a known document, indexed now if it did not."""
        held = self._catalog.held(self._collections.get(recipe).name).get(entry.id)
        return held or self._index(self._shelf.document(entry.id, entry.name), recipe, request)

    def _index(self, document: Document, recipe: Recipe, request: Request) -> Held:
        pace = Pace(document.name, request.on_progress, request.cancel)
        return index(document, self._collections.get(recipe), self._catalog, self._cache, pace)

    def forget(self, document_id: str) -> None:
        """Remove a document and everything made of it."""
        with self._lock:
            self._catalog.drop(document_id)
            self._collections.forget(document_id)
            self._shelf.drop(document_id)


def outcome(entry: Entry, held: Held | None, status: IndexStatus, seconds: float | None = None) -> Indexed:
    """A document in the fields of the command line; without ``seconds``, those that indexing it took."""
    health: Health = entry.health
    notes = [*health.notes, held.note if held else ""]
    return Indexed(
        document=entry.name,
        id=entry.id,
        status=status,
        reason=" ".join(note for note in notes if note),
        pages=health.pages,
        words=health.words,
        pages_without_text=health.pages_without_text,
        garbled_pages=health.garbled_pages,
        encrypted=health.encrypted,
        chunks=held.chunks if held else 0,
        seconds=seconds if seconds is not None else held.seconds if held else 0.0,
        reader=entry.reader,
        embedded=held.embedded if held else 0,
        cached=held.cached if held else 0,
    )


def _reading(request: Request, name: str) -> Callable[[int, int], None]:
    """Progress of the parser (pages done, of how many) as progress of the run."""
    pace = Pace(name, request.on_progress, request.cancel)
    report: Callable[[int], None] | None = None

    def pages(done: int, total: int) -> None:
        nonlocal report
        report = report or pace.stage("reading", total)
        report(done)

    return pages
