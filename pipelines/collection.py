"""Collections: points of documents read, cut and embedded in one way.

A fingerprint of reader, chunker and embedding model names a collection, so vectors can never mix.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

from pipelines.catalog import Catalog
from pipelines.embedding.base import Embedder
from pipelines.embedding.models import Embedders
from pipelines.recipe import INDEX_SECTIONS, Choice, Recipe
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.settings import Settings
from pipelines.stores import open_store
from pipelines.stores.base import Store


@dataclass(frozen=True)
class Collection:
    """One collection, open: its store, its keyword weights, and the model that fills it."""

    name: str
    store: Store
    keyword: KeywordIndex
    embedder: Embedder
    chunker: Choice

    def remove(self, document_id: str, catalog: Catalog) -> None:
        """Delete a document's points; the catalog keeps its note until they are gone."""
        self.keyword.delete({"doc_id": [document_id]})
        catalog.release(self.name, document_id)


class Collections:
    """Opens collections when they are first wanted and keeps them open. Safe from any thread."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings, self._catalog = settings, catalog
        self._embedders = Embedders(settings)
        self._open: dict[str, Collection] = {}
        self._lock = threading.RLock()

    def embedder(self, choice: Choice) -> Embedder:
        """The embedding model of a recipe, built once."""
        return self._embedders.get(choice)

    def name(self, recipe: Recipe) -> str:
        """The collection of a recipe: another reader, chunker or embedding model is another collection."""
        model = hashlib.sha256(self.embedder(recipe.embedder).id.encode()).hexdigest()[:8]
        return f"playground_{recipe.fingerprint(INDEX_SECTIONS)}_{model}"

    def get(self, recipe: Recipe) -> Collection:
        """The collection of a recipe, open, and clean of what a killed process half wrote.

        Raises:
            StoreUnreachable, EngineUnreachable, ModelMissing.
        """
        name = self.name(recipe)
        with self._lock:
            if name not in self._open:
                embedder = self.embedder(recipe.embedder)
                store = open_store(self._settings, name, embedder.dimensions)
                keyword = KeywordIndex(store, self._catalog.facts(f"keyword:{name}"))
                collection = Collection(name, store, keyword, embedder, recipe.chunker)
                for document_id in self._catalog.leftovers(name):
                    collection.remove(document_id, self._catalog)
                self._open[name] = collection
            return self._open[name]

    def forget(self, document_id: str) -> None:
        """Delete a document's points from every open collection; closed ones are cleaned when opened."""
        with self._lock:
            for collection in self._open.values():
                if collection.name in self._catalog.collections_of(document_id):
                    collection.remove(document_id, self._catalog)

    def close(self) -> None:
        """Close every store."""
        with self._lock:
            for collection in self._open.values():
                collection.store.close()
            self._open.clear()
