"""A collection in this process: Qdrant's own engine as a library, one directory a collection.

Search is exact. At the size of a person's library a full scan takes 2 ms (20,000 chunks); the graph
index that ``optimize()`` builds takes 10 s, loses results, and moves points into segments that keep
counting deleted passages in BM25's document frequencies. So it is never built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipelines.errors import StoreError, StoreLocked
from pipelines.stores.base import DENSE, SPARSE, Filter, Payload, Point, Scored, Sparse
from pipelines.stores.points import INDEXED, canonical, check_length, named_vectors
from pipelines.stores.ties import cut

if TYPE_CHECKING:
    import qdrant_edge

#: Points in one step of a walk through the collection.
PAGE = 1000


class EdgeStore:
    """A collection in a directory. Any thread may search while another writes.

    Args:
        path: Directory of the collection; made when missing.
        dimensions: Length of dense vectors.

    Raises:
        StoreLocked: another process, or another store of this one, has it open.
        StoreError: it holds vectors of another length, or the files are damaged.
    """

    def __init__(self, path: Path, dimensions: int) -> None:
        self.path = path
        self.dimensions = dimensions
        self._writing = Lock()
        with self._translated():
            self._shard = _open(path, dimensions)

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points; durable on return."""
        import qdrant_edge as edge

        if not points:
            return
        for point in points:
            check_length(point.dense, self.dimensions, self.path.name)
        self._update(
            edge.UpdateOperation.upsert_points(
                [edge.Point(canonical(p.id), named_vectors(p, _sparse), p.payload) for p in points]
            )
        )

    def set_sparse(self, vectors: Mapping[str, Sparse]) -> None:
        """Replace the sparse vectors of known points; unknown ids are left out."""
        import qdrant_edge as edge

        with self._translated():
            known = self._shard.retrieve(list(vectors), with_payload=False, with_vector=False)
        changes = [edge.PointVectors(r.id, {SPARSE: _sparse(vectors[str(r.id)])}) for r in known]
        if changes:
            self._update(edge.UpdateOperation.update_vectors(changes))

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        """The nearest points by cosine, best first; every point is compared."""
        check_length(vector, self.dimensions, self.path.name)
        return self._list(list(map(float, vector)), DENSE, limit, where)

    def sparse(self, vector: Sparse, limit: int, where: Filter | None = None) -> list[Scored]:
        """The best points by dot product with IDF (of the whole collection, also under a filter)."""
        return self._list(_sparse(vector), SPARSE, limit, where) if vector.indices else []

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Payloads by id, in the order asked for; unknown ids are left out."""
        with self._translated():
            found = self._shard.retrieve(list(ids), with_payload=True, with_vector=False)
        by_id = {str(record.id): record.payload or {} for record in found}
        return {id: by_id[id] for id in ids if id in by_id}

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """Dense vectors by id, of unit length; unknown ids are left out."""
        with self._translated():
            found = self._shard.retrieve(list(ids), with_payload=False, with_vector=True)
        named: dict[str, Any] = {str(record.id): record.vector or {} for record in found}
        return {id: vectors[DENSE] for id, vectors in named.items() if DENSE in vectors}

    def scroll(self, where: Filter | None = None, fields: Sequence[str] | None = None) -> Iterator[Point]:
        """All points in order of id, a page at a time."""
        import qdrant_edge as edge

        offset: Any = None
        while True:
            request = edge.ScrollRequest(
                offset=offset,
                limit=PAGE,
                filter=_filter(where),
                with_payload=True if fields is None else list(fields),
            )
            with self._translated():
                records, offset = self._shard.scroll(request)
            for record in records:
                yield Point(str(record.id), None, None, record.payload or {})
            if offset is None:
                return

    def count(self, where: Filter | None = None) -> int:
        """Exact number of points."""
        import qdrant_edge as edge

        with self._translated():
            return self._shard.count(edge.CountRequest(exact=True, filter=_filter(where)))

    def delete(self, where: Filter) -> None:
        """Remove points; durable on return.

        The engine forgets a deleted point's tokens only when its vectors are replaced, so each point
        first loses its vectors: or it would count in document frequencies for good. It keeps the fields
        of ``where``, so that the same call finishes what a killed process began.
        """
        import qdrant_edge as edge

        found = list(self.scroll(where, fields=list(where)))
        for start in range(0, len(found), PAGE):
            page = found[start : start + PAGE]
            bare = [edge.Point(point.id, {}, point.payload) for point in page]
            self._update(edge.UpdateOperation.upsert_points(bare), flush=False)
            self._update(edge.UpdateOperation.delete_points([point.id for point in page]))

    def close(self) -> None:
        """Release the directory."""
        with self._writing, self._translated():
            self._shard.close()

    def _update(self, operation: qdrant_edge.UpdateOperation, flush: bool = True) -> None:
        with self._writing, self._translated():
            self._shard.update(operation)
            if flush:
                self._shard.flush()

    def _list(self, vector: Any, using: str, limit: int, where: Filter | None) -> list[Scored]:
        import qdrant_edge as edge

        query, narrowed = edge.Query.Nearest(vector, using=using), _filter(where)
        params = edge.SearchParams(exact=True)

        def fetch(wanted: int) -> list[Scored]:
            request = edge.QueryRequest(limit=wanted, query=query, filter=narrowed, params=params)
            with self._translated():
                return [Scored(str(point.id), point.score) for point in self._shard.query(request)]

        return cut(fetch, limit)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The engine raises bare ``Exception`` with a text; this is the one place that reads it."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            text = str(error)
            if "WouldBlock" in text:
                raise StoreLocked(
                    f"The index {self.path.name!r} is in use by another process.",
                    "Close the other app, or choose another folder with --data-dir.",
                ) from error
            if "is not initialized" in text:
                raise StoreError(f"The index {self.path.name!r} is closed.", "Open it again.") from error
            if "vector size" in text or "dimension" in text:
                raise StoreError(
                    f"The index {self.path.name!r} does not hold vectors of {self.dimensions} numbers ({text}).",
                    "Use the embedder it was made with, or remove it and index again.",
                ) from error
            raise StoreError(
                f"The index in {self.path} failed: {text}",
                "If it happens again, remove that folder and index again.",
            ) from error


def _open(path: Path, dimensions: int) -> qdrant_edge.EdgeShard:
    import qdrant_edge as edge

    config = edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimensions, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )
    path.mkdir(parents=True, exist_ok=True)
    shard = edge.EdgeShard.load(str(path), config)  # makes what is missing, also after a killed start
    for field in set(INDEXED) - set(shard.info().payload_schema):
        shard.update(edge.UpdateOperation.create_field_index(field, edge.PayloadSchemaType.Keyword))
    return shard


def _sparse(vector: Sparse) -> qdrant_edge.SparseVector:
    import qdrant_edge as edge

    return edge.SparseVector(list(vector.indices), list(vector.values))


def _filter(where: Filter | None) -> qdrant_edge.Filter | None:
    """Every field must match one of its values; words and numbers need conditions of their own."""
    import qdrant_edge as edge

    if not where:
        return None
    must: list[Any] = []
    for field, values in where.items():
        words = [value for value in values if isinstance(value, str)]
        numbers = [value for value in values if not isinstance(value, str)]
        kinds = [edge.FieldCondition(key=field, match=edge.MatchAny(any=kind)) for kind in (words, numbers) if kind]
        must.append(edge.Filter(should=list(kinds)) if kinds else edge.HasIdCondition(set()))
    return edge.Filter(must=must)
