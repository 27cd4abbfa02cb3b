"""Nodes into a store: what is already there is not done again, and a killed run leaves no half-document.

Vectors go to the cache as they are made; a document's points are written in one go when all are there,
between two notes in the catalog. So a run that died goes on from the cache, and what it half wrote is
removed before the collection answers again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.catalog import Catalog, Held
from pipelines.chunking import Bench, Cut, cut
from pipelines.chunking.base import Embed
from pipelines.chunking.nodes import to_nodes
from pipelines.collection import Collection
from pipelines.embedding.cache import CacheUse, VectorCache, embed_cached
from pipelines.errors import Cancelled
from pipelines.events import IndexProgress, Stage
from pipelines.loading.document import Document
from pipelines.stores.base import Payload, Point

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode

    from pipelines.embedding.base import Embedder, Vectors

OnProgress = Callable[[IndexProgress], None]


@dataclass(frozen=True)
class Pace:
    """Reports progress with its pace and an estimate of the time left."""

    document: str
    report: OnProgress | None
    cancel: CancelFlag | None = None

    def stage(self, stage: Stage, total: int) -> Callable[[int], None]:
        """A function that takes how many are done; it raises Cancelled when asked to stop."""
        started = time.perf_counter()
        first: list[int] = []

        def done(count: int) -> None:
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled
            if self.report is None:
                return
            first[:] = first or [count]
            seconds = time.perf_counter() - started
            rate = (count - first[0]) / seconds if seconds > 0.2 and count > first[0] else None
            left = (total - count) / rate if rate else None
            self.report(IndexProgress(self.document, stage, count, total, rate=rate, seconds_left=left))

        return done


def index(document: Document, collection: Collection, catalog: Catalog, cache: VectorCache, pace: Pace) -> Held:
    """Cut, embed and write one document.

    Raises:
        Cancelled: nothing of the document is in the collection.
        EngineError: the embedding model failed; likewise.
    """
    started = time.perf_counter()
    pace.stage("cutting", 1)(0)
    embedder, use = collection.embedder, CacheUse()
    made = cut(document, collection.chunker, Bench(embedder, embedding("cutting", embedder, cache, pace, use)))
    points = points_of(document, made, embedding("embedding", embedder, cache, pace, use))
    pace.stage("writing", len(points))(0)
    catalog.begin(collection.name, document.id)
    collection.keyword.upsert(points)
    held = Held(len(made.chunks), time.perf_counter() - started, " ".join(made.notes), use.asked, use.known)
    catalog.finish(collection.name, document.id, held)
    return held


def embedding(stage: Stage, embedder: Embedder, cache: VectorCache, pace: Pace, use: CacheUse | None = None) -> Embed:
    """Vectors through the cache, reported as a stage of the work; ``use`` counts what the cache had."""

    def embed(texts: Sequence[str]) -> Vectors:
        progress = pace.stage(stage, len(texts))
        progress(0)
        return embed_cached(embedder, texts, cache, on_progress=progress, cancel=pace.cancel, use=use)

    return embed


def points_of(document: Document, made: Cut, embed: Embed) -> list[Point]:
    """A cut document as points with dense vectors; the model reads the text, after the header where there is one."""
    from llama_index.core.schema import MetadataMode

    nodes = to_nodes(document, made)
    vectors = embed([node.get_content(MetadataMode.EMBED) for node in nodes])
    return [Point(n.node_id, v.tolist(), None, payload_of(n)) for n, v in zip(nodes, vectors, strict=True)]


def payload_of(node: TextNode) -> Payload:
    """A node's payload as LlamaIndex's own Qdrant store writes it."""
    from llama_index.core.vector_stores.utils import node_to_metadata_dict

    return node_to_metadata_dict(node, remove_text=False, flat_metadata=False)
