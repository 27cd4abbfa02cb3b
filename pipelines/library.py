"""A data folder, open: documents in, answers out. The front door of the pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event as CancelFlag
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pipelines.events import AskEvent, Indexed, IndexProgress
from pipelines.loading.document import Document, Rect
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Retrieval
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.base import Message

OnProgress = Callable[[IndexProgress], None]


class Library:
    """One data folder. Open it once a process; every method may be called from any thread.

    ::

        with Library.open() as library:
            library.add("report.pdf")
            for event in library.ask("What did it cost?"):
                ...
    """

    @classmethod
    def open(cls, data_dir: str | Path | None = None, settings: Settings | None = None) -> Library:
        """Open or create a data folder; finishes or undoes what a killed process left behind.

        Raises:
            StoreLocked: another process has it open.
        """
        raise NotImplementedError

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the folder."""

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

        Never raises for a bad file: the outcome says ``failed``, why, and the way out (``reason``, ``fix``).
        """
        raise NotImplementedError

    def add_text(self, name: str, text: str, recipe: Recipe | None = None) -> Indexed:
        """The same for text in memory."""
        raise NotImplementedError

    def documents(self, recipe: Recipe | None = None) -> list[Indexed]:
        """Every document, in the order they were added, with its chunks under the recipe."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Forget a document and everything made of it. Raises UsageError for an unknown name."""
        raise NotImplementedError

    def document(self, name: str) -> Document:
        """A document's text, pages and headings. Raises UsageError for an unknown name."""
        raise NotImplementedError

    def picture(self, name: str, page: int, width_px: int = 1000) -> bytes | None:
        """A page's picture as PNG; None for documents without pages to show (Markdown, text)."""
        raise NotImplementedError

    def rectangles(self, name: str, start: int, end: int) -> list[Rect]:
        """Where a range of the text stands on its pages, a rectangle a line."""
        raise NotImplementedError

    # questions -----------------------------------------------------------------------------------

    def prepare(
        self,
        recipe: Recipe,
        documents: Sequence[str] | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelFlag | None = None,
    ) -> list[Indexed]:
        """Index documents that this recipe's collection does not hold yet; returns what it did."""
        raise NotImplementedError

    def search(self, query: str, recipe: Recipe | None = None, documents: Sequence[str] | None = None) -> Retrieval:
        """The passages for a query, among the named documents (None: all). Prepares first.

        Raises:
            UsageError: a document of that name is not in the library.
        """
        raise NotImplementedError

    def ask(
        self,
        question: str,
        recipe: Recipe | None = None,
        *,
        history: Sequence[Message] = (),
        documents: Sequence[str] | None = None,
        cancel: CancelFlag | None = None,
    ) -> Iterator[AskEvent]:
        """Answer a question; the last event is Answered or Failed. Never raises for engine failures."""
        raise NotImplementedError

    # engines ---------------------------------------------------------------------------------------

    @property
    def engines(self) -> Any:
        """The engines at hand (:mod:`pipelines.engines`): status, models, pull."""
        raise NotImplementedError
