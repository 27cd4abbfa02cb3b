"""What ``qdrant-client`` speaks, to and from: the connection, its errors, vectors, filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.errors import StoreError, StoreUnreachable
from pipelines.stores.base import Filter, Sparse

if TYPE_CHECKING:
    from qdrant_client import QdrantClient


def connect(url: str, api_key: str = "") -> QdrantClient:
    """A client of the server at ``url``; nothing is sent yet."""
    from qdrant_client import QdrantClient

    with translated(url):
        return QdrantClient(url=url, api_key=api_key or None, timeout=60, check_compatibility=False)


@contextmanager
def translated(url: str, name: str = "") -> Iterator[None]:
    """Errors of ``qdrant-client`` as ours; the only place that knows them."""
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    what = f"collection {name!r} at {url}" if name else url
    try:
        yield
    except ResponseHandlingException as error:
        raise StoreUnreachable(
            f"No Qdrant server answers at {url} ({error.source}).",
            "Start it, correct PLAYGROUND_QDRANT_URL, or unset that variable to use the engine in process.",
        ) from error
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            raise StoreError(
                f"The Qdrant server at {url} refused the key.", "Set PLAYGROUND_QDRANT_API_KEY to a valid one."
            ) from error
        raise StoreError(f"Qdrant ({what}) answered {error.status_code}: {_said(error)}.") from error
    except QdrantException as error:
        raise StoreError(f"Qdrant ({what}) refused: {error}.", "Try again in a while.") from error
    except ValueError as error:  # the embedded stand-in, and addresses that are none
        raise StoreError(f"Qdrant ({what}): {error}.", "Check PLAYGROUND_QDRANT_URL.") from error


def is_local(client: QdrantClient) -> bool:
    """Whether it is the client's own stand-in for a server (``:memory:`` or a path)."""
    options = client.init_options
    return options.get("location") == ":memory:" or options.get("path") is not None


def _said(error: Any) -> str:
    """The reason in the body of an answer, or the start of the body."""
    try:
        return str(error.structured()["status"]["error"])
    except (ValueError, KeyError, TypeError):
        return bytes(error.content)[:200].decode(errors="replace")


def to_sparse(vector: Sparse) -> Any:
    """A sparse vector."""
    from qdrant_client import models

    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def to_filter(where: Filter | None) -> Any:
    """Every field must match one of its values; words and numbers need conditions of their own."""
    from qdrant_client import models

    if not where:
        return None
    must: list[Any] = []
    for field, values in where.items():
        words = [value for value in values if isinstance(value, str)]
        numbers = [value for value in values if not isinstance(value, str)]
        kinds: list[Any] = [models.MatchAny(any=kind) for kind in (words, numbers) if kind]
        must.append(
            models.Filter(should=[models.FieldCondition(key=field, match=kind) for kind in kinds])
            if kinds
            else models.HasIdCondition(has_id=[])
        )
    return models.Filter(must=must)
