"""Vectors on disk, so that the same text is never embedded twice by the same model.

A cache, not a record: a row that doesn't fit is made again, a file that cannot be read is replaced.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, TypeVar

from pipelines.embedding.base import Embedder, Kind, OnProgress, Vectors
from pipelines.errors import Cancelled, StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

#: Texts embedded between two writes: what a killed run loses at most.
BATCH = 32
#: Largest size of the file's content. A MiniLM vector takes 1.6 kB, so some 600,000 of them.
CAP_BYTES = 1_000_000_000

_ROWS_AT_ONCE = 500  # below SQLite's limit on variables, and short enough to let others in
_USED_GRAIN_S = 3600.0  # a row's last use is noted this coarsely, or every reading would write
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, used REAL NOT NULL, vector BLOB NOT NULL)
"""
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
T = TypeVar("T")


def key(embedder_id: str, kind: Kind, text: str) -> bytes:
    """Name of a vector: sha256 over model, kind and text, kept apart by zero bytes."""
    digest = hashlib.sha256(f"{embedder_id}\0{kind}\0".encode())
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


class VectorCache:
    """A SQLite file of unit vectors by :func:`key`. Safe from any thread and from several processes.

    Args:
        path: The file; made, with its folder, where there is none.
        cap_bytes: When the content grows over this, the vectors not used for longest are dropped.
        clock: Seconds, growing.

    Raises:
        StoreError: the file cannot be opened or written (locked, no space, no right to).
    """

    def __init__(self, path: Path, cap_bytes: int = CAP_BYTES, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._cap_bytes = cap_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._do(lambda db: None)

    def get_many(self, keys: Sequence[bytes], dimensions: int) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are there, by key; those of another length or not of unit length are not."""
        found: dict[bytes, NDArray[np.float32]] = {}
        for some in _chunks(keys):
            for name, blob in self._do(partial(self._read, keys=some)):
                vector = _decode(blob, dimensions)
                if vector is not None:
                    found[name] = vector
        return found

    def put_many(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Write vectors; they survive the death of the process from here on."""
        for some in _chunks(list(vectors.items())):
            self._do(partial(self._write, items=some))

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._close()

    def _read(self, db: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        marks = ",".join("?" * len(keys))
        rows = db.execute(f"SELECT key, vector, used FROM vectors WHERE key IN ({marks})", keys).fetchall()  # noqa: S608
        now = self._clock()
        stale = [(now, name) for name, _, used in rows if used < now - _USED_GRAIN_S]
        if stale:
            with db:
                db.executemany("UPDATE vectors SET used = ? WHERE key = ?", stale)
        return [(name, blob) for name, blob, _ in rows]

    def _write(self, db: sqlite3.Connection, items: Sequence[tuple[bytes, NDArray[np.float32]]]) -> None:
        now = self._clock()
        with db:
            db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(name, now, vector.astype("<f4").tobytes()) for name, vector in items],
            )
            self._prune(db)

    def _prune(self, db: sqlite3.Connection) -> None:
        """Drop the vectors not used for longest until an eighth of the room is free."""
        if self._content_bytes(db) <= self._cap_bytes:
            return
        (rows,) = db.execute("SELECT count(*) FROM vectors").fetchone()
        surplus = 1 - 0.875 * self._cap_bytes / self._content_bytes(db)
        db.execute(
            "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY used LIMIT ?)",
            (int(rows * surplus) + 1,),
        )

    @staticmethod
    def _content_bytes(db: sqlite3.Connection) -> int:
        pages, free, size = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the open file; where the file turns out broken, on a new one."""
        with self._lock:
            try:
                try:
                    return work(self._open())
                except sqlite3.DatabaseError as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
                        raise
                    log.warning("The vector cache %s is damaged (%s); a new one replaces it.", self._path, error)
                    self._replace()
                    return work(self._open())
            except (sqlite3.Error, OSError) as error:
                raise StoreError(
                    f"The vector cache {self._path} cannot be used: {error}.",
                    "Free some space or make the folder writable; deleting the file loses no documents.",
                ) from error

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")  # with WAL, safe against a killed process
            self._db.execute(_SCHEMA)
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):  # a broken file may not even close well
                self._db.close()
            self._db = None

    def _replace(self) -> None:
        self._close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


@dataclass
class CacheUse:
    """How much the cache was of use: texts asked for, and those of them it had."""

    asked: int = 0
    known: int = 0


def embed_cached(
    embedder: Embedder,
    texts: Sequence[str],
    cache: VectorCache,
    kind: Kind = "document",
    on_progress: OnProgress | None = None,
    cancel: CancelFlag | None = None,
    use: CacheUse | None = None,
) -> Vectors:
    """Embed texts, each different one once and only if the cache has no vector for it.

    Args:
        embedder: The model.
        texts: What to embed, duplicates and all.
        cache: Where vectors are looked up, and written batch by batch.
        kind: Whether the texts are documents or questions.
        on_progress: Takes how many of ``texts`` are done, first those the cache had; may raise to stop.
        cancel: When set, the work stops within a text or two; finished batches stay in the cache.
        use: Counts what the cache had.

    Returns:
        float32 array (len(texts), dimensions), rows of unit length, in the order of ``texts``.

    Raises:
        Cancelled: ``cancel`` was set.
        EngineError: the model failed; finished batches stay in the cache.
        StoreError: the cache cannot be written.
    """
    import numpy as np

    keys = [key(embedder.id, kind, text) for text in texts]
    places: dict[bytes, list[int]] = {}
    for place, name in enumerate(keys):
        places.setdefault(name, []).append(place)
    vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    done = 0

    def settle(found: Mapping[bytes, NDArray[np.float32]]) -> None:
        nonlocal done
        for name, vector in found.items():
            vectors[places[name]] = vector
            done += len(places[name])
        step(0)

    def step(more: int) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        if on_progress is not None:
            on_progress(done + more)

    known = cache.get_many(list(places), embedder.dimensions)
    settle(known)
    if use is not None:
        use.asked, use.known = use.asked + len(texts), use.known + done
    for names in _chunks([name for name in places if name not in known], BATCH):
        rows = embedder.embed([texts[places[name][0]] for name in names], kind, on_progress=step)
        made = dict(zip(names, rows, strict=True))
        cache.put_many(made)
        settle(made)
    return vectors


def _decode(blob: object, dimensions: int) -> NDArray[np.float32] | None:
    """A vector from its bytes, if they are one: float32, little-endian, unit length."""
    import numpy as np

    if not isinstance(blob, bytes) or len(blob) != 4 * dimensions:
        return None
    vector = np.frombuffer(blob, dtype="<f4")
    unit = abs(float(vector @ vector) - 1.0) < 1e-3  # False for NaN
    return vector.astype(np.float32) if unit else None


def _chunks(items: Sequence[T], size: int = _ROWS_AT_ONCE) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
