"""Conversations in SQLite: written while an answer streams, so that a reload or a kill loses nothing."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.database import Database
from pipelines.errors import UsageError

Role = Literal["user", "assistant"]
State = Literal["running", "done", "stopped", "failed", "interrupted"]

#: Append only: a released entry is never edited.
MIGRATIONS: tuple[str, ...] = (
    """
    create table conversations (
        id text primary key, title text not null, created real not null, updated real not null
    );
    create table messages (
        id text primary key,
        conversation text not null references conversations(id) on delete cascade,
        position integer not null,
        role text not null, text text not null, state text not null, style text not null,
        recipe text not null, details text not null,
        created real not null, updated real not null,
        unique (conversation, position)
    );
    """,
    "alter table conversations add column owner text not null default ''",
)


@dataclass(frozen=True)
class Conversation:
    """One thread of questions and answers; times are seconds since 1970."""

    id: str
    title: str
    created: float
    updated: float
    messages: int = 0
    owner: str = ""  # who began it, where people sign in


@dataclass(frozen=True)
class StoredMessage:
    """One question or answer. ``details`` holds hits, citations, stats and meter of an answer."""

    id: str
    conversation: str
    role: Role
    text: str
    state: State = "done"
    style: str = ""
    recipe: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
    updated: float = 0.0


_COLUMNS = "id, conversation, role, text, state, style, recipe, details, created, updated"
_LISTED = (
    "select c.id, c.title, c.created, c.updated, count(m.id), c.owner from conversations c "
    "left join messages m on m.conversation = c.id "
)


class Conversations:
    """The file of conversations; every method may be called from any thread.

    Args:
        path: The SQLite file, created where it is missing.

    Raises:
        StoreError: the file is damaged, locked for too long, or from a newer version of the app.
    """

    def __init__(self, path: str | Path) -> None:
        self._db = Database(Path(path), MIGRATIONS, "The conversations")

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    # conversations ---------------------------------------------------------------------------------

    def create(self, title: str = "", owner: str = "") -> Conversation:
        """A new, empty conversation."""
        now = time.time()
        made = Conversation(uuid.uuid4().hex, _clean_title(title), now, now, owner=owner)
        query = "insert into conversations (id, title, created, updated, owner) values (?, ?, ?, ?, ?)"
        with self._db.transaction() as db:
            db.execute(query, (made.id, made.title, now, now, owner))
        return made

    def all(self, owner: str | None = None) -> list[Conversation]:
        """The conversations of somebody (None: of everybody), the one touched last first."""
        found = self._db.rows(
            _LISTED + "where ? is null or c.owner = ? group by c.id order by c.updated desc, c.id", owner, owner
        )
        return [Conversation(*row) for row in found]

    def get(self, conversation: str, owner: str | None = None) -> Conversation:
        """One conversation. Raises UsageError: none of that id, or another person's than ``owner`` (None: anybody)."""
        found = self._db.rows(_LISTED + "where c.id = ? group by c.id", conversation)
        if not found or owner not in (None, found[0][-1]):
            raise UsageError("That conversation does not exist any more.", "Pick another, or start one.")
        return Conversation(*found[0])

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation another title."""
        self.get(conversation)
        with self._db.transaction() as db:
            db.execute("update conversations set title = ? where id = ?", (_clean_title(title), conversation))

    def delete(self, conversation: str) -> None:
        """Forget a conversation and its messages."""
        self.get(conversation)
        with self._db.transaction() as db:
            db.execute("delete from conversations where id = ?", (conversation,))

    # messages --------------------------------------------------------------------------------------

    def messages(self, conversation: str) -> list[StoredMessage]:
        """The messages of a conversation, in order."""
        query = f"select {_COLUMNS} from messages where conversation = ? order by position"  # noqa: S608
        return [_message(row) for row in self._db.rows(query, conversation)]

    def find(self, message: str) -> StoredMessage | None:
        """One message, or None where it is gone."""
        query = f"select {_COLUMNS} from messages where id = ?"  # noqa: S608
        return next((_message(row) for row in self._db.rows(query, message)), None)

    def add(
        self,
        conversation: str,
        role: Role,
        text: str,
        *,
        state: State = "done",
        style: str = "",
        recipe: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> StoredMessage:
        """Append a message. The first question of a conversation without a title becomes its title."""
        now = time.time()
        made = StoredMessage(
            uuid.uuid4().hex, conversation, role, text, state, style, recipe, dict(details or {}), now, now
        )
        query = (
            "insert into messages select ?, ?, coalesce(max(position), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? "
            "from messages where conversation = ?"
        )
        row = (made.id, conversation, role, text, state, style, recipe, _dump(details), now, now)
        self.get(conversation)
        with self._db.transaction() as db:
            db.execute(query, (*row, conversation))
            db.execute("update conversations set updated = ? where id = ?", (now, conversation))
            if role == "user":
                titled = "update conversations set title = ? where id = ? and title = ''"
                db.execute(titled, (_clean_title(text), conversation))
        return made

    def update(
        self,
        message: str,
        *,
        text: str,
        state: State,
        style: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what is known of an answer so far; a message deleted meanwhile stays deleted."""
        query = "update messages set text = ?, state = ?, style = ?, details = ?, updated = ? where id = ?"
        with self._db.transaction() as db:
            db.execute(query, (text, state, style, _dump(details), time.time(), message))

    def cut(self, conversation: str, message: str) -> None:
        """Drop a message and all that follow it (to ask again, or to edit a question)."""
        query = (
            "delete from messages where conversation = ? and position >= "
            "(select position from messages where id = ? and conversation = ?)"
        )
        with self._db.transaction() as db:
            db.execute(query, (conversation, message, conversation))

    def interrupt(self) -> int:
        """Mark answers that a killed process left running; returns how many. Called once, at the start."""
        with self._db.transaction() as db:
            return db.execute("update messages set state = 'interrupted' where state = 'running'").rowcount


def _message(row: tuple[Any, ...]) -> StoredMessage:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return StoredMessage(**{**values, "details": json.loads(values["details"])})


def _dump(details: Mapping[str, Any] | None) -> str:
    return json.dumps(dict(details or {}), ensure_ascii=False)


def _clean_title(text: str) -> str:
    """One line of at most 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"
