"""A data folder, open: documents in, answers out. The front door of the pipelines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Event as CancelFlag
from types import TracebackType
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipelines.answering import Means, answer
from pipelines.answering.citations import pages_of
from pipelines.catalog import Catalog, Entry
from pipelines.collection import Collections
from pipelines.embedding.cache import VectorCache
from pipelines.engines import Engines
from pipelines.errors import PlaygroundError, StoreLocked, UsageError
from pipelines.events import AskEvent, Failed, Indexed
from pipelines.indexing import OnProgress
from pipelines.intake import Intake, Request, outcome
from pipelines.loading.document import Document, Rect
from pipelines.loading.places import page_picture, rectangles_of
from pipelines.loading.process import PdfWorker
from pipelines.reading.base import Means as ReadingMeans
from pipelines.reading.base import Sheet
from pipelines.reading.documents import rectangles as rectangles_read
from pipelines.reading.filling import Filling
from pipelines.reading.pictures import DPI, sheet_of
from pipelines.reading.worker import ReadingWorker
from pipelines.recipe import Recipe
from pipelines.retrieval import retrieve
from pipelines.retrieval.aids import Aids
from pipelines.retrieval.base import Hit, Retrieval
from pipelines.retrieval.candidates import RetrievalContext
from pipelines.scratch import Scratch
from pipelines.settings import Settings
from pipelines.shelf import Shelf

if TYPE_CHECKING:
    from pipelines.engines.base import Message

_PARSED = 16  # documents kept in memory
_PICTURES = 48


class Library:
    """One data folder. Open it once a process; every method may be called from any thread.

    ::

        with Library.open() as library:
            library.add("report.pdf")
            for event in library.ask("What did it cost?"):
                ...
    """

    def __init__(self, settings: Settings, lock: FileLock) -> None:
        self.settings = settings
        self.engines = Engines(settings)
        self._lock = lock
        folder = settings.data_dir
        self._catalog = Catalog(folder / "library.db")
        self._shelf = Shelf(folder / "documents")
        self._shelf.tidy({entry.id for entry in self._catalog.entries()})
        self._cache = VectorCache(folder / "vectors.db")
        self._collections = Collections(settings, self._catalog)
        self.aids = Aids(settings, self._collections.embedder, self.engines)
        self.scratch = Scratch(settings, self._cache, self._collections.embedder, self.aids)
        self._viewer = PdfWorker.from_settings(settings)
        self.reading = ReadingMeans(settings, self.engines, ReadingWorker.from_settings(settings))
        filling = Filling(folder / "readings", self.reading)
        self._intake = Intake(settings, self._catalog, self._shelf, self._collections, self._cache, filling)
        self._passwords: dict[str, str] = {}
        self._parsed = lru_cache(_PARSED)(self._shelf.document)
        self._places = lru_cache(_PARSED)(self._shelf.places)
        self._picture = lru_cache(_PICTURES)(self._draw)

    @classmethod
    def open(cls, data_dir: str | Path | None = None, settings: Settings | None = None) -> Library:
        """Open or create a data folder; what a killed process half wrote is removed.

        Raises:
            StoreLocked: another process has it open. UsageError: the folder cannot be written.
        """
        settings = settings or Settings.from_env()
        if data_dir is not None:
            settings = settings.model_copy(update={"data_dir": Path(data_dir)})
        folder = settings.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / "lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise StoreLocked(
                f"Another playground has the data folder {folder} open.",
                "Close it, or choose another folder with --data-dir or PLAYGROUND_DATA_DIR.",
            ) from error
        except OSError as error:
            raise UsageError(
                f"The data folder {folder} cannot be written: {error.strerror}.", "Choose another with --data-dir."
            ) from error
        try:
            return cls(settings, lock)
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the folder."""
        self._viewer.close()
        self.reading.worker.close()
        self.scratch.close()
        self._collections.close()
        self.engines.close()
        self._cache.close()
        self._catalog.close()
        self._lock.release()

    # documents -----------------------------------------------------------------------------------

    def add(
        self,
        path: str | Path,
        recipe: Recipe | None = None,
        *,
        name: str | None = None,
        password: str | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelFlag | None = None,
    ) -> Indexed:
        """Read, cut, embed and store one file; a known file is a no-op, a changed one replaces its old self.

        Args:
            path: A PDF, Markdown or text file.
            recipe: Decides reader, chunker and embedder; None: the default recipe.
            name: Name of an upload whose path means nothing; the file replaces the document of that name.
            password: Opens an encrypted PDF.
            on_progress: Told where the work stands.
            cancel: Stops the work when set.

        Returns:
            The outcome. A bad file does not raise: it says ``failed``, why, and the way out.
        """
        path = Path(path)
        source = "" if name else str(path.resolve())
        request = Request(path, name or path.name, source, password, on_progress, cancel)
        done = self._intake.add(request, recipe or Recipe())
        if password and done.id:
            self._passwords[done.id] = password
        return done

    def read(
        self,
        name: str,
        recipe: Recipe,
        *,
        on_progress: OnProgress | None = None,
        cancel: CancelFlag | None = None,
    ) -> Indexed:
        """Read the pages of a document that have no text with the recipe's reader; from then on it answers questions.

        Raises:
            UsageError: no such document, or nothing to read. PlaygroundError: no page could be read. Cancelled.
        """
        entry = self._entry(name)
        password = self._passwords.get(entry.id)
        done = self._intake.read(entry, recipe, Request(Path(), name, entry.source, password, on_progress, cancel))
        if password:
            self._passwords[done.id] = password
        return done

    def add_text(self, name: str, text: str, recipe: Recipe | None = None) -> Indexed:
        """The same for text in memory; a name without an extension is plain text."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            path.write_text(text, "utf-8", newline="")
            return self.add(path, recipe, name=name)

    def documents(self, recipe: Recipe | None = None) -> list[Indexed]:
        """Every document, in the order they were added, with its chunks under the recipe."""
        try:
            held = self._catalog.held(self._collections.name(recipe or Recipe()))
        except PlaygroundError:
            held = {}  # the embedding model cannot be asked now: nothing is known to be indexed with it
        return [
            outcome(e, held.get(e.id), "needs_ocr" if e.health.needs_ocr else "indexed")
            for e in self._catalog.entries()
        ]

    def remove(self, name: str) -> None:
        """Forget a document and everything made of it. Raises UsageError for an unknown name."""
        self._intake.forget(self._entry(name).id)

    def document(self, name: str) -> Document:
        """A document's text, pages and headings. Raises UsageError for an unknown name."""
        return self._parsed(self._entry(name).id, name)

    def picture(self, name: str, page: int, width_px: int = 1000) -> bytes | None:
        """A page's picture as PNG; None for documents without pages to show (Markdown, text)."""
        entry = self._entry(name)
        return self._picture(entry.id, name, page, width_px) if entry.kind == "pdf" else None

    def _draw(self, document_id: str, name: str, page: int, width_px: int) -> bytes:
        password = self._passwords.get(document_id)
        path = self._shelf.original(document_id)
        return page_picture(path, page, width_px=width_px, password=password, name=name, worker=self._viewer)

    def sheet(self, name: str, page: int, dpi: float = DPI, *, cancel: CancelFlag | None = None) -> Sheet:
        """A page as readers get it. Raises UsageError: no such document or page, or it has none; DocumentError."""
        entry = self._entry(name)
        if entry.kind != "pdf":
            raise UsageError(f"{name} has no pages to read: it is text already.", "Choose a PDF, or add a picture.")
        if not 1 <= page <= len(self.document(name).pages):
            raise UsageError(f"{name} has no page {page}.", f"It has {len(self.document(name).pages)}.")
        path, password = self._shelf.original(entry.id), self._passwords.get(entry.id)
        return sheet_of(path, page, dpi, password, self.reading, name=name, cancel=cancel)

    def rectangles(self, name: str, start: int, end: int) -> list[Rect]:
        """Where a range of the text stands on its pages, a rectangle a line."""
        return self.rectangles_of(name, [(start, end)])[0]

    def rectangles_of(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[list[Rect]]:
        """The same for many ranges, each page opened once; empty lists for documents without pages to show."""
        document = self.document(name)
        if document.kind != "pdf":
            return [[] for _ in ranges]
        password = self._passwords.get(document.id)
        path = self._shelf.original(document.id)
        found = rectangles_of(path, document, ranges, password, worker=self._viewer)
        read = self._places(document.id)  # pages a reader read: the file knows nothing of their words
        return [boxes + rectangles_read(read, *range_) for boxes, range_ in zip(found, ranges, strict=True)]

    def _entry(self, name: str) -> Entry:
        entries = {entry.name: entry for entry in self._catalog.entries()}
        if name not in entries:
            known = ", ".join(entries) or "none"
            raise UsageError(f"There is no document {name!r} in the library.", f"There is: {known}.")
        return entries[name]

    # questions -----------------------------------------------------------------------------------

    def prepare(
        self,
        recipe: Recipe,
        documents: Sequence[str] | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelFlag | None = None,
    ) -> list[Indexed]:
        """Index the documents that this recipe's collection does not hold yet; returns what it did.

        Raises:
            Cancelled, EngineError, StoreError. UsageError: an unknown document.
        """
        entries = self._catalog.entries() if documents is None else [self._entry(name) for name in documents]
        held = self._catalog.held(self._collections.get(recipe).name)
        missing = [entry for entry in entries if entry.id not in held]
        if not missing:
            return []
        return self._intake.hold(recipe, missing, Request(Path(), "", "", None, on_progress, cancel))

    def search(
        self,
        query: str,
        recipe: Recipe | None = None,
        documents: Sequence[str] | None = None,
        pages: Sequence[int] | None = None,
    ) -> Retrieval:
        """The passages for a query, among the named documents and pages (None: all). Prepares first.

        Raises:
            UsageError: a document of that name is not in the library. EngineError, StoreError.
        """
        recipe = recipe or Recipe()
        context = self.context(recipe, documents, pages)
        found = retrieve(query, recipe, context)
        ready = self._catalog.held(self._collections.name(recipe))
        if all(hit.document_id in ready for hit in found.hits):
            return found
        here = {**(context.where or {}), "doc_id": list(ready)}  # a writer began meanwhile
        return retrieve(query, recipe, replace(context, where=here))

    def context(
        self, recipe: Recipe, documents: Sequence[str] | None = None, pages: Sequence[int] | None = None
    ) -> RetrievalContext:
        """What the recipe's retriever works on: its collection, narrowed to documents and pages (from 1). Prepares.

        Raises:
            UsageError: a document of that name is not in the library. EngineError, StoreError.
        """
        self.prepare(recipe, documents)
        collection = self._collections.get(recipe)
        ready = self._catalog.held(collection.name)
        ids = [e.id for e in self._catalog.entries() if e.id in ready and (documents is None or e.name in documents)]
        # A filter on every document costs half a query; none is needed while nothing is being written or removed.
        whole = documents is None and not self._catalog.leftovers(collection.name)
        where: dict[str, Sequence[str | int]] = {} if whole else {"doc_id": ids}
        if pages is not None:
            where["pages"] = list(pages)
        return RetrievalContext(
            store=collection.store,
            keyword_index=collection.keyword,
            embed_query=lambda text: collection.embedder.embed([text], "query")[0].tolist(),
            where=where or None,
            text_of=self._text,
            aids=self.aids,
        )

    def ask(
        self,
        question: str,
        recipe: Recipe | None = None,
        *,
        history: Sequence[Message] = (),
        documents: Sequence[str] | None = None,
        pages: Sequence[int] | None = None,
        cancel: CancelFlag | None = None,
    ) -> Iterator[AskEvent]:
        """Answer a question; the last event is Answered or Failed. Never raises for engine failures."""
        recipe = recipe or Recipe()
        try:
            at_hand = None if recipe.answer.name == "quotes" else self.engines.resolve(recipe.model)
            means = Means(
                search=lambda query: self.search(query, recipe, documents, pages),
                embedder=self._collections.embedder(recipe.embedder),
                page_text=self._page_text,
                engine=at_hand[0] if at_hand else None,
                model=at_hand[1] if at_hand else "",
            )
        except PlaygroundError as error:
            yield Failed(error)
            return
        yield from answer(question, recipe, means, history, cancel)

    def _text(self, document_id: str, start: int, end: int) -> str:
        """A range of a document, for passages that are read with more around them."""
        name = next((entry.name for entry in self._catalog.entries() if entry.id == document_id), "")
        return self._parsed(document_id, name).text[start:end]

    def _page_text(self, hit: Hit) -> tuple[str, int]:
        """The text of the pages a hit stands on, and where it begins in the document."""
        return pages_of(self._parsed(hit.document_id, hit.document), hit)
