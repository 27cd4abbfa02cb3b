"""``runs`` from the command line, and the runs that the other commands leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from playground import cli
from sample_docs import folder

Printed = pytest.CaptureFixture[str]

HANDBOOK = folder() / "lanternfish-handbook.pdf"
GUIDE = folder() / "field-guide.md"

#: What differs between two runs of the same.
CHANCE = ("seconds", "latency_ms", "stats", "difference", "p")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _nothing_at_hand(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    monkeypatch.setenv("PLAYGROUND_THREADS", "1")
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(home / "models"))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


def printed(capsys: Printed, *words: str, code: int = 0) -> Any:
    found = cli.run([*words, "--json"])
    captured = capsys.readouterr()
    assert found == code, captured.err
    return json.loads(captured.out)


def exported(capsys: Printed, run: str, kind: str, file: Path) -> None:
    assert cli.run(["runs", "export", run, "--format", kind, "-o", str(file)]) == 0
    capsys.readouterr()


def newest(capsys: Printed, *words: str) -> dict[str, Any]:
    return printed(capsys, "runs", "list", *words)["runs"][0]  # type: ignore[no-any-return]


def steady(value: Any) -> Any:
    """Without what two runs of the same do not share."""
    if isinstance(value, dict):
        return {name: steady(one) for name, one in value.items() if name not in CHANCE}
    if isinstance(value, list):
        return [steady(one) for one in value]
    return value


@pytest.fixture(scope="module")
def _indexed(home: Path) -> None:
    environment = {**os.environ, "PLAYGROUND_DATA_DIR": str(home / "data"), "PLAYGROUND_OFFLINE": "1"}
    words = [sys.executable, "-m", "playground", "index", str(HANDBOOK), str(GUIDE)]
    subprocess.run(words, check=True, env=environment, capture_output=True)


@pytest.mark.usefixtures("_indexed")
def test_indexing_is_a_run(capsys: Printed) -> None:
    runs = printed(capsys, "runs", "list", "--kind", "index")["runs"]
    assert [run["documents"] for run in runs] == [["field-guide.md"], ["lanternfish-handbook.pdf"]]
    assert runs[1]["numbers"]["pages"] == 10
    assert runs[1]["state"] == "done"


@pytest.mark.usefixtures("_indexed")
@pytest.mark.parametrize(
    "words",
    [
        ["search", "battery \"winter\" it's {x}", "--set", "retriever.k=2", "--retriever", "keyword", "--pages", "1-6"],
        ["ask", "How long does a full charge take?", "--document", HANDBOOK.name, "--answer", "quotes"],
        ["chunk", str(GUIDE), "--chunker", "recursive", "--set", "chunker.size=60"],
        ["read", str(HANDBOOK), "--page", "2", "--reader", "text-layer"],
        ["read", str(HANDBOOK), "--page", "3", "--reader", "tesseract:page_mode=block", "--degrade", "dpi=80"],
        ["evaluate", str(folder() / "questions.yaml"), "--vary", "retriever=keyword,semantic"],
        ["compare-readers", str(HANDBOOK), "--pages", "2-3", "--reader", "text-layer"],
        ["search", "lamp", "--set", "prompt.system=[odd] \"text\"\nwith lines"],
    ],
    ids=["search", "ask", "chunk", "read", "read worse", "evaluate", "compare", "odd"],
)  # fmt: skip
def test_the_exported_script_prints_what_the_command_printed(words: list[str], capsys: Printed, tmp_path: Path) -> None:
    first = printed(capsys, *words)
    run = newest(capsys)
    assert run["kind"] in (words[0], "read")
    assert run["when"][:4].isdigit()
    assert isinstance(run["recipe"], dict)
    exported(capsys, run["id"], "python", tmp_path / "run.py")
    environment = {name: value for name, value in os.environ.items() if name != "PLAYGROUND_DATA_DIR"}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "run.py")], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert steady(json.loads(done.stdout)) == steady(first)


@pytest.mark.builtin
def test_a_sample_is_drawn_again_by_its_script(
    builtin_model: Path, capsys: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(builtin_model.parent))
    words = ["sample", "Name a sea animal.", "--vary", "sampling.temperature=0.2,0.9", "--repeat", "2"]
    first = printed(capsys, *words, "--set", "sampling.num_predict=5", "--set", "sampling.num_ctx=512")
    runs = printed(capsys, "runs", "list", "--kind", "sample")["runs"]
    assert len({run["batch"] for run in runs}) == 1
    assert [run["numbers"]["samples"] for run in runs] == [2, 2]
    exported(capsys, runs[0]["id"], "python", tmp_path / "run.py")
    done = subprocess.run([sys.executable, str(tmp_path / "run.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def texts(data: Any) -> list[str]:
        return [one["text"] for column in data["columns"] for one in column["samples"]]

    assert texts(json.loads(done.stdout)) == texts(first)
    shown = printed(capsys, "runs", "show", runs[0]["id"])["runs"][0]
    assert shown["versions"]["model digest"].startswith("sha256:")
    assert shown["versions"]["engine"].startswith("builtin")


@pytest.mark.usefixtures("_indexed")
def test_a_run_is_shown_with_all_that_was_kept(capsys: Printed) -> None:
    printed(capsys, "ask", "How deep is the harbour?", "--answer", "quotes")
    run = newest(capsys)
    shown = printed(capsys, "runs", "show", run["id"][:7])["runs"][0]
    assert shown["question"] == "How deep is the harbour?"
    assert set(shown["versions"]) >= {"app", "python", "qdrant-edge-py"}
    assert shown["outputs"]["hits"]
    assert shown["numbers"]["hits"] == len(shown["outputs"]["hits"])
    assert cli.run(["runs", "show", run["id"]]) == 0
    assert "How deep is the harbour?" in capsys.readouterr().out


@pytest.mark.usefixtures("_indexed")
def test_runs_are_found_by_words_and_kinds(capsys: Printed) -> None:
    printed(capsys, "search", "mooring rope zebra")
    assert newest(capsys, "--text", "zeb moor")["question"] == "mooring rope zebra"
    assert printed(capsys, "runs", "list", "--text", "zebra", "--kind", "ask")["runs"] == []
    assert len(printed(capsys, "runs", "list", "--limit", "1")["runs"]) == 1
    assert cli.run(["runs", "list", "--kind", "dance"]) == 2
    assert "Kinds: ask" in capsys.readouterr().err
    assert cli.run(["runs", "show", "nothing"]) == 2
    assert "There is no run 'nothing'" in capsys.readouterr().err


@pytest.mark.usefixtures("_indexed")
def test_a_page_of_a_run_opens_without_the_app(capsys: Printed, tmp_path: Path) -> None:
    printed(capsys, "search", "<script>alert(1)</script> lamp")
    file = tmp_path / "run.html"
    run = newest(capsys)
    exported(capsys, run["id"], "html", file)
    text = file.read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "src=" not in text
    assert "default-src &#39;none&#39;" in text
    assert cli.run(["runs", "export", run["id"]]) == 0
    assert json.loads(capsys.readouterr().out)["question"] == "<script>alert(1)</script> lamp"


@pytest.mark.usefixtures("_indexed")
def test_old_runs_are_pruned_but_those_somebody_cares_for(capsys: Printed, home: Path) -> None:
    from pipelines.runs.store import Runs

    printed(capsys, "search", "to be kept")
    kept = newest(capsys)["id"]
    runs = Runs(home / "data" / "runs.sqlite")
    runs.change(kept, name="the good one")
    runs.close()
    printed(capsys, "search", "to be gone")
    time.sleep(0.01)
    gone = printed(capsys, "runs", "prune", "--days", "0")["runs"]
    assert "to be gone" in [run["question"] for run in gone]
    assert [run["id"] for run in printed(capsys, "runs", "list")["runs"]] == [kept]


def test_no_runs_are_kept_where_none_are_wanted(
    capsys: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("PLAYGROUND_RUNS_MB", "0")
    printed(capsys, "chunk", str(GUIDE))
    assert not (tmp_path / "none").exists()


def test_a_command_that_fails_is_a_run_that_failed(capsys: Printed) -> None:
    printed(capsys, "sample", "Name a sea animal.", code=1)
    run = newest(capsys)
    assert (run["kind"], run["state"]) == ("sample", "failed")
    assert "language model" in run["error"]
