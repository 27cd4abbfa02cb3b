"""Which runs are looked at, as a condition of SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipelines.runs.run import Kind, State


@dataclass(frozen=True)
class Filter:
    """All of its conditions hold; empty ones do not count."""

    kinds: tuple[Kind, ...] = ()
    states: tuple[State, ...] = ()
    model: str = ""
    document: str = ""
    text: str = ""  # each of its words begins a word of question, answer, document, model, recipe, name or note
    starred: bool = False
    batch: str = ""
    ids: tuple[str, ...] = ()
    id_begins: str = ""
    since: float | None = None  # seconds since 1970
    seen_by: str | None = None  # a person who sees everybody's runs and their own; None: one who sees all

    def sql(self) -> tuple[str, list[Any]]:
        """``where …`` with its values; an empty text where all runs are meant."""
        conditions: list[str] = []
        values: list[Any] = []
        for column, wanted in (("kind", self.kinds), ("state", self.states)):
            if wanted:
                conditions.append(f"{column} in ({', '.join('?' * len(wanted))})")
                values += wanted
        for column, value in (("model", self.model), ("batch", self.batch)):
            if value:
                conditions.append(f"{column} = ?")
                values.append(value)
        if self.ids:
            conditions.append("run.id in (select value from json_each(?))")
            values.append(dump(self.ids))
        if self.id_begins:
            conditions.append("substr(run.id, 1, ?) = ?")
            values += [len(self.id_begins), self.id_begins]
        if self.document:
            conditions.append("instr(documents, ?)")
            values.append(dump(self.document))
        if words := [word for word in self.text.replace("\0", " ").split() if any(map(str.isalnum, word))]:
            conditions.append("number in (select rowid from words where words match ?)")
            values.append(" ".join('"{}"*'.format(word.replace('"', '""')) for word in words))
        if self.starred:
            conditions.append("starred")
        if self.seen_by is not None:
            conditions.append("owner in ('', ?)")
            values.append(self.seen_by)
        if self.since is not None:
            conditions.append("began >= ?")
            values.append(self.since)
        return (f"where {' and '.join(conditions)} " if conditions else ""), values


def dump(value: Any) -> str:
    """As JSON, the way it is kept."""
    return json.dumps(value, ensure_ascii=False)
