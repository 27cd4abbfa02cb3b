"""Runs in SQLite: what :meth:`Runs.begin`, :meth:`Runs.end` or :meth:`Runs.add` has returned from is on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from pipelines.database import Database
from pipelines.errors import UsageError
from pipelines.runs.filter import Filter, dump
from pipelines.runs.measured import QUERY, Group, groups
from pipelines.runs.process import alive, this_process
from pipelines.runs.rows import LISTED, MIGRATIONS, PRUNABLE, delete, finish, insert, run_of, unpacked
from pipelines.runs.run import Begun, Details, Ended, Run


class Runs:
    """The file of runs; every method may be called from any thread, and several processes share the file.

    Args:
        path: The SQLite file, created where it is missing; None: in memory, gone with the process.
        most_bytes: What inputs and outputs may take; when there is more, the oldest runs go that nobody has named,
            starred or noted. 0: no limit.

    Raises:
        StoreError: the file is damaged, locked for too long, or from a newer version of the app. Every method that
            writes raises it too when the disk is full; what was written before stays.
    """

    def __init__(self, path: str | Path | None, most_bytes: int = 0) -> None:
        self._db = Database(None if path is None else Path(path), MIGRATIONS, "The runs")
        self._most_bytes = most_bytes
        self._process = this_process()
        self._user: str | None = None

    def seen_by(self, user: str | None) -> Runs:
        """The same runs as a person sees them: everybody's, and their own. None: all of them."""
        seen = copy(self)
        seen._user = user
        return seen

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    # writing -----------------------------------------------------------------------------------------

    def begin(self, begun: Begun) -> str:
        """Keep a run that is under way; returns its id."""
        with self._db.transaction() as db:
            return insert(db, begun, "running", self._process)[0]

    def end(self, run: str, ended: Ended) -> None:
        """Keep how a run ended; one that was deleted meanwhile stays deleted."""
        with self._db.transaction() as db:
            found = db.execute("select number from run where id = ?", (run,)).fetchone()
            if found:
                finish(db, found[0], ended)
        self._fit()

    def add(self, begun: Begun, ended: Ended) -> str:
        """Keep a run that has ended already; returns its id."""
        with self._db.transaction() as db:
            made, number = insert(db, begun, ended.state, self._process)
            finish(db, number, ended)
        self._fit()
        return made

    def change(self, run: str, *, name: str | None = None, note: str | None = None, starred: bool | None = None) -> Run:
        """Name, note or star a run; None leaves it as it is. Raises UsageError: there is no such run."""
        now = self.get(run)
        name, note = _line(now.name if name is None else name), now.note if note is None else note.strip()
        with self._db.transaction() as db:
            db.execute(
                "update run set name = ?, note = ?, starred = ? where id = ?",
                (name, note, now.starred if starred is None else starred, now.id),
            )
            db.execute(
                "update words set named = ? where rowid = (select number from run where id = ?)",
                (f"{name} {note}", now.id),
            )
        return self.get(now.id)

    def delete(self, runs: Sequence[str]) -> None:
        """Forget runs, of those that are seen."""
        if not runs:
            return
        where, values = self._seen(Filter(ids=tuple(runs))).sql()
        with self._db.transaction() as db:
            delete(db, [run for (run,) in db.execute(f"select id from run {where}", values)])  # noqa: S608

    def prune(self, most_bytes: int | None = None, before: float | None = None) -> list[Run]:
        """Delete the oldest runs that nobody has named, starred or noted, and that are not under way.

        Args:
            most_bytes: Until inputs and outputs of all runs take no more; None: no limit.
            before: And all that began before, in seconds since 1970.

        Returns:
            What was deleted, the oldest first.
        """
        over = 0 if most_bytes is None else self.size() - most_bytes
        gone: list[str] = []
        with self._db.transaction() as db:  # a star given meanwhile counts
            for run, began, size in db.execute(PRUNABLE):
                if over > 0 or (before is not None and began < before):
                    gone.append(run)
                    over -= size
                elif before is None:
                    break
            those = "where run.id in (select value from json_each(?)) order by number"
            found = db.execute(LISTED + those, (dump(gone),)).fetchall()
            delete(db, gone)
        return [run_of(row) for row in found]

    def compact(self) -> None:
        """Give the space of deleted runs back to the disk."""
        self._db.compact()

    def interrupt(self) -> list[Run]:
        """Mark runs as interrupted whose process has ended without a word; returns them, the newest first."""
        owners = [process for (process,) in self._db.rows("select distinct process from run where state = 'running'")]
        dead = [process for process in owners if not alive(process)]
        query = "select id from run where state = 'running' and process = ?"
        cut = [run for process in dead for (run,) in self._db.rows(query, process)]
        with self._db.transaction() as db:
            for run in cut:
                db.execute("update run set state = 'interrupted' where id = ? and state = 'running'", (run,))
        return sorted((self.get(run) for run in cut), key=lambda run: -run.when)

    def _fit(self) -> None:
        if self._most_bytes and self.size() > self._most_bytes:
            self.prune(int(self._most_bytes * 0.9))  # not again with the next run

    # reading -----------------------------------------------------------------------------------------

    def get(self, run: str) -> Run:
        """One run. Raises UsageError: there is none of that id, or several begin so."""
        found = self.find(Filter(ids=(run,)), 1)
        if not found and run:
            found = self.find(Filter(id_begins=run), 2)
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"Several runs begin with {run!r}.", "Give more of its id.")
        raise UsageError(f"There is no run {run!r}.", "playground runs list shows them.")

    def details(self, run: str) -> Details:
        """What only an opened run shows. Raises UsageError: there is no such run."""
        query = (
            "select inputs, outputs, body.text from detail join run on run.number = detail.run "
            "left join body on body.id = detail.versions where run.id = ?"
        )
        inputs, outputs, made_by = self._db.rows(query, self.get(run).id)[0]
        return Details(unpacked(inputs), unpacked(outputs), json.loads(made_by or "{}"))

    def find(self, which: Filter | None = None, limit: int = 50, offset: int = 0) -> list[Run]:
        """Runs, the newest first."""
        where, values = self._seen(which).sql()
        query = f"{LISTED}{where}order by number desc limit ? offset ?"
        return [run_of(row) for row in self._db.rows(query, *values, limit, offset)]

    def count(self, which: Filter | None = None) -> int:
        """How many runs there are."""
        where, values = self._seen(which).sql()
        return int(self._db.rows(f"select count(*) from run {where}", *values)[0][0])  # noqa: S608

    def values(self, column: str) -> list[str]:
        """What a column holds, sorted: models, documents."""
        assert column in ("documents", "model", "kind", "state", "origin")
        where, given = self._seen(None).sql()
        known = [value for (value,) in self._db.rows(f"select distinct {column} from run {where}", *given) if value]  # noqa: S608
        return sorted({name for text in known for name in json.loads(text)} if column == "documents" else known)

    def _seen(self, which: Filter | None) -> Filter:
        which = which or Filter()
        return which if self._user is None else replace(which, seen_by=self._user)

    def measured(self, since: float = 0.0) -> list[Group]:
        """What monitoring reads of the runs that began since (in seconds since 1970) and have ended."""
        return groups(self._db.rows(QUERY, since))

    def size(self) -> int:
        """Bytes that inputs and outputs of all runs take."""
        return int(self._db.rows("select coalesce(sum(bytes), 0) from run")[0][0])


def _line(text: str) -> str:
    return " ".join(text.split())[:120]
