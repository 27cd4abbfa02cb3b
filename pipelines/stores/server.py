"""A collection on a Qdrant server or cluster, through ``qdrant-client``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING, Any

from pipelines.errors import StoreError
from pipelines.stores.base import DENSE, SPARSE, Filter, Payload, Point, Scored, Sparse
from pipelines.stores.points import INDEXED, canonical, check_length, named_vectors
from pipelines.stores.qdrant import is_local, to_filter, to_sparse, translated
from pipelines.stores.ties import cut

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

#: Points in one request.
BATCH = 256


class ServerStore:
    """A collection of a server. Any thread may use it.

    Args:
        client: The connection.
        name: Name of the collection; made when missing.
        dimensions: Length of dense vectors.
        owns_client: Whether closing the store closes the connection.

    Raises:
        StoreUnreachable: nothing answers.
        StoreError: the key is refused, or the collection holds vectors of another kind or length.
    """

    def __init__(self, client: QdrantClient, name: str, dimensions: int, *, owns_client: bool = False) -> None:
        self.client = client
        self.owns_client = owns_client
        self.name = name
        self.dimensions = dimensions
        self._local = is_local(client)
        self._turn = RLock() if self._local else nullcontext()  # the stand-in is not thread-safe
        with self._translated():
            if not client.collection_exists(name):
                self._create()
            self._check()

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points and wait until the server has applied them."""
        from qdrant_client import models

        for point in points:
            check_length(point.dense, self.dimensions, self.name)
        rows = [
            models.PointStruct(id=canonical(p.id), vector=named_vectors(p, to_sparse), payload=p.payload)
            for p in points
        ]
        with self._translated():
            for batch in _batches(rows):
                self.client.upsert(self.name, batch, wait=True)

    def set_sparse(self, vectors: Mapping[str, Sparse]) -> None:
        """Replace the sparse vectors of known points; unknown ids are left out."""
        from qdrant_client import models

        with self._translated():
            for batch in _batches(list(vectors)):
                known = self.client.retrieve(self.name, batch, with_payload=False)
                new = {str(record.id): vectors[str(record.id)] for record in known}
                changes = [
                    models.PointVectors(id=id, vector={SPARSE: to_sparse(v)}) for id, v in new.items() if v.indices
                ]
                emptied: list[Any] = [id for id, vector in new.items() if not vector.indices]
                if changes:
                    self.client.update_vectors(self.name, changes, wait=True)
                if emptied:
                    self.client.delete_vectors(self.name, vectors=[SPARSE], points=emptied, wait=True)

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        """The nearest points by cosine, best first; every point is compared."""
        check_length(vector, self.dimensions, self.name)
        return self._list(list(map(float, vector)), DENSE, limit, where)

    def sparse(self, vector: Sparse, limit: int, where: Filter | None = None) -> list[Scored]:
        """The best points by dot product with IDF (of the whole collection, also under a filter)."""
        return self._list(to_sparse(vector), SPARSE, limit, where) if vector.indices else []

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Payloads by id, in the order asked for; unknown ids are left out."""
        by_id: dict[str, Payload] = {}
        with self._translated():
            for batch in _batches(list(ids)):
                found = self.client.retrieve(self.name, batch, with_payload=True)
                by_id |= {str(record.id): record.payload or {} for record in found}
        return {id: by_id[id] for id in ids if id in by_id}

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """Dense vectors by id, of unit length; unknown ids are left out."""
        found: list[Any] = []
        with self._translated():
            for batch in _batches(list(ids)):
                found += self.client.retrieve(self.name, batch, with_payload=False, with_vectors=[DENSE])
        return {str(record.id): record.vector[DENSE] for record in found if DENSE in (record.vector or {})}

    def scroll(self, where: Filter | None = None, fields: Sequence[str] | None = None) -> Iterator[Point]:
        """All points in order of id, a page at a time."""
        offset: Any = None
        while True:
            with self._translated():
                records, offset = self.client.scroll(
                    self.name,
                    scroll_filter=to_filter(where),
                    limit=BATCH,
                    offset=offset,
                    with_payload=True if fields is None else list(fields),
                )
            for record in records:
                yield Point(str(record.id), None, None, record.payload or {})
            if offset is None:
                return

    def count(self, where: Filter | None = None) -> int:
        """Exact number of points."""
        with self._translated():
            return self.client.count(self.name, count_filter=to_filter(where), exact=True).count

    def delete(self, where: Filter) -> None:
        """Remove points and wait until the server has applied it.

        A point loses its vectors first, so that it stops counting in document frequencies (as in
        :meth:`pipelines.stores.edge.EdgeStore.delete`, where the reason is told).
        """
        from qdrant_client import models

        found = list(self.scroll(where, fields=list(where)))
        with self._translated():
            for batch in _batches(found):
                bare = [models.PointStruct(id=point.id, vector={}, payload=point.payload) for point in batch]
                self.client.upsert(self.name, bare, wait=True)
                ids: list[Any] = [point.id for point in batch]
                self.client.delete(self.name, models.PointIdsList(points=ids), wait=True)

    def close(self) -> None:
        """Close the connection, if it is the store's own."""
        if self.owns_client:
            self.client.close()

    def _create(self) -> None:
        """Make the collection; one made by another program in the same moment is as good."""
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            self.client.create_collection(
                self.name,
                vectors_config={DENSE: models.VectorParams(size=self.dimensions, distance=models.Distance.COSINE)},
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
        except (UnexpectedResponse, ValueError):
            if not self.client.collection_exists(self.name):
                raise
        if not self._local:
            for field in INDEXED:
                self.client.create_payload_index(self.name, field, models.PayloadSchemaType.KEYWORD, wait=True)

    def _check(self) -> None:
        """The collection is one of ours: both vectors, the right length, IDF."""
        from qdrant_client import models

        params = self.client.get_collection(self.name).config.params
        dense = params.vectors.get(DENSE) if isinstance(params.vectors, dict) else None
        sparse = (params.sparse_vectors or {}).get(SPARSE)
        if dense is None or sparse is None or sparse.modifier != models.Modifier.IDF:
            raise StoreError(
                f"The collection {self.name!r} was made by another program, without what is needed here.",
                f"It needs a dense vector {DENSE!r} and a sparse vector {SPARSE!r} with the IDF modifier.",
            )
        if dense.size != self.dimensions:
            raise StoreError(
                f"The collection {self.name!r} holds vectors of {dense.size} numbers, not {self.dimensions}.",
                "Use the embedder it was made with, or remove it and index again.",
            )

    def _list(self, vector: Any, using: str, limit: int, where: Filter | None) -> list[Scored]:
        from qdrant_client import models

        narrowed = to_filter(where)
        exact = None if self._local else models.SearchParams(exact=True)

        def fetch(wanted: int) -> list[Scored]:
            with self._translated():
                found = self.client.query_points(
                    self.name,
                    query=vector,
                    using=using,
                    limit=wanted,
                    query_filter=narrowed,
                    search_params=exact,
                    with_payload=False,
                )
            return [Scored(str(point.id), point.score) for point in found.points]

        return cut(fetch, limit)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with self._turn, translated(str(self.client.init_options.get("url") or "in memory"), self.name):
            yield


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
