"""The contract of vector stores: one collection of points with a dense and a sparse vector each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

#: Names that LlamaIndex's QdrantVectorStore gives its vectors, so that it can open our collections.
DENSE = "text-dense"
SPARSE = "text-sparse-new"

Payload = dict[str, Any]


@dataclass(frozen=True)
class Sparse:
    """A sparse vector: token ids and their weights, same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Point:
    """What a store keeps: an id (UUID text), two vectors, a payload."""

    id: str
    dense: Sequence[float] | None
    sparse: Sparse | None
    payload: Payload


@dataclass(frozen=True)
class Scored:
    """One hit of one list. ``score`` is cosine (dense) or BM25 (sparse): higher is better."""

    id: str
    score: float


#: Field -> values of which one must match; every field must match. ``{"doc_id": ["a", "b"]}``.
Filter = Mapping[str, Sequence[str | int]]


class Store(Protocol):
    """One collection. Ties in lists are broken by id, so the same query gives the same order."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points and return when they are durable; same id replaces."""
        ...

    def set_sparse(self, vectors: Mapping[str, Sparse]) -> None:
        """Replace the sparse vectors of known points."""
        ...

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        """The nearest points by cosine, best first."""
        ...

    def sparse(self, vector: Sparse, limit: int, where: Filter | None = None) -> list[Scored]:
        """The best points by dot product with IDF applied, best first; only points sharing a token."""
        ...

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Payloads by id; unknown ids are left out."""
        ...

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """Dense vectors by id, of unit length; unknown ids and points without one are left out."""
        ...

    def scroll(self, where: Filter | None = None, fields: Sequence[str] | None = None) -> Iterator[Point]:
        """All points, without vectors, in order of id; ``fields`` picks payload fields."""
        ...

    def count(self, where: Filter | None = None) -> int:
        """Exact number of points."""
        ...

    def delete(self, where: Filter) -> None:
        """Remove points and return when that is durable."""
        ...

    def close(self) -> None:
        """Release the store; it is not used after."""
        ...
