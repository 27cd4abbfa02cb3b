"""Collections for comparison: any documents, cut by any recipe, searched like the library's, and thrown away.

What a slider did not change is not done again: tokens are counted once a document, cuts and collections are
kept for a while, vectors for good (in the library's cache).
"""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event as CancelFlag
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.chunking import Bench, Cut, cut
from pipelines.chunking.figures import Figures, Landmarks, figures
from pipelines.embedding.base import Embedder, Kind, TokenRuler, Vectors
from pipelines.embedding.base import OnProgress as OnTexts
from pipelines.embedding.cache import VectorCache, embed_cached
from pipelines.embedding.models import Embedders
from pipelines.indexing import OnProgress, Pace, embedding, points_of
from pipelines.loading.document import Document
from pipelines.recipe import Choice, Recipe
from pipelines.remembered import Remembered
from pipelines.retrieval import retrieve
from pipelines.retrieval.aids import Aids
from pipelines.retrieval.base import Retrieval
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.retrieval.candidates import RetrievalContext
from pipelines.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_BENCHES, _CUTS, _COLLECTIONS = 8, 64, 12

#: Questions that are embedded to learn how long that takes.
_TIMED = 8


@dataclass(frozen=True)
class Work:
    """Where a long step reports, and what stops it."""

    on_progress: OnProgress | None = None
    cancel: CancelFlag | None = None


class Scratch:
    """Cuts and collections that belong to no library. Safe from any thread; close it after use.

    Args:
        settings: For embedding models.
        cache: Vectors already made.
        embedder: Gives the model of a recipe; None: built here, once a choice.
        aids: For stages that need more than lists; None: made here.
    """

    def __init__(
        self,
        settings: Settings,
        cache: VectorCache,
        embedder: Callable[[Choice], Embedder] | None = None,
        aids: Aids | None = None,
    ) -> None:
        self._cache = cache
        self._embedder = embedder or Embedders(settings).get
        self._own_aids = Aids(settings, self._embedder) if aids is None else None
        self.aids = aids or self._own_aids
        self._folder = _own_folder(settings.data_dir / "scratch")
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._building = threading.RLock()
        self._benches: Remembered[Bench] = Remembered(_BENCHES)
        self._landmarks: Remembered[Landmarks] = Remembered(_BENCHES)
        self._cuts: Remembered[Cut] = Remembered(_CUTS)
        self._figures: Remembered[Figures] = Remembered(_CUTS)
        self._collections: Remembered[RetrievalContext] = Remembered(_COLLECTIONS)
        self._query_seconds: dict[str, list[float]] = {}  # of questions embedded afresh, by the model's id
        self._count = 0

    def close(self) -> None:
        """Forget everything."""
        self._collections.clear()
        if self._own_aids is not None:
            self._own_aids.close()
        self._remove()

    def embedder(self, recipe: Recipe) -> Embedder:
        """The embedding model of a recipe."""
        return self._embedder(recipe.choice("embedder"))

    def cut(self, document: Document, recipe: Recipe, work: Work | None = None) -> Cut:
        """A document cut by a recipe's chunker. Raises EngineError, Cancelled."""
        return self._cuts.get((document.id, *_cutting(recipe)), lambda: self._cut(document, recipe, work or Work()))

    def figures(self, document: Document, recipe: Recipe, work: Work | None = None) -> Figures:
        """The cut in numbers."""

        def measure() -> Figures:
            made = self.cut(document, recipe, work)
            landmarks = self._landmarks.get((document.id,), lambda: Landmarks.of(document.text))
            return figures(document, made, recipe.choice("chunker"), self._bench(document, recipe), landmarks)

        return self._figures.get((document.id, *_cutting(recipe)), measure)

    def context(self, documents: Sequence[Document], recipe: Recipe, work: Work | None = None) -> RetrievalContext:
        """Documents cut, embedded and written to a collection of their own. Raises EngineError, Cancelled."""
        key = (*(document.id for document in documents), *_cutting(recipe))
        with self._building:
            return self._collections.get(key, lambda: self._index(documents, recipe, work or Work()))

    def search(self, query: str, recipe: Recipe, documents: Sequence[Document], work: Work | None = None) -> Retrieval:
        """What the recipe's retriever finds in these documents. Raises EngineError, StoreError, Cancelled."""
        return retrieve(query, recipe, self.context(documents, recipe, work))

    def query_seconds(self, recipe: Recipe, texts: Sequence[str]) -> float:
        """The usual seconds a question takes to be embedded: a median over those that were.

        Args:
            recipe: Names the model.
            texts: Of these some are embedded to learn it, where every vector so far came from the cache.
        """
        embedder = self.embedder(recipe)
        known = self._query_seconds.setdefault(embedder.id, [])
        if not known:
            timed = _Timed(embedder, known)
            for text in texts[:_TIMED]:
                timed.embed([text], "query")
        return median(known) if known else 0.0

    def vectors(self, document: Document, recipe: Recipe, work: Work | None = None) -> NDArray[np.float32]:
        """A unit vector a chunk (n, d), in the order of :meth:`cut`: the mean of its pieces' where it has several."""
        import numpy as np

        made = self.cut(document, recipe, work)
        points = points_of(document, made, self._embed(document, recipe, work or Work()))
        rows = iter(np.asarray([point.dense for point in points], dtype=np.float32))
        means = [np.mean([next(rows) for _ in pieces], axis=0) for pieces in made.pieces]
        if not means:
            return np.empty((0, self.embedder(recipe).dimensions), dtype=np.float32)
        array = np.stack(means)
        return array / np.linalg.norm(array, axis=1, keepdims=True)  # type: ignore[no-any-return]

    def _cut(self, document: Document, recipe: Recipe, work: Work) -> Cut:
        pace = Pace(document.name, work.on_progress, work.cancel)
        embed = embedding("cutting", self.embedder(recipe), self._cache, pace)
        return cut(document, recipe.choice("chunker"), replace(self._bench(document, recipe), embed=embed, notes=[]))

    def _bench(self, document: Document, recipe: Recipe) -> Bench:
        """A bench that remembers the document's tokens."""
        embedder = self.embedder(recipe)
        return self._benches.get((document.id, embedder.id), lambda: Bench(embedder))

    def _embed(self, document: Document, recipe: Recipe, work: Work) -> Any:
        pace = Pace(document.name, work.on_progress, work.cancel)
        return embedding("embedding", self.embedder(recipe), self._cache, pace)

    def _index(self, documents: Sequence[Document], recipe: Recipe, work: Work) -> RetrievalContext:
        from pipelines.stores.edge import EdgeStore

        embedder = self.embedder(recipe)
        self._count += 1
        folder = self._folder / str(self._count)
        store = EdgeStore(folder, embedder.dimensions)
        keyword = KeywordIndex(store, {})
        for document in documents:
            made = self.cut(document, recipe, work)
            keyword.upsert(points_of(document, made, self._embed(document, recipe, work)))
        texts: Mapping[str, str] = {document.id: document.text for document in documents}

        timed = _Timed(embedder, self._query_seconds.setdefault(embedder.id, []))

        def embed_query(text: str) -> list[float]:
            row: list[float] = embed_cached(timed, [text], self._cache, "query")[0].tolist()
            return row

        context = RetrievalContext(
            store, keyword, embed_query, text_of=lambda id, start, end: texts[id][start:end], aids=self.aids
        )
        weakref.finalize(context, shutil.rmtree, folder, ignore_errors=True)
        return context


@dataclass(frozen=True)
class _Timed:
    """An embedding model that notes how long each call took."""

    embedder: Embedder
    seconds: list[float]

    @property
    def id(self) -> str:
        return self.embedder.id

    @property
    def label(self) -> str:
        return self.embedder.label

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    @property
    def window(self) -> int:
        return self.embedder.window

    @property
    def ruler(self) -> TokenRuler:
        return self.embedder.ruler

    def embed(self, texts: Sequence[str], kind: Kind = "document", on_progress: OnTexts | None = None) -> Vectors:
        started = perf_counter()
        found = self.embedder.embed(texts, kind, on_progress)
        self.seconds.append(perf_counter() - started)
        return found


def _own_folder(parent: Path) -> Path:
    """A folder for this object; those of processes that were killed are removed."""
    import psutil

    for left in parent.glob("*-*"):
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    own = parent / f"{os.getpid()}-{uuid4().hex[:8]}"
    own.mkdir(parents=True)
    return own


def _cutting(recipe: Recipe) -> tuple[str, str]:
    """What a cut depends on besides the document."""
    return recipe.choice("chunker").model_dump_json(), recipe.choice("embedder").model_dump_json()
