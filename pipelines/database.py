"""One SQLite file as this app uses it: write-ahead log, append-only migrations, errors a person can mend.

A transaction that has ended is on disk: write-ahead logging with ``synchronous = full`` survives a killed process and
a lost power supply, and lets two processes write in turn. A schema only ever grows: its migrations are append-only,
and a file remembers how many it has seen (``pragma user_version``); they are run in one transaction, so that a
process killed meanwhile leaves the old schema or the new one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from pipelines.errors import StoreError

#: Seconds to wait for another writer.
_PATIENCE_S = 10

#: Halves of a character, as broken PDFs, file names and models give them: no text that SQLite takes.
_HALVES = re.compile("[\ud800-\udfff]")


class _Connection(sqlite3.Connection):
    """Takes any text of Python; what is no character is kept as the mark for that (U+FFFD)."""

    def execute(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:  # type: ignore[override]
        return super().execute(query, [_HALVES.sub("\ufffd", v) if isinstance(v, str) else v for v in values])


class Database:
    """One open file; every method may be called from any thread.

    Args:
        path: The SQLite file, created where it is missing; None: in memory, gone with the process.
        migrations: The schema, step by step; statements are parted by semicolons.
        what: What is in it, for messages ("The conversations").

    Raises:
        StoreError: the file is damaged, cannot be written, is locked for too long, or from a newer version of the app.
    """

    def __init__(self, path: Path | None, migrations: Sequence[str], what: str) -> None:
        self.path, self._what = path or ":memory:", what
        self._lock = RLock()
        with self._mendable():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self.path, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None, factory=_Connection
            )
        try:
            with self._mendable():
                for setting in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
                    self._db.execute(f"pragma {setting}")
            with self.transaction() as db:
                self._migrate(db, migrations)
        except BaseException:
            self._db.close()
            raise

    def _migrate(self, db: sqlite3.Connection, migrations: Sequence[str]) -> None:
        seen = int(db.execute("pragma user_version").fetchone()[0])
        if seen > len(migrations):
            raise StoreError(f"{self.path} was written by a newer version of this app.", "Update the app.")
        for step in migrations[seen:]:
            for statement in filter(str.strip, step.split(";")):
                db.execute(statement)
        db.execute(f"pragma user_version = {len(migrations)}")

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        """Errors of SQLite become errors a person can mend."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            said, fix = _told(error)
            raise StoreError(f"{self._what} in {self.path} cannot be used: {said}.", fix) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: all of it is on disk when the block has ended, or none.

        Raises:
            StoreError: it could not be written.
        """
        with self._lock, self._mendable():
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds. Raises StoreError."""
        with self._lock, self._mendable():
            return self._db.execute(query, values).fetchall()

    def compact(self) -> None:
        """Give what was deleted back to the disk. Raises StoreError."""
        with self._lock, self._mendable():
            self._db.execute("vacuum")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()


def _told(error: sqlite3.Error | OSError) -> tuple[str, str]:
    """What is wrong with a file, and the way out."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells where in SQLite it was noticed
    match code:
        case sqlite3.SQLITE_FULL:
            return "the disk is full", "Free some space; what was kept before is still there."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program is writing to it", "Close that program, or try again."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return str(error), "Make sure that it is a file, and that it and its folder can be written."
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"it is damaged ({error})", "Move the file away, or put a copy of it back, and start again."
    said = error.strerror if isinstance(error, OSError) else str(error)
    return said or type(error).__name__, "Make sure that the folder can be written and the disk has room."
