"""``doctor`` and ``pull``: what is there, and what to type."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.engines.base import PullEvent
from pipelines.engines.builtin_models import MODELS
from playground import cli
from playground.cli.pull import describe

Printed = pytest.CaptureFixture[str]
NAMES = [
    "python",
    "packages",
    "data folder",
    "store",
    "embedding model",
    "language model",
    "ollama",
    "downloads",
]


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


def checks(printed: Printed, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    assert cli.run(["doctor", *arguments, "--json"]) == code
    found = json.loads(printed.readouterr().out)["checks"]
    assert all(list(check) == ["name", "ok", "found", "fix"] for check in found)
    assert [check["name"] for check in found] == NAMES
    return {check["name"]: check for check in found}


def test_a_fresh_machine_is_well_and_is_told_what_it_could_have(capsys: Printed, tmp_path: Path) -> None:
    found = checks(capsys)
    assert [name for name in NAMES if not found[name]["ok"]] == ["language model", "ollama"]
    assert found["language model"]["fix"] == "playground pull builtin"
    assert found["ollama"]["fix"]
    assert sys.version.split()[0] in found["python"]["found"]
    assert not (tmp_path / "data").exists()


def test_what_cannot_work_without_decides_the_exit_code(capsys: Printed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = checks(capsys, "--data-dir", str(tmp_path / "file"), code=1)
    assert not found["data folder"]["ok"]
    assert "--data-dir" in found["data folder"]["fix"]


def test_a_qdrant_server_that_does_not_answer_is_said(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_QDRANT_URL", "http://127.0.0.1:9")
    found = checks(capsys, code=1)
    assert not found["store"]["ok"]
    assert "127.0.0.1:9" in found["store"]["found"]


def test_offline_is_said(capsys: Printed) -> None:
    assert "forbidden" in checks(capsys, "--offline")["downloads"]["found"]


def test_people_see_the_line_to_type(capsys: Printed) -> None:
    assert cli.run(["doctor"]) == 0
    assert "→ playground pull builtin" in capsys.readouterr().out


def test_offline_forbids_pulling(capsys: Printed) -> None:
    assert cli.run(["pull", "builtin", "--offline", "--json"]) == 1
    captured = capsys.readouterr()
    assert "error" in json.loads(captured.out)
    assert "offline" in captured.err.lower()
    assert captured.err.count("\n") == 1


def test_an_unknown_built_in_model_lists_the_known(capsys: Printed) -> None:
    assert cli.run(["pull", "builtin/nonsense"]) != 0
    err = capsys.readouterr().err
    assert all(model.name in err for model in MODELS)


def test_pulling_into_an_ollama_that_is_not_there_says_how_to_start_it(capsys: Printed) -> None:
    assert cli.run(["pull", "llama3.2"]) == 1
    err = capsys.readouterr().err
    assert "127.0.0.1:9" in err
    assert "ollama serve" in err


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PullEvent("pulling manifest"), "pulling manifest"),
        (PullEvent("downloading", 41_000_000, 92_871_040), "downloading · 41 of 93 MB · 44 %"),
    ],
)
def test_progress_of_a_pull(event: PullEvent, line: str) -> None:
    assert describe(event) == line
