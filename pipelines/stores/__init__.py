"""Vector stores: one contract, Qdrant in process (``edge.py``) and Qdrant by URL (``server.py``)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import StoreError

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.stores.base import Store

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


def open_store(settings: Settings, name: str, dimensions: int) -> Store:
    """Open a collection, or make it: on the server of the settings, or in the data folder.

    Args:
        settings: ``qdrant_url`` decides where; empty means in process.
        name: Letters, digits, ``.``, ``_`` and ``-``.
        dimensions: Length of dense vectors.

    Raises:
        StoreLocked: another process has it open. StoreUnreachable: no server answers.
        StoreError: the name or the dimensions don't fit.
    """
    path = _path(settings, name)
    if settings.qdrant_url:
        from pipelines.stores.qdrant import connect
        from pipelines.stores.server import ServerStore

        client = connect(settings.qdrant_url, settings.qdrant_api_key)
        return ServerStore(client, name, dimensions, owns_client=True)
    from pipelines.stores.edge import EdgeStore

    return EdgeStore(path, dimensions)


def collections(settings: Settings) -> list[str]:
    """Names of the collections that exist (on a server: also those of other programs)."""
    if settings.qdrant_url:
        from pipelines.stores.qdrant import connect, translated

        with translated(settings.qdrant_url):
            found = connect(settings.qdrant_url, settings.qdrant_api_key).get_collections().collections
        return sorted(collection.name for collection in found)
    root = _root(settings)
    return sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def remove_collection(settings: Settings, name: str) -> None:
    """Delete a collection that no store has open; one that does not exist is fine.

    Raises:
        StoreUnreachable: no server answers. StoreError: the files can't be removed.
    """
    path = _path(settings, name)
    if settings.qdrant_url:
        from pipelines.stores.qdrant import connect, translated

        with translated(settings.qdrant_url, name):
            connect(settings.qdrant_url, settings.qdrant_api_key).delete_collection(name)
        return
    try:
        if path.exists():
            shutil.rmtree(path)
    except OSError as error:
        raise StoreError(f"The index in {path} can't be removed: {error}.", "Close what uses it.") from error


def _root(settings: Settings) -> Path:
    return settings.data_dir / "collections"


def _path(settings: Settings, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise StoreError(f"{name!r} cannot be the name of a collection.", "Use letters, digits, '.', '_' and '-'.")
    return _root(settings) / name
