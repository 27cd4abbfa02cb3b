"""Runs on disk: what went in comes out, is found again, makes room for others, and survives whatever happens."""

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.runs import process
from pipelines.runs.filter import Filter
from pipelines.runs.rows import MIGRATIONS
from pipelines.runs.run import KINDS, Begun, Ended
from pipelines.runs.store import Runs


@pytest.fixture
def runs(tmp_path):
    kept = Runs(tmp_path / "data" / "runs.sqlite")
    yield kept
    kept.close()


def add(runs, question="q", kind="ask", **more):
    begun = {name: more.pop(name) for name in ("recipe", "documents", "inputs", "origin", "batch") if name in more}
    return runs.add(Begun(kind, question=question, **begun), Ended(**more))


def found(runs, **which):
    return [run.question for run in runs.find(Filter(**which))]


# there and back -----------------------------------------------------------------------------------------


def test_a_run_from_its_beginning_to_its_end(runs):
    recipe = Recipe().with_("retriever", "keyword")
    begun = Begun("ask", recipe.to_json(), "Why?", ("a.pdf", "b.pdf"), {"history": []}, "chat")
    run = runs.begin(begun)
    under_way = runs.get(run)
    assert (under_way.state, under_way.question, under_way.documents) == ("running", "Why?", ("a.pdf", "b.pdf"))
    assert under_way.batch == run
    assert abs(under_way.when - time.time()) < 60
    assert runs.details(run).inputs == {"history": []}
    assert runs.details(run).outputs == {}
    numbers = {"ttft_s": 0.25, "prompt_tokens": 812.0}
    runs.end(run, Ended("done", "ollama", "0.32", "qwen3:4b", "sha256:1", 2.5, numbers, {"answer": "A gale."}))
    done = runs.get(run)
    assert (done.state, done.engine, done.model, done.seconds) == ("done", "ollama", "qwen3:4b", 2.5)
    assert done.numbers == numbers
    assert done.known_recipe == recipe
    assert "keyword" in done.summary.casefold()
    details = runs.details(run)
    assert details.outputs == {"answer": "A gale."}
    assert details.versions["engine"] == "ollama 0.32"
    assert details.versions["model digest"] == "sha256:1"
    assert "python" in details.versions


texts = st.text(st.characters(exclude_categories=()), max_size=60)  # halves of characters and NUL too
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def as_kept(text):
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


@given(
    kind=st.sampled_from(KINDS),
    question=texts,
    documents=st.lists(texts, max_size=3),
    inputs=st.dictionaries(texts, plain, max_size=3),
    outputs=st.dictionaries(texts, plain, max_size=3),
    numbers=st.dictionaries(texts, st.floats(), max_size=4),
    model=texts,
    error=texts,
    seconds=st.none() | st.floats(0, 1e9),
)
def test_whatever_goes_in_comes_out(kind, question, documents, inputs, outputs, numbers, model, error, seconds):
    """Halves of characters become U+FFFD where they are searched; numbers that are none are left out."""
    runs = Runs(None)
    begun = Begun(kind, question=question, documents=tuple(documents), inputs=inputs)
    run = runs.add(begun, Ended("failed", model=model, seconds=seconds, numbers=numbers, outputs=outputs, error=error))
    out, details = runs.get(run), runs.details(run)
    assert (out.kind, out.question, out.model, out.error) == (kind, as_kept(question), as_kept(model), as_kept(error))
    assert out.documents == tuple(map(as_kept, documents))
    assert out.seconds == seconds
    assert out.numbers == {as_kept(name): value for name, value in numbers.items() if math.isfinite(value)}
    assert (details.inputs, details.outputs) == (inputs, outputs)
    assert all(runs.count(Filter(document=document)) == 1 for document in documents)
    assert len(runs.measured()) == 1
    runs.close()


def test_a_huge_output(runs):
    outputs = {"answer": "word " * 2_000_000, "hits": [{"text": str(n)} for n in range(50_000)]}
    run = add(runs, outputs=outputs)
    assert runs.details(run).outputs == outputs
    assert runs.size() < 2_000_000


# found again --------------------------------------------------------------------------------------------


def test_words_of_question_answer_document_model_recipe_name_and_note(runs):
    recipe = Recipe().with_("retriever", "mmr").to_json()
    run = add(runs, "The brush-guard's bolts?", recipe=recipe, documents=("Größe_2024.pdf",), model="qwen3:4b",
              outputs={"answer": "Fünf Schrauben, “M8”."})  # fmt: skip
    runs.change(run, name="the winner", note="for Ørsted")
    add(runs, "something else")
    for words in (
        "bolts", "BOLTS", "bol", "brush-guard", "guard's", "brush guard", "größe", "grosse", "Größe_2024.pdf", "2024",
        "qwen3:4b", "schrauben", "fünf", "funf", "“M8”", '"M8"', "m8.", "mmr", "winner", "ørsted", "bolts winner m8",
    ):  # fmt: skip
        expected = ["The brush-guard's bolts?"] if words != "grosse" else []
        assert found(runs, text=words) == expected, words
    assert found(runs, text="bolts nothing") == []
    assert found(runs, text="olts") == []
    runs.change(run, name="", note="")
    assert found(runs, text="winner") == []


@given(texts)
def test_no_search_breaks(text):
    runs = Runs(None)
    add(runs, "q")
    assert runs.count(Filter(text=text)) == len(runs.find(Filter(text=text)))
    runs.close()


@pytest.mark.parametrize(
    "text", ['"', "'", "a'b\"c", "AND", "NOT x", "NEAR(a b)", "a*", "*", "^a", "a:b", "-a", "(", ";--"]
)
def test_signs_of_the_search_language_are_words(runs, text):
    add(runs, text)
    assert text in found(runs, text=text)


def test_text_in_one_more_language(runs):
    add(runs, "保証期間は いつまでですか")
    add(runs, "Сколько стоит ремонт?")
    assert found(runs, text="いつまで") == ["保証期間は いつまでですか"]
    assert found(runs, text="стоит РЕМ") == ["Сколько стоит ремонт?"]


def test_filters_hold_together(runs):
    one = add(runs, "one", "search", documents=("a.pdf",), model="m", batch="b1")
    add(runs, "two", "ask", documents=('a.pdf", "b.pdf',), state="failed")
    add(runs, "three", "chunk", documents=("aa.pdf",), batch="b1")
    runs.change(one, starred=True)
    assert found(runs) == ["three", "two", "one"]
    assert found(runs, kinds=("search", "chunk")) == ["three", "one"]
    assert found(runs, states=("failed",)) == ["two"]
    assert found(runs, model="m") == ["one"]
    assert found(runs, document="a.pdf") == ["one"]
    assert found(runs, document='a.pdf", "b.pdf') == ["two"]
    assert found(runs, starred=True) == ["one"]
    assert found(runs, batch="b1", kinds=("chunk",)) == ["three"]
    assert found(runs, since=time.time() + 60) == []
    assert runs.count(Filter(batch="b1")) == 2
    assert [run.question for run in runs.find(limit=1, offset=1)] == ["two"]
    assert runs.values("documents") == ["a.pdf", 'a.pdf", "b.pdf', "aa.pdf"]
    assert runs.values("kind") == ["ask", "chunk", "search"]
    assert runs.values("model") == ["m"]


def test_the_beginning_of_an_id_will_do(runs):
    ids = [add(runs, str(n)) for n in range(40)]
    assert all(runs.get(one[:11]).id == one for one in ids)
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with pytest.raises(UsageError, match="Several runs begin"):
        runs.get(shared)
    for unknown in ("", "x", "%", "zz" * 10):
        with pytest.raises(UsageError, match="There is no run"):
            runs.get(unknown)
    with pytest.raises(UsageError):
        runs.details("x")
    with pytest.raises(UsageError):
        runs.change("x", starred=True)


def test_name_note_and_star(runs):
    run = add(runs)
    assert runs.change(run, name="  two\n words " + "x" * 200).name == ("two words " + "x" * 200)[:120]
    assert runs.change(run, note=" a note\nof two lines ").note == "a note\nof two lines"
    kept = runs.change(run, starred=True)
    assert (kept.name[:9], kept.note, kept.starred) == ("two words", "a note\nof two lines", True)
    assert not runs.change(run, starred=False).starred


# making room --------------------------------------------------------------------------------------------


def bodies(runs):
    return {text for (text,) in runs._db.rows("select text from body")}


def test_recipes_are_kept_once_and_go_with_the_last_run_that_has_them(runs):
    one, two = (Recipe().with_("chunker", name).to_json() for name in ("fixed", "page"))
    first = [add(runs, recipe=one), add(runs, recipe=one)]
    other = add(runs, recipe=two)
    runs.begin(Begun("ask"))  # has no versions yet
    assert {one, two} <= bodies(runs)
    runs.delete(first[:1])
    assert one in bodies(runs)
    runs.delete(first[1:])
    assert one not in bodies(runs)
    assert two in bodies(runs)
    assert runs.get(other).recipe == two
    runs.delete([])
    assert runs.count() == 2
    assert runs._db.rows("select count(*) from detail") == [(2,)]
    assert runs._db.rows("select count(*) from words") == [(2,)]


def test_many_are_deleted_at_once(runs):
    ids = [add(runs, str(n)) for n in range(1200)]
    runs.delete(ids[:1100])
    assert runs.count() == 100


def test_a_run_deleted_under_way_stays_deleted(runs):
    run = runs.begin(Begun("ask"))
    runs.delete([run])
    runs.end(run, Ended(outputs={"answer": "late"}))
    assert runs.count() == 0


def test_prune_takes_the_oldest_that_nobody_marked(runs):
    ids = [add(runs, str(n), outputs={"answer": os.urandom(500).hex()}) for n in range(8)]
    runs.change(ids[0], starred=True)
    runs.change(ids[1], name="named")
    runs.change(ids[2], note="noted")
    running = runs.begin(Begun("ask", question="running"))
    each = runs.size() // 8
    gone = runs.prune(most_bytes=runs.size() - 2 * each + 10)
    assert [run.question for run in gone] == ["3", "4"]
    assert runs.prune(most_bytes=runs.size()) == []
    gone = runs.prune(before=time.time() + 1)
    assert [run.question for run in gone] == ["5", "6", "7"]
    assert {run.id for run in runs.find()} == {*ids[:3], running}
    assert runs.prune(most_bytes=0) == []
    runs.compact()
    assert runs.count() == 4


def test_a_clock_that_was_set_back_hides_no_old_run(runs):
    ids = [add(runs, str(n)) for n in range(3)]
    with runs._db.transaction() as db:
        db.execute("update run set began = 1000 where id = ?", (ids[2],))
    assert [run.id for run in runs.prune(before=2000)] == [ids[2]]


def test_the_cap_makes_room_by_itself(tmp_path):
    runs = Runs(tmp_path / "runs.sqlite", most_bytes=20_000)
    first = add(runs, "marked", outputs={"answer": os.urandom(2000).hex()})
    runs.change(first, starred=True)
    for n in range(30):
        add(runs, str(n), outputs={"answer": os.urandom(1000).hex()})
        assert runs.size() <= 20_000
    assert runs.count() > 5
    assert runs.find(limit=1)[0].question == "29"
    assert runs.get(first).starred
    runs.close()


# old files, other processes -----------------------------------------------------------------------------

FIRST = """
insert into body values ('b', '{}');
insert into run (id, batch, kind, origin, began, state, process, documents, question, recipe, summary, numbers,
                 measured)
    values ('abc', 'abc', 'ask', 'chat', 1000, 'done', '1 1', '["a.pdf"]', 'Why?', 'b', 'hybrid', '{"hits": 5}',
            zeroblob(80));
insert into detail (run, inputs) values (1, x'789cabae0500017500f9');
insert into words (rowid, told, named) values (1, 'Why?', '');
"""


@pytest.mark.parametrize("seen", range(1, len(MIGRATIONS) + 1))
def test_a_file_grows_from_each_earlier_schema(tmp_path, seen):
    path = tmp_path / "runs.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(MIGRATIONS[0])
        db.executescript(FIRST)
        for step in MIGRATIONS[1:seen]:
            db.executescript(step)
        db.execute(f"pragma user_version = {seen}")
    db.close()
    runs = Runs(path)
    assert found(runs, text="why") == ["Why?"]
    assert runs.get("abc").numbers == {"hits": 5}
    assert runs.details("abc").inputs == {}
    add(runs, "new")
    assert found(runs) == ["new", "Why?"]
    assert sum(map(len, runs.measured())) == 2
    runs.close()


WRITER = """
import sys
from pipelines.runs.run import Begun, Ended
from pipelines.runs.store import Runs
runs = Runs(sys.argv[1], int(sys.argv[3]))
for n in range(int(sys.argv[2])):
    run = runs.begin(Begun("ask", '{"n": %d}' % (n % 5), f"question {n}", inputs={"n": n}))
    runs.end(run, Ended(outputs={"answer": "words " * 50}, numbers={"seconds": n}))
    print(run, flush=True)
"""


def writers(path, many, runs_each, most_bytes=0):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(runs_each), str(most_bytes)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(many)
    ]  # fmt: skip
    told = [one.communicate(timeout=120) for one in started]
    assert [one.returncode for one in started] == [0] * many, told
    return [line for out, _ in told for line in out.split()]


def test_two_processes_write_and_nothing_is_lost(tmp_path):
    """They make the file at the same moment, too."""
    path = tmp_path / "runs.sqlite"
    confirmed = writers(path, 2, 300)
    runs = Runs(path)
    assert len(set(confirmed)) == 600
    assert {run.id for run in runs.find(limit=1000)} == set(confirmed)
    assert all(runs.details(run).outputs["answer"] == "words " * 50 for run in confirmed[::50])
    assert runs.count(Filter(text="answer words")) == 0
    assert runs.count(Filter(text="words question")) == 600
    assert runs._db.rows("pragma integrity_check") == [("ok",)]
    runs.close()


def test_two_processes_under_a_cap(tmp_path):
    path = tmp_path / "runs.sqlite"
    writers(path, 2, 100, 2000)
    runs = Runs(path)
    assert 0 < runs.size() <= 2000
    assert runs._db.rows("select count(*) from detail where run not in (select number from run)") == [(0,)]
    runs.close()


# processes that end without a word ----------------------------------------------------------------------

BEGINS = """
import sys, time
from pipelines.runs.run import Begun
from pipelines.runs.store import Runs
print(Runs(sys.argv[1]).begin(Begun("index", question="report.pdf")), flush=True)
time.sleep(60)
"""


def begins(path):
    started = subprocess.Popen([sys.executable, "-c", BEGINS, str(path)], stdout=subprocess.PIPE, text=True)
    return started, started.stdout.readline().strip()


def test_what_a_killed_process_left_is_told_once(tmp_path):
    path = tmp_path / "runs.sqlite"
    runs = Runs(path)
    mine = runs.begin(Begun("ask"))
    other, cut = begins(path)
    assert runs.interrupt() == []  # both are at work
    other.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20  # it stays listed until somebody waits for it
    while process.alive(runs._db.rows("select process from run where id = ?", cut)[0][0]):
        assert time.monotonic() < deadline
    assert [(run.id, run.state, run.kind) for run in runs.interrupt()] == [(cut, "interrupted", "index")]
    other.wait()
    assert runs.interrupt() == []
    assert runs.get(mine).state == "running"
    runs.close()


def test_a_number_of_a_process_that_is_used_again_is_another_process():
    assert process.alive(process.this_process())
    number, _, began = process.this_process().partition(" ")
    assert not process.alive(f"{number} {float(began) - 100:.2f}")
    assert not process.alive("")
    assert not process.alive("nonsense")


def test_threads_share_a_file(runs):
    threads = [Thread(target=lambda: [add(runs, "x") for _ in range(40)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs.count() == 200


def test_exported_numbers_are_json(runs):
    run = add(runs, numbers={"cer": float("inf"), "wer": float("nan"), "f1": 0.5})
    assert json.dumps(dict(runs.get(run).numbers), allow_nan=False) == '{"f1": 0.5}'


def test_a_run_of_somebody_is_seen_by_nobody_else(tmp_path):
    runs = Runs(tmp_path / "runs.sqlite")
    anns = runs.add(Begun("ask", question="Secret salmon?", documents=("ann.pdf",), owner="ann"), Ended("done"))
    everybodys = runs.add(Begun("search", question="salmon", documents=("all.pdf",)), Ended("done"))
    bob, ann = runs.seen_by("bob"), runs.seen_by("ann")
    assert [run.id for run in bob.find()] == [everybodys]
    assert [run.id for run in bob.find(Filter(text="salmon"))] == [everybodys]
    assert (bob.count(), ann.count(), runs.count()) == (1, 2, 2)
    assert (bob.values("documents"), ann.values("documents")) == (["all.pdf"], ["all.pdf", "ann.pdf"])
    for act in (bob.get, bob.details, lambda run: bob.change(run, note="mine")):
        for name in (anns, anns[:6]):
            with pytest.raises(UsageError, match="no run"):
                act(name)
    bob.delete([anns])
    assert ann.get(anns).owner == "ann"
    ann.delete([anns, everybodys])
    assert runs.count() == 0
    runs.close()
