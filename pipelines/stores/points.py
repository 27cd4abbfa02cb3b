"""What both stores ask of points before they write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from pipelines.errors import StoreError
from pipelines.stores.base import DENSE, SPARSE, Point, Sparse

#: Payload fields with an index: those a search is narrowed by.
INDEXED = ("doc_id", "document")


def canonical(id: str) -> str:
    """The id as Qdrant gives it back.

    Raises:
        StoreError: not a UUID; Qdrant takes no other text as an id.
    """
    try:
        return str(UUID(id))
    except ValueError as error:
        raise StoreError(
            f"{id!r} cannot be the id of a passage.", "Ids are UUIDs, as LlamaIndex makes them."
        ) from error


def check_length(vector: Sequence[float] | None, dimensions: int, name: str) -> None:
    """Refuse vectors of another model.

    Raises:
        StoreError: the vector has not ``dimensions`` numbers.
    """
    if vector is not None and len(vector) != dimensions:
        raise StoreError(
            f"The index {name!r} holds vectors of {dimensions} numbers, this one has {len(vector)}.",
            "Use the embedder it was made with.",
        )


def named_vectors(point: Point, to_sparse: Callable[[Sparse], Any]) -> dict[str, Any]:
    """Both vectors by name; an empty sparse one is left out, so that it does not count in N.

    Args:
        point: What is written.
        to_sparse: Makes the library's own kind of sparse vector.
    """
    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors[DENSE] = list(map(float, point.dense))
    if point.sparse is not None and point.sparse.indices:
        vectors[SPARSE] = to_sparse(point.sparse)
    return vectors
