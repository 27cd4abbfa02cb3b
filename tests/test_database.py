"""One SQLite file: migrations all or nothing, and whatever is wrong with the file is a message that names it."""

import os
import sqlite3
import subprocess
import sys
from threading import Thread

import pytest

from pipelines import database
from pipelines.catalog import MIGRATIONS as CATALOG
from pipelines.catalog import Catalog
from pipelines.database import Database
from pipelines.errors import StoreError

FIRST = "create table t (a text not null); create index t_a on t (a);"
SECOND = "alter table t add column b integer not null default 7;"


def open_file(path, *migrations):
    return Database(path, migrations or (FIRST,), "The things")


def insert(db, text):
    with db.transaction() as writing:
        writing.execute("insert into t (a) values (?)", (text,))


def test_a_file_grows_step_by_step_and_keeps_what_it_holds(tmp_path):
    path = tmp_path / "folder" / "x.sqlite"
    first = open_file(path)
    insert(first, "kept")
    first.close()
    second = open_file(path, FIRST, SECOND)
    assert second.rows("select a, b from t") == [("kept", 7)]
    assert second.rows("pragma user_version") == [(2,)]
    second.close()


def test_a_migration_that_breaks_changes_nothing(tmp_path):
    path = tmp_path / "x.sqlite"
    first = open_file(path)
    insert(first, "kept")
    first.close()
    with pytest.raises(StoreError, match=r"The things in .*x\.sqlite"):
        open_file(path, FIRST, SECOND, "create table u (x); insert into nowhere values (1)")
    again = open_file(path)
    assert again.rows("select * from t") == [("kept",)]
    assert again.rows("select name from sqlite_master where type = 'table'") == [("t",)]
    again.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "x.sqlite"
    open_file(path, FIRST, SECOND).close()
    with pytest.raises(StoreError, match="newer version") as told:
        open_file(path, FIRST)
    assert "Update" in told.value.fix
    open_file(path, FIRST, SECOND).close()


def test_the_table_of_contents_grows_from_its_first_schema(tmp_path):
    path = tmp_path / "library.db"
    first = Database(path, CATALOG[:1], "The table of contents")
    with first.transaction() as db:
        health = (
            '{"pages": 1, "words": 5, "pages_without_text": 0, "garbled_pages": 0, "encrypted": false, "notes": []}'
        )
        db.execute("insert into document values ('sha', 'a.pdf', 'pdf', ?, '', 1)", (health,))
    first.close()
    catalog = Catalog(path)
    (entry,) = catalog.entries()
    assert (entry.name, entry.file, entry.health.words) == ("a.pdf", "sha", 5)
    catalog.close()


def test_all_of_a_transaction_or_none(tmp_path):
    db = open_file(tmp_path / "x.sqlite")

    def breaks():
        with db.transaction() as writing:
            writing.execute("insert into t values ('lost')")
            raise KeyError

    with pytest.raises(KeyError):
        breaks()
    insert(db, "kept")
    assert db.rows("select * from t") == [("kept",)]
    db.close()


def test_halves_of_characters_are_kept_as_the_mark_for_that(tmp_path):
    db = open_file(tmp_path / "x.sqlite")
    insert(db, "a\ud800b\0c 😀")
    assert db.rows("select * from t") == [("a\ufffdb\0c 😀",)]
    assert db.rows("select count(*) from t where a = ?", "a\udfffb\0c 😀") == [(1,)]
    db.close()


def test_in_memory():
    one, two = open_file(None), open_file(None)
    insert(one, "mine")
    assert one.rows("select * from t") == [("mine",)]
    assert two.rows("select * from t") == []
    one.close()
    two.close()


# files that cannot be used ------------------------------------------------------------------------------


def test_a_damaged_file_is_named_with_the_way_out(tmp_path):
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"this is no database, " * 300)
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be used: it is damaged") as told:
        open_file(path)
    assert "Move the file away" in told.value.fix
    assert path.read_bytes().startswith(b"this is no database")


def test_damage_in_the_middle_is_told_when_it_is_met(tmp_path):
    path = tmp_path / "x.sqlite"
    db = open_file(path)
    for n in range(300):
        insert(db, f"{n} " * 200)
    db.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(os.urandom(size // 3))
    db = open_file(path)
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be used"):
        db.rows("select sum(length(a)) from t")
    db.close()


def test_a_folder_where_the_file_should_be(tmp_path):
    (tmp_path / "x.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be used: unable to open"):
        open_file(tmp_path / "x.sqlite")


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be used: (File exists|Not a directory)"):
        open_file(tmp_path / "data" / "x.sqlite")


AS_NOBODY = """
import os, sys
from pathlib import Path
from pipelines.database import Database
from pipelines.errors import StoreError
if os.geteuid() == 0:
    os.setuid(65534)
try:
    Database(Path(sys.argv[1]), ("create table t (a text);",), "The things")
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_cannot_be_written(tmp_path, there):
    folder = tmp_path / "data"
    folder.mkdir()
    if there:
        open_file(folder / "x.sqlite").close()
        (folder / "x.sqlite").chmod(0o444)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder / "x.sqlite")], capture_output=True, text=True, check=False
    )
    folder.chmod(0o755)
    assert "x.sqlite cannot be used" in done.stdout, done.stderr
    assert "can be written" in done.stdout


def test_another_program_that_holds_it_for_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE_S", 0.1)
    path = tmp_path / "x.sqlite"
    db = open_file(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreError, match="another program is writing"):
        insert(db, "x")
    other.execute("rollback")
    insert(db, "y")
    assert db.rows("select * from t") == [("y",)]
    other.close()
    db.close()


def test_no_more_room_loses_nothing_that_was_kept(tmp_path):
    db = open_file(tmp_path / "x.sqlite")
    insert(db, "kept")
    db.rows("pragma max_page_count = 8")
    with pytest.raises(StoreError, match="the disk is full") as told:
        insert(db, "x" * 100_000)
    assert "Free some space" in told.value.fix
    db.rows("pragma max_page_count = 100000")
    insert(db, "again")
    assert db.rows("select a from t") == [("kept",), ("again",)]
    assert db.rows("pragma integrity_check") == [("ok",)]
    db.close()


def test_many_threads(tmp_path):
    db = open_file(tmp_path / "x.sqlite")
    threads = [Thread(target=lambda: [insert(db, "x") for _ in range(30)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.rows("select count(*) from t") == [(180,)]
    db.close()
