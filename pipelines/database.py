"""One SQLite file as this app uses it: write-ahead log, append-only migrations, errors a person can mend.

A transaction that has ended is on disk: write-ahead logging with ``synchronous = full`` survives a killed process and
a lost power supply, and lets two processes write in turn. A schema only ever grows: its migrations are append-only,
and a file remembers how many it has seen (``pragma user_version``); they are run in one transaction, so that a
process killed meanwhile leaves the old schema or the new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from pipelines.errors import StoreError

#: Seconds to wait for another writer.
_PATIENCE_S = 10


class Database:
    """One open file; every method may be called from any thread.

    Args:
        path: The SQLite file, created where it is missing.
        migrations: The schema, step by step; statements are parted by semicolons.
        what: What is in it, for messages ("The conversations").

    Raises:
        StoreError: the file is damaged, locked for too long, or from a newer version of the app.
    """

    def __init__(self, path: Path, migrations: Sequence[str], what: str) -> None:
        self.path, self._what = path, what
        self._lock = RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._mendable():
            self._db = sqlite3.connect(path, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None)
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
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                said, fix = "the disk is full", "Free some space; what was kept before is still there."
            else:
                said, fix = str(error), "Close other programs that use it, or move the file away to start afresh."
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
