"""Conversations on disk: what was confirmed is there after a kill; two writers do not lose each other's words."""

import signal
import sqlite3
import subprocess
import sys
from threading import Thread

import pytest

from pipelines.conversations import MIGRATIONS, Conversations
from pipelines.errors import StoreError, UsageError


@pytest.fixture
def store(tmp_path):
    kept = Conversations(tmp_path / "chats" / "conversations.sqlite")
    yield kept
    kept.close()


def test_the_first_question_becomes_the_title_and_order_is_kept(store):
    chat = store.create()
    store.add(chat.id, "user", "Why\n did  the lights go out? " + "x" * 100)
    store.add(chat.id, "assistant", "A gale.", style="quotes", recipe="{}", details={"hits": [1]})
    store.add(chat.id, "user", "And then?")
    known = store.get(chat.id)
    assert known.title.startswith("Why did the lights go out? xx")
    assert len(known.title) == 80
    assert known.messages == 3
    assert [(m.role, m.text) for m in store.messages(chat.id)][1:] == [("assistant", "A gale."), ("user", "And then?")]
    answer = store.messages(chat.id)[1]
    assert (answer.style, answer.recipe, answer.details) == ("quotes", "{}", {"hits": [1]})
    assert store.find(answer.id) == answer


def test_rename_delete_and_the_latest_first(store):
    one, two = store.create("one"), store.create("two")
    store.add(one.id, "user", "hello")
    assert [c.title for c in store.all()] == ["one", "two"]
    store.rename(two.id, "  a  new\nname ")
    assert store.get(two.id).title == "a new name"
    message = store.messages(one.id)[0]
    store.delete(one.id)
    assert store.find(message.id) is None
    for gone in (lambda: store.get(one.id), lambda: store.add(one.id, "user", "x"), lambda: store.rename(one.id, "x")):
        with pytest.raises(UsageError, match="does not exist"):
            gone()


def test_cut_drops_a_message_and_what_follows(store):
    chat = store.create()
    ids = [store.add(chat.id, "user", str(n)).id for n in range(4)]
    store.cut(store.create().id, ids[0])
    assert len(store.messages(chat.id)) == 4
    store.cut(chat.id, ids[2])
    assert [m.text for m in store.messages(chat.id)] == ["0", "1"]
    store.add(chat.id, "user", "again")
    assert [m.text for m in store.messages(chat.id)] == ["0", "1", "again"]


def test_an_update_of_a_deleted_message_stays_quiet(store):
    chat = store.create()
    message = store.add(chat.id, "assistant", "", state="running")
    store.delete(chat.id)
    store.update(message.id, text="late", state="done")
    assert store.find(message.id) is None


KILLED = """
import sys, time
from pipelines.conversations import Conversations
store = Conversations(sys.argv[1])
chat = store.create()
store.add(chat.id, "user", "q")
message = store.add(chat.id, "assistant", "", state="running")
store.update(message.id, text="the text so far", state="running", details={"question": "q"})
print("written", flush=True)
time.sleep(60)
"""


def test_kill_9_loses_nothing_that_was_written(tmp_path):
    path = tmp_path / "c.sqlite"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"written"
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = Conversations(path)
    assert store.interrupt() == 1
    assert store.interrupt() == 0
    answer = store.messages(store.all()[0].id)[1]
    assert (answer.state, answer.text, answer.details) == ("interrupted", "the text so far", {"question": "q"})
    store.close()


def test_two_writers(tmp_path):
    path = tmp_path / "c.sqlite"
    one, two = Conversations(path), Conversations(path)
    chat = one.create()

    def write(store, name):
        for n in range(40):
            store.add(chat.id, "user", f"{name}{n}")

    threads = [Thread(target=write, args=pair) for pair in ((one, "a"), (two, "b"), (two, "c"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [m.text for m in one.messages(chat.id)]
    assert sorted(texts) == sorted(f"{name}{n}" for name in "abc" for n in range(40))
    for name in "abc":
        assert [t for t in texts if t[0] == name] == [f"{name}{n}" for n in range(40)]
    one.close()
    two.close()


def test_schema_grows_from_any_earlier_file_and_refuses_a_later_one(tmp_path):
    path = tmp_path / "c.sqlite"
    Conversations(path).close()
    with sqlite3.connect(path) as db:
        assert db.execute("pragma user_version").fetchone()[0] == len(MIGRATIONS)
        assert db.execute("pragma journal_mode").fetchone()[0] == "wal"
        db.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="newer version"):
        Conversations(path)


@pytest.mark.parametrize("seen", range(1, len(MIGRATIONS)))
def test_what_an_earlier_version_wrote_is_still_there(tmp_path, seen):
    path = tmp_path / "c.sqlite"
    with sqlite3.connect(path) as db:
        for step in MIGRATIONS[:seen]:
            db.executescript(step)
        db.execute("insert into conversations (id, title, created, updated) values ('c', 'Tides', 1, 2)")
        db.execute(f"pragma user_version = {seen}")
    db.close()
    store = Conversations(path)
    assert [(one.id, one.title, one.owner) for one in store.all()] == [("c", "Tides", "")]
    assert store.add("c", "user", "When?").text == "When?"
    store.close()


def test_each_owner_has_their_own(store):
    mine, theirs, before = store.create("a", owner="ann"), store.create("b", owner="bob"), store.create("c")
    assert [one.id for one in store.all("ann")] == [mine.id]
    assert {one.id for one in store.all()} == {mine.id, theirs.id, before.id}
    assert store.get(mine.id, "ann").owner == "ann"
    assert store.get(theirs.id).title == "b"
    for other in (theirs.id, before.id):
        with pytest.raises(UsageError, match="does not exist"):
            store.get(other, "ann")
    assert store.all("") == [store.get(before.id)]


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is no database, " * 300)
    with pytest.raises(StoreError, match=r"c\.sqlite"):
        Conversations(path)
