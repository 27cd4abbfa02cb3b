"""Commands where the file of runs cannot be used: they do their work, or end with one line that names it."""

from __future__ import annotations

import json

import pytest

from pipelines.runs.run import Begun, Ended
from pipelines.runs.store import Runs
from playground.cli import run


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def damage(data):
    (data / "runs.sqlite").write_bytes(b"no database at all " * 500)


@pytest.mark.parametrize("arguments", [["list"], ["show", "abc"], ["export", "abc"], ["prune"]])
def test_commands_of_runs_name_the_file(data, capsys, arguments):
    damage(data)
    assert run(["runs", *arguments]) == 1
    said = capsys.readouterr().err
    assert str(data / "runs.sqlite") in said
    assert "Move the file away" in said
    assert "Traceback" not in said


def test_other_commands_do_their_work_and_warn(data, capsys, tmp_path):
    damage(data)
    note = tmp_path / "gulls.md"
    note.write_text("Gulls like bread.")
    assert run(["index", str(note), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["documents"][0]["status"] == "indexed"
    assert "This run is not kept" in told.err
    assert run(["search", "bread", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["hits"][0]["document"] == "gulls.md"
    assert "This run is not kept" in told.err


def test_a_file_of_a_newer_version(data, capsys):
    runs = Runs(data / "runs.sqlite")
    with runs._db.transaction() as db:
        db.execute("pragma user_version = 99")
    runs.close()
    assert run(["runs", "list"]) == 1
    assert "newer version" in capsys.readouterr().err


def test_pruning_tells_what_it_deleted_though_another_program_reads(data, capsys):
    runs = Runs(data / "runs.sqlite")
    ids = [runs.add(Begun("ask", question=str(n)), Ended(outputs={"answer": "x"})) for n in range(3)]
    runs.change(ids[1], starred=True)
    assert run(["runs", "prune", "--mb", "0", "--json"]) == 0
    gone = [one["id"] for one in json.loads(capsys.readouterr().out)["runs"]]
    assert gone == [ids[0], ids[2]]
    assert [one.id for one in runs.find()] == [ids[1]]
    runs.close()
