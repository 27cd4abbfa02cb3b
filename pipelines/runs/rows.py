"""How a run lies in its file: the schema, and runs as rows. Recipes and versions are kept once each."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.runs.filter import dump
from pipelines.runs.measured import pack
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
        bytes integer not null default 0, measured blob not null
    );
    create index run_measured on run (kind, state, engine, model, began, measured);
    create index run_began on run (began);
    create index run_kind on run (kind, number);
    create index run_model on run (model, number);
    create index run_batch on run (batch);
    create index run_bytes on run (bytes);
    create index run_documents on run (documents);
    create index run_recipe on run (recipe);
    create table detail (
        run integer primary key references run (number) on delete cascade,
        inputs blob not null, outputs blob, versions text
    );
    create index detail_versions on detail (versions);
    create virtual table words using fts5 (told, named);
    """,
    """
    alter table run add column owner text not null default '';
    """,
)

_COLUMNS = (
    "run.id, kind, began, state, batch, origin, documents, question, body.text, summary, engine, model, seconds, "
    "numbers, error, name, note, starred, owner"
)
LISTED = f"select {_COLUMNS} from run left join body on body.id = run.recipe "  # noqa: S608 - ours

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
    recipe, summary, began = _body(db, begun.recipe), _summary(begun), time.time()
    row = (
        made, begun.batch or made, begun.kind, begun.origin, began, state, process,
        dump(list(begun.documents)), begun.question, recipe, summary, len(inputs), pack(began, {}), begun.owner,
    )  # fmt: skip
    number = db.execute(
        "insert into run (id, batch, kind, origin, began, state, process, documents, question, recipe, summary, bytes, "
        "measured, owner) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    numbers = _finite(ended.numbers)
    (began,) = db.execute("select began from run where number = ?", (number,)).fetchone()
    db.execute(
        "update run set state = ?, engine = ?, model = ?, seconds = ?, numbers = ?, error = ?, bytes = bytes + ?, "
        "measured = ? where number = ?",
        (ended.state, ended.engine, ended.model, ended.seconds, dump(numbers), ended.error, len(outputs),
         pack(began, numbers), number),
    )  # fmt: skip
    db.execute("update detail set outputs = ?, versions = ? where run = ?", (outputs, made_by, number))
    said = str(ended.outputs.get("answer") or ended.outputs.get("text") or "")[:_TOLD]
    db.execute("update words set told = told || ' ' || ? where rowid = ?", (f"{ended.model} {said}", number))


def delete(db: sqlite3.Connection, runs: Sequence[str]) -> None:
    """Forget runs, and texts that no other run shares."""
    given = dump(list(runs))
    those = "(select number from run where id in (select value from json_each(?)))"
    shared = f"select recipe from run where number in {those} union select versions from detail where run in {those}"  # noqa: S608
    bodies = dump([name for (name,) in db.execute(shared, (given, given))])
    db.execute(f"delete from words where rowid in {those}", (given,))  # noqa: S608
    db.execute("delete from run where id in (select value from json_each(?))", (given,))
    db.execute(
        "delete from body where id in (select value from json_each(?)) "
        "and not exists (select 1 from run where recipe = body.id) "
        "and not exists (select 1 from detail where versions = body.id)",
        (bodies,),
    )


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """Those that are numbers: what is divided by nothing is not known, and no JSON that SQLite reads."""
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def _body(db: sqlite3.Connection, text: str) -> str:
    """The id of a text that many runs share, kept once."""
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
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
     error, name, note, starred, owner) = row  # fmt: skip
    return Run(
        made, kind, when, state, batch, origin, tuple(json.loads(documents)), question, recipe or "", summary, engine,
        model, seconds, json.loads(numbers), error, name, note, bool(starred), owner,
    )  # fmt: skip


def packed(data: Mapping[str, Any]) -> bytes:
    """Plain data, compressed; halves of characters stay what they are."""
    return zlib.compress(dump(dict(data)).encode("utf-8", "surrogatepass"))


def unpacked(data: bytes | None) -> dict[str, Any]:
    """What :func:`packed` made; nothing is an empty one."""
    return dict(json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))) if data else {}
