"""How a run lies in its file: the schema, and runs as rows. Recipes and versions are kept once each."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.runs.filter import dump
from pipelines.runs.run import DECIDING, Begun, Ended, Kind, Run
from pipelines.runs.versions import versions

#: Append only: a released entry is never edited.
MIGRATIONS: tuple[str, ...] = (
    """
    create table body (id text primary key, text text not null);
    create table run (
        number integer primary key autoincrement,
        id text not null unique, batch text not null, kind text not null, origin text not null,
        began real not null, state text not null, process text not null,
        documents text not null, question text not null, recipe text not null, summary text not null,
        engine text not null default '', model text not null default '',
        seconds real, numbers text not null default '{}', error text not null default '',
        name text not null default '', note text not null default '', starred integer not null default 0,
        bytes integer not null default 0
    );
    create index run_kind on run (kind, number);
    create index run_model on run (model, number);
    create index run_batch on run (batch);
    create index run_bytes on run (bytes);
    create index run_documents on run (documents);
    create table detail (
        run integer primary key references run (number) on delete cascade,
        inputs blob not null, outputs blob, versions text
    );
    create virtual table words using fts5 (told, named);
    """,
)

_COLUMNS = (
    "run.id, kind, began, state, batch, origin, documents, question, body.text, summary, engine, model, seconds, "
    "numbers, error, name, note, starred"
)
LISTED = f"select {_COLUMNS} from run left join body on body.id = run.recipe "  # noqa: S608 - ours

#: Texts that no run shares any more.
UNSHARED = "delete from body where id not in (select recipe from run union select coalesce(versions, '') from detail)"

#: What may be deleted to make room, the oldest first.
PRUNABLE = (
    "select id, began, bytes from run where name = '' and note = '' and not starred and state != 'running' "
    "order by number"
)

#: Sections that are told of each kind of run; others only where they differ from the standard recipe.
_ALWAYS: Mapping[Kind, tuple[str, ...]] = {
    "ask": ("retriever", "answer"),
    "search": ("retriever",),
    "chunk": ("chunker",),
    "sample": ("sampling",),
    "read": ("reader",),
    "evaluate": ("chunker", "retriever"),
    "index": ("chunker", "embedder"),
}

#: Sections that say little in a few words.
_UNSAID = ("prompt", "model")

#: Characters of an answer that can be searched for.
_TOLD = 4000


def insert(db: sqlite3.Connection, begun: Begun, state: str, process: str) -> tuple[str, int]:
    """Write a run that begins; returns its id and its number."""
    made, inputs = uuid4().hex[:12], packed(begun.inputs)
    recipe, summary = _body(db, begun.recipe), _summary(begun)
    row = (
        made, begun.batch or made, begun.kind, begun.origin, time.time(), state, process,
        dump(list(begun.documents)), begun.question, recipe, summary, len(inputs),
    )  # fmt: skip
    number = db.execute(
        "insert into run (id, batch, kind, origin, began, state, process, documents, question, recipe, summary, bytes) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    ).lastrowid
    assert number is not None
    db.execute("insert into detail (run, inputs) values (?, ?)", (number, inputs))
    told = " ".join((begun.question, *begun.documents, summary))
    db.execute("insert into words (rowid, told, named) values (?, ?, '')", (number, told))
    return made, number


def finish(db: sqlite3.Connection, number: int, ended: Ended) -> None:
    """Write how a run ended."""
    outputs = packed(ended.outputs)
    made_by = _body(db, dump(versions(ended.engine, ended.engine_version, ended.digest)))
    db.execute(
        "update run set state = ?, engine = ?, model = ?, seconds = ?, numbers = ?, error = ?, bytes = bytes + ? "
        "where number = ?",
        (ended.state, ended.engine, ended.model, ended.seconds, dump(dict(ended.numbers)), ended.error,
         len(outputs), number),
    )  # fmt: skip
    db.execute("update detail set outputs = ?, versions = ? where run = ?", (outputs, made_by, number))
    said = str(ended.outputs.get("answer") or ended.outputs.get("text") or "")[:_TOLD]
    db.execute("update words set told = told || ' ' || ? where rowid = ?", (f"{ended.model} {said}", number))


def _body(db: sqlite3.Connection, text: str) -> str:
    """The id of a text that many runs share, kept once."""
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    db.execute("insert or ignore into body values (?, ?)", (name, text))
    return name


def _summary(begun: Begun) -> str:
    try:
        recipe = Recipe.from_json(begun.recipe) if begun.recipe else None
    except UsageError:
        return ""
    if recipe is None:
        return ""
    changed = {name.partition(".")[0] for name in Recipe().diff(recipe)}
    always, decides = _ALWAYS[begun.kind], DECIDING[begun.kind]
    return recipe.summary([one for one in decides if one in always or (one in changed and one not in _UNSAID)])


def run_of(row: tuple[Any, ...]) -> Run:
    """A row of :data:`LISTED` as a value."""
    (made, kind, when, state, batch, origin, documents, question, recipe, summary, engine, model, seconds, numbers,
     error, name, note, starred) = row  # fmt: skip
    return Run(
        made, kind, when, state, batch, origin, tuple(json.loads(documents)), question, recipe or "", summary, engine,
        model, seconds, json.loads(numbers), error, name, note, bool(starred),
    )  # fmt: skip


def packed(data: Mapping[str, Any]) -> bytes:
    """Plain data, compressed."""
    return zlib.compress(dump(dict(data)).encode())


def unpacked(data: bytes | None) -> dict[str, Any]:
    """What :func:`packed` made; nothing is an empty one."""
    return dict(json.loads(zlib.decompress(data))) if data else {}
