"""The real program from the first file to a cited answer, on the sample documents."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.engines import Engines
from pipelines.errors import EngineFailed, StoreLocked
from pipelines.library import Library
from pipelines.settings import Settings
from playground import cli
from playground.cli.documents import find_files
from playground.cli.options import _failure
from playground.shapes import DOCUMENT_FIELDS

SAMPLES = Path(__file__).parent.parent / "sample_docs"
FILES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".pdf", ".md"))
QUESTIONS = yaml.safe_load((SAMPLES / "questions.yaml").read_text("utf-8"))
HIT = {"rank", "score", "scores", "document", "page", "page_label", "pages", "start", "end", "text"}

OLLAMA = os.environ.get("OLLAMA_HOST", "")

Printed = pytest.CaptureFixture[str]


def program(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "playground", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PLAYGROUND_OFFLINE": "1", **(env or {})},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample documents, indexed by the program itself."""
    folder = tmp_path_factory.mktemp("home")
    done = program("index", *(SAMPLES / name for name in FILES), "--data-dir", folder, "--json")
    (folder / "index.json").write_text(done.stdout, "utf-8")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Ollama, no downloads, no model of this machine's user."""
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


def answer_of(printed: Printed, *arguments: str | Path) -> Any:
    """Run a command in this process and read the whole of stdout as JSON."""
    code = cli.run([*map(str, arguments), "--json"])
    captured = printed.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


# index, documents --------------------------------------------------------------------------------------


def test_index_tells_what_became_of_every_file(home: Path) -> None:
    rows = json.loads((home / "index.json").read_text("utf-8"))["documents"]
    assert sorted(row["document"] for row in rows) == FILES
    assert all(tuple(row) == DOCUMENT_FIELDS for row in rows)
    status = {row["document"]: row["status"] for row in rows}
    assert status.pop("scanned-letter.pdf") == "needs_ocr"
    assert set(status.values()) == {"indexed"}
    assert all(row["chunks"] > 0 and row["words"] > 100 for row in rows if row["status"] == "indexed")


def test_indexing_again_changes_nothing(home: Path, capsys: Printed) -> None:
    rows = answer_of(capsys, "index", SAMPLES / "field-guide.md", "--data-dir", home)["documents"]
    assert [(row["document"], row["status"]) for row in rows] == [("field-guide.md", "unchanged")]
    assert rows[0]["seconds"] < 5


def test_documents_lists_the_same_fields(home: Path, capsys: Printed) -> None:
    before = json.loads((home / "index.json").read_text("utf-8"))["documents"]
    rows = answer_of(capsys, "documents", "--data-dir", home)["documents"]
    assert [row["id"] for row in rows] == [row["id"] for row in before]
    assert all(tuple(row) == DOCUMENT_FIELDS for row in rows)


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "good.md").write_text("# Kelp\n\nKelp grows fast in cold water.", "utf-8")
    files = [tmp_path / "broken.pdf", tmp_path / "missing.pdf", tmp_path / "empty.txt", tmp_path / "good.md"]
    code = cli.run(["index", *map(str, files), "--data-dir", str(tmp_path / "data"), "--json"])
    captured = capsys.readouterr()
    assert code == 1
    rows = {row["document"]: row["status"] for row in json.loads(captured.out)["documents"]}
    assert rows == {"missing.pdf": "failed", "broken.pdf": "failed", "empty.txt": "failed", "good.md": "indexed"}
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert sorted(name for line in errors for name in rows if name in line) == [
        "broken.pdf",
        "empty.txt",
        "missing.pdf",
    ]
    assert len(errors) == 3


@pytest.mark.parametrize("given", ["nothing-*.pdf", "empty-folder", "missing.pdf"])
def test_nothing_to_index_is_said(given: str, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "empty-folder").mkdir()
    assert cli.run(["index", str(tmp_path / given), "--data-dir", str(tmp_path / "data")]) == 1
    captured = capsys.readouterr()
    assert given in captured.err
    assert captured.err.count("\n") == 1


def test_files_of_folders_and_patterns_are_found_once(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.md", "sub/c.TXT", "sub/picture.png", ".hidden/d.md", "README"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    files, missed = find_files(
        [str(tmp_path), str(tmp_path / "*.md"), str(tmp_path / "a.pdf"), str(tmp_path / "README")]
    )
    assert [path.relative_to(tmp_path).as_posix() for path in files] == ["a.pdf", "b.md", "sub/c.TXT", "README"]
    assert missed == []


def test_same_name_gets_a_number_and_remove_takes_one_away(tmp_path: Path, capsys: Printed) -> None:
    for folder, text in (("one", "Kelp grows fast."), ("two", "Otters eat urchins.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.md").write_text(text, "utf-8")
    data = tmp_path / "data"
    rows = answer_of(capsys, "index", tmp_path / "one", tmp_path / "two", "--data-dir", data)["documents"]
    first, second = (row["document"] for row in rows)
    assert first == "notes.md"
    assert second != first
    left = answer_of(capsys, "documents", "remove", "notes.md", "--data-dir", data)["documents"]
    assert [row["document"] for row in left] == [second]
    assert (tmp_path / "one" / "notes.md").exists()
    assert cli.run(["documents", "remove", "notes.md", "--data-dir", str(data)]) == 2
    assert second in capsys.readouterr().err


# search, ask -------------------------------------------------------------------------------------------


def test_search_gives_every_stage_of_every_hit(home: Path, capsys: Printed) -> None:
    found = answer_of(capsys, "search", "gearbox of turbine W3", "--data-dir", home, "--set", "retriever.k=4")
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3, 4]
    for hit in found["hits"]:
        assert set(hit) == HIT
        assert set(hit["scores"]) == {"semantic", "keyword", "fused", "rerank"}
        assert hit["scores"]["rerank"] is None
        assert hit["page"] in hit["pages"]
        assert hit["end"] - hit["start"] == len(hit["text"])
    assert (found["hits"][0]["document"], found["hits"][0]["page"]) == ("harbour-energy-report.pdf", 4)
    assert all(isinstance(value, float) for value in found["seconds"].values())


def test_search_stays_within_the_documents_named(home: Path, capsys: Printed) -> None:
    line = [
        "search",
        "turbine",
        "--data-dir",
        home,
        "--document",
        "field-guide.md",
        "--document",
        "two-column-paper.pdf",
    ]
    found = answer_of(capsys, *line)
    assert {hit["document"] for hit in found["hits"]} <= {"field-guide.md", "two-column-paper.pdf"}
    assert found["hits"]
    assert cli.run(["search", "x", "--data-dir", str(home), "--document", "none.pdf"]) == 2
    assert "field-guide.md" in capsys.readouterr().err


def test_another_retriever_gives_its_own_scores(home: Path, capsys: Printed) -> None:
    found = answer_of(capsys, "search", "turbine W3", "--data-dir", home, "--retriever", "keyword")
    assert found["hits"][0]["scores"]["semantic"] is None
    assert found["hits"][0]["scores"]["keyword"]["rank"] == 1


def test_search_for_people_shows_scores_under_their_names(home: Path, capsys: Printed) -> None:
    assert cli.run(["search", "gearbox of turbine W3", "--data-dir", str(home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["#", "semantic", "keyword", "fused"]
    assert "harbour-energy-report.pdf" in lines[1]
    assert "p. 4" in lines[1]


def test_ask_without_a_model_quotes_word_for_word(home: Path) -> None:
    asked = next(q for q in QUESTIONS if q.get("quote", "").startswith("kept it out of service"))
    done = program(
        "ask",
        asked["question"],
        *("--data-dir", home, "--json"),
        env={"OLLAMA_HOST": "127.0.0.1:9", "PLAYGROUND_MODELS_DIR": str(home / "no-models")},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert list(said) == ["answer", "answer_style", "answerable", "citations", "hits", "engine", "model", "stats"]
    assert (said["answer_style"], said["answerable"], said["engine"]) == ("quotes", True, "none")
    assert "41 days" in said["answer"]
    cited = {(c["document"], c["page"], c["quote"]) for c in said["citations"]}
    assert (asked["document"], asked["page"], "exact") in cited
    assert set(said["stats"]) == {
        *("load_s", "ttft_s", "prompt_tokens", "completion_tokens", "tokens_per_s", "left_out"),
    }


def test_ask_for_people_streams_the_answer_then_its_sources(home: Path, capsys: Printed) -> None:
    assert cli.run(["ask", "What does LF-2290 cost?", "--data-dir", str(home), "--answer", "quotes"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("LF-2290") >= 1
    assert "lanternfish-handbook.pdf" in captured.out
    assert "p. 9" in captured.out
    assert captured.err == ""


def test_what_the_documents_do_not_say_is_an_answer(home: Path, capsys: Printed) -> None:
    said = answer_of(capsys, "ask", "Who composed the opera Tosca?", "--data-dir", home, "--answer", "quotes")
    assert said["answerable"] is False
    assert said["citations"] == []
    assert said["hits"]


def test_a_missing_engine_is_an_error_with_a_way_out(home: Path, capsys: Printed) -> None:
    code = cli.run(["ask", "What does LF-2290 cost?", "--data-dir", str(home), "--answer", "generated", "--json"])
    captured = capsys.readouterr()
    assert code == 1
    assert "error" in json.loads(captured.out)
    assert "pull" in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.ollama
@pytest.mark.timeout(400)  # the first answer waits for the model to load
def test_a_real_ollama_answers_and_says_what_it_measured(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prices.txt").write_text("The filter mats LF-2290 cost 29 crowns.", "utf-8")
    answer_of(capsys, "index", tmp_path / "prices.txt", "--data-dir", tmp_path / "data")
    monkeypatch.setenv("OLLAMA_HOST", OLLAMA)
    engines = Engines(Settings.from_env())
    seen = engines.look()
    engines.close()
    if seen.state != "running":
        pytest.skip(f"Ollama at {seen.url}: {seen.state}")
    model = min((m.size_bytes or 0, m.name) for m in seen.models if "completion" in m.capabilities)[1]
    short = ["sampling.num_predict=5", "sampling.num_ctx=512", "prompt.system=Answer.", f"model.name={model}"]
    line = [
        "ask",
        "What does LF-2290 cost?",
        "--data-dir",
        tmp_path / "data",
        "--answer",
        "generated",
        "--model",
        "ollama",
    ]
    said = answer_of(capsys, *line, *(word for one in short for word in ("--set", one)))
    assert (said["answer_style"], said["engine"], said["model"]) == ("generated", "ollama", model)
    assert said["answer"]
    assert len(said["hits"]) == 1
    assert said["stats"]["completion_tokens"] <= 5
    assert said["stats"]["prompt_tokens"] > 10
    assert said["stats"]["tokens_per_s"] > 0


def test_a_broken_answer_keeps_what_was_said() -> None:
    failed = _failure(EngineFailed("It broke.", "Try again.", partial="The warranty lasts"))
    assert failed.data == {"error": {"message": "It broke.", "fix": "Try again.", "partial": "The warranty lasts"}}
    assert failed.exit_code == 1


@pytest.mark.parametrize("command", ["search", "ask"])
def test_an_empty_question_is_wrong_usage(command: str, home: Path) -> None:
    assert cli.run([command, "  ", "--data-dir", str(home)]) == 2


# chunk -------------------------------------------------------------------------------------------------


def test_chunk_needs_no_library_and_slices_give_back_the_text(home: Path, capsys: Printed) -> None:
    path = SAMPLES / "field-guide.md"
    with Library.open(settings=Settings.from_env(data_dir=home)):  # chunk does not need the folder's lock
        line = ["chunk", path, "--data-dir", home, "--chunker", "recursive", "--set", "chunker.size=64"]
        cut = answer_of(capsys, *line)
    text = path.read_bytes().decode("utf-8")
    assert cut["text_length"] == len(text)
    assert len(cut["chunks"]) > 5
    for chunk in cut["chunks"]:
        assert set(chunk) == {"start", "end", "pages", "tokens", "text"}
        assert text[chunk["start"] : chunk["end"]] == chunk["text"]
        assert 0 < chunk["tokens"] <= 64


def test_chunk_of_a_file_that_is_not_there_names_it(capsys: Printed) -> None:
    assert cli.run(["chunk", "no-such-file.pdf"]) == 1
    assert "no-such-file.pdf" in capsys.readouterr().err


# the folder, interrupts ----------------------------------------------------------------------------------


def test_a_second_program_on_the_same_folder_gets_one_clear_line(home: Path, capsys: Printed) -> None:
    with Library.open(settings=Settings.from_env(data_dir=home)):
        with pytest.raises(StoreLocked):
            Library.open(settings=Settings.from_env(data_dir=home))
        done = program("documents", "--data-dir", home)
    assert done.returncode == 1
    assert str(home) in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="sends a signal to one process")
def test_an_interrupted_index_ends_with_130_and_the_next_one_goes_on(tmp_path: Path, capsys: Printed) -> None:
    long = tmp_path / "long.txt"
    words = (f"Sentence {n} tells of otter number {n * 7} and of its kelp." for n in range(6000))
    long.write_text("\n\n".join(words), "utf-8")
    data = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-m", "playground", "index", str(long), "--data-dir", str(data), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (data / "vectors.db").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert answer_of(capsys, "documents", "--data-dir", data)["documents"] == []
    long.write_text("Otters eat urchins.", "utf-8")
    assert answer_of(capsys, "index", long, "--data-dir", data)["documents"][0]["status"] == "indexed"


@pytest.mark.skipif(shutil.which("head") is None, reason="needs head")
def test_a_reader_that_leaves_early_is_no_error() -> None:
    line = f'"{sys.executable}" -m playground parts | head -1'
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.strip()
