"""Kill -9 at any moment: the next start opens, says what was cut off, and nothing that was confirmed is missing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from pipelines.database import Database
from pipelines.errors import StoreError
from pipelines.runs.filter import Filter
from pipelines.settings import Settings
from playground.services import Services

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: Rounds at least, and at most; in between until enough was confirmed and enough was cut off to tell anything.
LEAST, MOST = 6, 60

#: Imports everything once, then works in a fork for each line it reads. What it prints has been confirmed.
APP = """
import os, sys
from pathlib import Path
import pipelines.library, pipelines.embedding.builtin, llama_index.core.schema, qdrant_edge, onnxruntime
from pipelines.recipe import Recipe
from pipelines.settings import Settings
from playground.services import Services, Upload

def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())

def confirming(call, word):
    def confirmed(run, *rest):
        made = call(run, *rest)
        say(word, made or run)
        return made
    return confirmed

def work(data, number):
    services = Services.open(Settings(data_dir=Path(data), models_dir=Path(data) / "models", offline=True,
                                      ollama_host="127.0.0.1:9"))
    services.runs.begin = confirming(services.runs.begin, "begun")
    services.runs.end = confirming(services.runs.end, "ended")
    say("open")
    chat = services.conversations.create().id
    for turn in range(1000):
        name = f"note-{number}-{turn}.md"
        path = Path(data).parent / name
        path.write_text("".join(f"Line {n} of zebra{number}x{turn} tells of gulls and tides.\\n\\n" for n in range(40)))
        job = services.jobs.wait(services.add([Upload(path, name)], Recipe()))
        if job.outcomes and job.outcomes[0].status == "indexed":
            say("document", name)
        question = f"What does zebra{number}x{turn} tell?"
        message = services.ask(chat, question, Recipe(), None)
        for last in services.answers.follow(message):
            pass
        say("answer", message)

for line in sys.stdin:
    data, number = line.split()
    child = os.fork()
    if not child:
        try:
            work(data, number)
        except BaseException as error:
            say("broke", repr(error))
        finally:
            os._exit(1)
    say("child", str(child))
    os.waitpid(child, 0)
    say("gone")
"""


class App:
    """The process that is killed again and again, and what it has confirmed."""

    def __init__(self, data):
        self._data = data
        self._process = subprocess.Popen([sys.executable, "-c", APP], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.confirmed = {word: [] for word in ("begun", "ended", "document", "answer")}

    def live_and_die(self, number, seconds):
        """Work for so long after the data folder is open, then be killed."""
        self._process.stdin.write(f"{self._data} {number}\n".encode())
        self._process.stdin.flush()
        word, child = self._line()
        while word != "child":
            assert word != "broke", child
            word, child = self._line()
        while (line := self._line())[0] != "open":
            assert line[0] not in ("gone", "broke"), line
        time.sleep(seconds)
        os.kill(int(child), signal.SIGKILL)
        while (line := self._line())[0] != "gone":
            assert line[0] != "broke", line
            self.confirmed[line[0]].append(line[1])

    def _line(self):
        word, _, rest = self._process.stdout.readline().decode().strip().partition(" ")
        assert word, "the process ended by itself"
        return word, rest

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)


def check(data, confirmed):
    """Open the folder as the next start does; returns how many runs had been cut off."""
    for name in ("runs.sqlite", "conversations.sqlite", "library.db"):
        with closing(sqlite3.connect(data / name)) as db:
            assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
    services = Services.open(
        Settings(data_dir=data, models_dir=data / "models", offline=True, ollama_host="127.0.0.1:9")
    )
    try:
        cut = services.runs.count(Filter(states=("interrupted",)))
        assert services.runs.count(Filter(states=("running",))) == 0
        for run in confirmed["begun"]:
            assert services.runs.get(run).state in ("done", "interrupted", "stopped")
        for run in confirmed["ended"]:
            assert services.runs.get(run).state == "done"
            assert services.runs.details(run).outputs
        documents = {one.document: one for one in services.library.documents()}
        assert set(confirmed["document"]) <= set(documents)
        for name in confirmed["document"][-3:]:
            word = "zebra" + name.removeprefix("note-").removesuffix(".md").replace("-", "x")
            assert name in {hit.document for hit in services.library.search(f"{word} gulls").hits}
            assert services.library.document(name).text.count(word) == 40
            assert documents[name].chunks > 0
        for message in confirmed["answer"]:
            assert services.conversations.find(message).state == "done"
        for chat in services.conversations.all():
            assert all(one.state != "running" for one in services.conversations.messages(chat.id))
        return cut, services.notices.all()
    finally:
        services.close()


def test_the_app_is_killed_again_and_again(tmp_path):
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    data, told = tmp_path / "data", 0
    app = App(data)
    try:
        for number in range(MOST):
            if number >= LEAST and told >= 4 and len(app.confirmed["answer"]) >= 4:
                break
            app.live_and_die(number, draw.uniform(0, draw.choice((0.3, 1.5, 3))))
            before, (cut, notices) = told, check(data, app.confirmed)
            assert (cut > before) == bool(notices), f"seed {seed}"
            if notices:
                assert notices[0].title == "Cut off before the end"
                assert any(word in notices[0].lines[0] for word in ("Indexing note-", "Answering What does"))
            told = cut
    finally:
        app.close()
    assert app.confirmed["answer"], f"seed {seed}: it had no time to confirm anything"
    assert told, f"seed {seed}: nothing was ever cut off"


OLD = "create table t (n integer, a text);"
NEW = """
create table u (n integer, a text); insert into u select n * 2, a || a from t; create index u_a on u (a);
drop table t; alter table u add column b text not null default 'new'
"""
STEPS = (OLD, NEW)

MIGRATES = f"""
import os, sys
from pathlib import Path
from pipelines.database import Database
os.write(1, b"go")
Database(Path(sys.argv[1]), {STEPS!r}, "The things")
os.write(1, b"done")
"""


def test_a_migration_is_killed_again_and_again(tmp_path):
    """The old schema with all it held, or the new one."""
    rows, ended, number = 60_000, {1: 0, 2: 0}, 0
    while min(ended.values()) < 4 and number < MOST:
        path, number = tmp_path / f"{number}.sqlite", number + 1
        old = Database(path, STEPS[:1], "The things")
        with old.transaction() as db:
            db.execute(
                "with recursive n(n) as (select 1 union all select n + 1 from n where n < ?) "
                "insert into t select n, 'row ' || n from n",
                (rows,),
            )
        old.close()
        process = subprocess.Popen([sys.executable, "-c", MIGRATES, str(path)], stdout=subprocess.PIPE)
        process.stdout.read(2)
        time.sleep(random.uniform(0, 0.05 if ended[1] < ended[2] else 0.4))
        process.kill()
        done = process.communicate()[0] == b"done"
        with closing(sqlite3.connect(path)) as db:
            (seen,) = db.execute("pragma user_version").fetchone()
            tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
            assert (seen, tables) in ((1, {"t"}), (2, {"u"}))
            assert db.execute(f"select count(*) from {tables.pop()}").fetchone() == (rows,)
            assert seen == 2 or not done
        ended[seen] += 1
        new = Database(path, STEPS, "The things")  # and the next start goes on
        assert new.rows("select count(*), min(b), sum(n) from u") == [(rows, "new", rows * (rows + 1))]
        new.close()
        path.unlink()
    assert ended[1], "nothing was ever cut off"


def test_the_app_starts_though_its_runs_are_damaged(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "runs.sqlite").write_bytes(b"no database at all " * 500)
    settings = Settings(data_dir=data, models_dir=data / "models", offline=True, ollama_host="127.0.0.1:9")
    services = Services.open(settings)
    (notice,) = services.notices.all()
    assert "runs.sqlite" in notice.lines[0]
    assert "Move the file away" in notice.lines[0]
    services.library.add_text("a.md", "Gulls like bread.")
    chat = services.conversations.create().id
    from pipelines.recipe import Recipe

    *_, last = services.answers.follow(services.ask(chat, "What do gulls like?", Recipe(), None))
    assert last.state == "done"
    assert services.runs.count() == 1  # until the app ends
    services.close()
    assert (data / "runs.sqlite").read_bytes().startswith(b"no database")


def test_a_damaged_library_ends_the_start_with_words_and_frees_the_folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    settings = Settings(data_dir=data, models_dir=data / "models", offline=True, ollama_host="127.0.0.1:9")
    for name in ("library.db", "conversations.sqlite"):
        (data / name).write_bytes(b"no database at all " * 500)
        with pytest.raises(StoreError, match=name):
            Services.open(settings)
        (data / name).unlink()
    Services.open(settings).close()
