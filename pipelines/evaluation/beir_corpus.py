"""A public collection, indexed once and kept: documents for BM25, their pieces for vectors."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.embedding.pieces import pieces
from pipelines.errors import Cancelled
from pipelines.evaluation.beir_files import CorpusDocument, fingerprint
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.stores import open_store
from pipelines.stores.base import Filter, Payload, Point, Scored, Store
from pipelines.stores.ties import cut

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.settings import Settings

#: Called with what is being done, how many are done and of how many.
OnProgress = Callable[[str, int, int], None]

#: Pieces embedded and written in one go; a killed run loses at most these.
BATCH = 64


class BeirCorpus:
    """The two collections of a corpus. Close it after use.

    ``documents`` holds a point a document with its text and BM25 weights, so that N, document
    frequencies and mean length are those of documents. ``pieces`` holds a vector for every window of
    text, and names its document.
    """

    def __init__(self, corpus: Path, documents: Sequence[CorpusDocument], settings: Settings) -> None:
        self._settings = settings
        self._name = f"beir-{fingerprint(corpus)}"
        self.ids = {point_id(document.id): document.id for document in documents}
        self.documents = open_store(settings, f"{self._name}-documents", 1)
        self.keywords = KeywordIndex(self.documents, StateFile(settings.data_dir / "evaluation" / f"{self._name}.json"))
        self._open: list[Store] = [self.documents]

    def close(self) -> None:
        """Release both collections."""
        for store in self._open:
            store.close()

    def add_documents(self, documents: Sequence[CorpusDocument], cancel: CancelFlag | None = None) -> None:
        """Write the documents that are not there yet."""
        there = {point.id for point in self.documents.scroll(fields=["doc_id"])}
        missing = [document for document in documents if point_id(document.id) not in there]
        for start in range(0, len(missing), 1000):
            _check(cancel)
            self.keywords.upsert([_document_point(one) for one in missing[start : start + 1000]])

    def add_pieces(
        self,
        documents: Sequence[CorpusDocument],
        embedder: Embedder,
        on_progress: OnProgress | None = None,
        cancel: CancelFlag | None = None,
    ) -> BestPiece:
        """Embed and write the pieces that are not there yet; return the collection of all."""
        model = hashlib.sha256(embedder.id.encode()).hexdigest()[:8]
        store = open_store(self._settings, f"{self._name}-{model}", embedder.dimensions)
        self._open.append(store)
        done = _whole_documents(store)
        missing = [document for document in documents if document.id not in done]
        finished = len(documents) - len(missing)
        for count, batch in _batches(missing, embedder):
            _check(cancel)
            vectors = embedder.embed([text for _, _, _, text in batch], "document")
            store.upsert(
                [
                    Point(_piece_id(id, n), vector.tolist(), None, {"doc_id": id, "of": of})
                    for (id, n, of, _), vector in zip(batch, vectors, strict=True)
                ]
            )
            finished += count
            if on_progress is not None:
                on_progress("embedding", finished, len(documents))
        return BestPiece(store, self.documents)


class BestPiece:
    """Documents by meaning: a document is as near as its nearest piece."""

    def __init__(self, pieces: Store, documents: Store) -> None:
        self._pieces = pieces
        self._documents = documents
        fields = pieces.scroll(fields=["doc_id"])
        names = {point.id: point.payload["doc_id"] for point in fields}
        self._document_of = {id: point_id(name) for id, name in names.items()}
        self._ids = {point_id(name): name for name in names.values()}

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        """The nearest documents, best first, ties by id."""

        def fetch(wanted: int) -> list[Scored]:
            asked = wanted
            while True:
                asked *= 2
                found = self._pieces.dense(vector, asked, where)
                best: dict[str, float] = {}
                for hit in found:
                    best.setdefault(self._document_of[hit.id], hit.score)
                if len(best) >= wanted or len(found) < asked:
                    return [Scored(id, score) for id, score in best.items()][:wanted]

        return cut(fetch, limit)

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Payloads of documents."""
        return self._documents.payloads(ids)

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """The vector of each document's first piece."""
        first = {_piece_id(self._ids[id], 0): id for id in ids if id in self._ids}
        return {first[piece]: vector for piece, vector in self._pieces.vectors(list(first)).items()}


class StateFile(MutableMapping[str, str]):
    """A mapping kept in a JSON file, written whole at every change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._values[key] = value
        self._save()

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._save()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self._values), "utf-8")
        os.replace(fresh, self._path)


def point_id(document_id: str) -> str:
    """The point of a document."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, document_id))


def _document_point(document: CorpusDocument) -> Point:
    content = json.dumps({"text": document.text}, ensure_ascii=False)
    payload = {"doc_id": document.id, "document": document.id, "_node_content": content}
    return Point(point_id(document.id), None, None, payload)


def _piece_id(document_id: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{n}:{document_id}"))


def _whole_documents(store: Store) -> set[str]:
    """Documents all of whose pieces are there."""
    there: Counter[str] = Counter()
    wanted: dict[str, int] = {}
    for point in store.scroll():
        there[point.payload["doc_id"]] += 1
        wanted[point.payload["doc_id"]] = point.payload["of"]
    return {id for id, count in there.items() if count >= wanted[id]}


def _batches(
    documents: Sequence[CorpusDocument], embedder: Embedder
) -> Iterator[tuple[int, list[tuple[str, int, int, str]]]]:
    """Whole documents at a time: how many, and (document id, number, of how many, text) of their pieces."""
    count = 0
    batch: list[tuple[str, int, int, str]] = []
    for document in documents:
        texts = pieces(document.text, embedder.ruler, embedder.window)
        batch += [(document.id, n, len(texts), text) for n, text in enumerate(texts)]
        count += 1
        if len(batch) >= BATCH:
            yield count, batch
            count, batch = 0, []
    if count:
        yield count, batch


def _check(cancel: CancelFlag | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled
