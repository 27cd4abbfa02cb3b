"""What the library knows of its documents, in SQLite: names, health, and which collection holds them.

A document is in a collection only when its row in ``held`` says ``ready``; the row is written ``writing``
before the first vector and ``ready`` after the last, so a killed process leaves a trace to clean up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.database import Database
from pipelines.loading.document import Health

#: Append-only: a change of the schema is a new line, never an edited one.
MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE document (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, health TEXT NOT NULL,
        source TEXT NOT NULL, position INTEGER NOT NULL
    );
    CREATE TABLE held (
        collection TEXT NOT NULL, document_id TEXT NOT NULL, state TEXT NOT NULL,
        chunks INTEGER NOT NULL, seconds REAL NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (collection, document_id)
    );
    CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    """
    ALTER TABLE document ADD COLUMN file TEXT NOT NULL DEFAULT '';
    ALTER TABLE document ADD COLUMN reader TEXT NOT NULL DEFAULT '';
    UPDATE document SET file = id;
    """,
)


@dataclass(frozen=True)
class Entry:
    """A document of the library."""

    id: str
    name: str
    kind: str
    health: Health
    source: str = ""  # where it was read from; empty for uploads and text in memory
    file: str = ""  # sha256 of its bytes; empty: the id is
    reader: str = ""  # what read its pages without text, in a few words; empty: nothing did

    @property
    def bytes_id(self) -> str:
        """The sha256 of its bytes, whoever read them."""
        return self.file or self.id


@dataclass(frozen=True)
class Held:
    """A document in a collection."""

    chunks: int
    seconds: float
    note: str
    embedded: int = 0  # texts whose vector it took, told only by the run that indexed it
    cached: int = 0  # those of them that were known


class Catalog:
    """The library's table of contents. Safe to call from any thread."""

    def __init__(self, path: Path) -> None:
        self._db = Database(path, MIGRATIONS, "The table of contents")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # documents -------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """All documents, in the order they were added."""
        rows = self._db.rows("SELECT id, name, kind, health, source, file, reader FROM document ORDER BY position")
        return [Entry(id, name, kind, _health(text), *more) for id, name, kind, text, *more in rows]

    def put(self, entry: Entry) -> Entry | None:
        """Add a document, or put it in the place of the one of the same name, which is returned."""
        with self._db.transaction() as db:
            old = next((e for e in self.entries() if e.name == entry.name), None)
            last = db.execute("SELECT coalesce(max(position), 0) FROM document").fetchone()[0]
            position = last + 1
            if old is not None:
                row = db.execute("SELECT position FROM document WHERE name = ?", (entry.name,)).fetchone()
                position = row[0]
                db.execute("DELETE FROM document WHERE name = ?", (entry.name,))
            known = (entry.id, entry.name, entry.kind, json.dumps(asdict(entry.health)), entry.source, position)
            values = (*known, entry.bytes_id, entry.reader)
            db.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return old

    def drop(self, document_id: str) -> None:
        """Forget a document; its rows in collections stay until :meth:`release`."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM document WHERE id = ?", (document_id,))

    # collections -----------------------------------------------------------------------------------

    def begin(self, collection: str, document_id: str) -> None:
        """Note that vectors of a document are about to be written."""
        with self._db.transaction() as db:
            db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, 'writing', 0, 0, '')", (collection, document_id))

    def finish(self, collection: str, document_id: str, held: Held) -> None:
        """Note that all vectors of a document are in."""
        values = (collection, document_id, held.chunks, held.seconds, held.note)
        with self._db.transaction() as db:
            db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, 'ready', ?, ?, ?)", values)

    def release(self, collection: str, document_id: str) -> None:
        """Note that a collection no longer holds any vector of a document."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM held WHERE collection = ? AND document_id = ?", (collection, document_id))

    def held(self, collection: str) -> dict[str, Held]:
        """Documents completely in a collection, by id."""
        query = "SELECT document_id, chunks, seconds, note FROM held WHERE collection = ? AND state = 'ready'"
        return {i: Held(chunks, seconds, note) for i, chunks, seconds, note in self._db.rows(query, collection)}

    def collections_of(self, document_id: str) -> list[str]:
        """Collections that hold a document, wholly or in part."""
        return [c for (c,) in self._db.rows("SELECT collection FROM held WHERE document_id = ?", document_id)]

    def leftovers(self, collection: str) -> list[str]:
        """Ids of documents half-written to a collection, and of documents no longer known."""
        query = """SELECT document_id FROM held WHERE collection = ?
                   AND (state != 'ready' OR document_id NOT IN (SELECT id FROM document))"""
        return [i for (i,) in self._db.rows(query, collection)]

    def facts(self, prefix: str) -> Facts:
        """A persistent mapping of small texts, its keys kept apart from others' by a prefix."""
        return Facts(self._db, prefix)


class Facts(MutableMapping[str, str]):
    """Small facts about a collection, kept in the catalog."""

    def __init__(self, database: Database, prefix: str) -> None:
        self._db, self._prefix = database, prefix + ":"

    def __getitem__(self, key: str) -> str:
        rows = self._db.rows("SELECT value FROM fact WHERE key = ?", self._prefix + key)
        if not rows:
            raise KeyError(key)
        return str(rows[0][0])

    def __setitem__(self, key: str, value: str) -> None:
        with self._db.transaction() as db:
            db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (self._prefix + key, value))

    def __delitem__(self, key: str) -> None:
        self[key]
        with self._db.transaction() as db:
            db.execute("DELETE FROM fact WHERE key = ?", (self._prefix + key,))

    def __iter__(self) -> Iterator[str]:
        rows = self._db.rows("SELECT key FROM fact WHERE substr(key, 1, ?) = ?", len(self._prefix), self._prefix)
        return iter([key[len(self._prefix) :] for (key,) in rows])

    def __len__(self) -> int:
        return len(list(iter(self)))


def _health(text: str) -> Health:
    values = json.loads(text)
    return Health(**{**values, "notes": tuple(values["notes"])})
