"""Recipes compared on labelled questions, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.evaluation.spans import METRICS
from playground import cli
from sample_docs import folder

SEA = "Otters crack urchins on a stone. Kelp grows half a metre a day in cold water. Divers cut it by hand in summer."
LAND = "Moles dig tunnels under lawns and eat worms. Roses need water in summer. Gardeners prune them in winter."
ROWS = [
    {"question": "Who opens sea urchins?", "document": "sea.txt", "quote": "Otters crack urchins"},
    {"question": "Who harvests kelp?", "document": "sea.txt", "quote": "Divers cut it by hand"},
    {"question": "What do moles eat?", "document": "land.md", "quote": "eat worms"},
    {"question": "Who pays?", "answerable": False},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for all tests: what was embedded once stays known."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    (tmp_path / "land.md").write_text(LAND, "utf-8")
    return written(tmp_path, ROWS)


def written(where: Path, rows: list[dict[str, Any]]) -> Path:
    path = where / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def run(data: Path, *words: object) -> int:
    return cli.run(["evaluate", *map(str, words), "--data-dir", str(data), "--offline"])


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


# --- what it gives


def test_the_samples_work_out_of_the_box_and_twice_the_same(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = [folder() / "questions.yaml", "--vary", "chunker=sentence,recursive", "--json"]
    runs = []
    for _ in range(2):
        assert run(data, *line) == 0
        runs.append(answer(capsys))
    first, second = runs[0]["rows"]
    assert (runs[0]["questions"], runs[0]["unanswerable"]) == (30, 6)
    for row in (first, second):
        assert tuple(row["metrics"])[:6] == METRICS
        assert {"ndcg@10", "hit@5", "page:ndcg@10", "document:ndcg@10"} < set(row["metrics"])
        assert all(0 <= one["low"] <= one["mean"] <= one["high"] <= 1 for one in row["metrics"].values())
        assert row["metrics"]["hit_at_k"]["mean"] > 0.6
        assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p95"]
        assert row["chunks"] == row["vectors"] > 30
        assert 100 < row["mean_tokens"] < 200
        assert set(row["seconds"]) == {"cutting", "embedding"}
    assert [row["recipe"]["chunker"]["name"] for row in (first, second)] == ["sentence", "recursive"]
    assert not {"difference", "p"} & set(first)
    assert set(second["p"]) == set(second["difference"]) == set(first["metrics"])
    assert all(0 < p <= 1 for p in second["p"].values())
    for name, found in second["difference"].items():
        assert found["low"] <= found["mean"] <= found["high"]
        assert found["mean"] == pytest.approx(second["metrics"][name]["mean"] - first["metrics"][name]["mean"])
    for one in runs:
        for row in one["rows"]:
            del row["latency_ms"], row["seconds"]
    assert runs[0] == runs[1]


def test_up_to_four_recipes_stand_side_by_side(questions: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, questions, "--set", "chunker.size=16", "--vary", "retriever.k=1,2") == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].split() == ["metric", "hybrid(k=1)", "hybrid(k=2)"]
    starts = [line.split()[0] for line in lines[1:]]
    assert tuple(starts[:6]) == METRICS
    assert lines[1].count("(") == 2, "an interval for each recipe"
    assert lines[1].rstrip()[-1] in "≈↑↓"
    assert "3 questions on 2 documents; left out as unanswerable: 1" in captured.out
    assert "within noise" in captured.out
    assert captured.err == ""


def test_more_stand_one_below_the_other_and_fit_a_page(
    questions: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    assert run(data, questions, "--set", "chunker.size=16", "--vary", "retriever.k=1,2,3,4,5") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 110
    assert [line.split()[0] for line in lines if line.startswith("hybrid(")] == [f"hybrid(k={k})" for k in range(1, 6)]
    assert "≈" not in next(line for line in lines if line.startswith("hybrid(k=1)"))


def test_one_recipe_is_compared_with_nothing(questions: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, questions) == 0
    out = capsys.readouterr().out
    assert "sentence" in out
    assert "noise" not in out


def test_what_cannot_matter_is_said_and_what_can_is_not(
    questions: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, questions, "--vary", "chunker=sentence,recursive", "--vary", "sampling.seed=1,2", "--json") == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("warning: sampling: of no effect on what is retrieved")
    assert captured.err.count("\n") == 1


def test_the_budget_is_what_was_asked_for(questions: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budgets = {}
    for budget in (5, 4000):
        assert run(data, questions, "--set", "chunker.size=16", "--budget", budget, "--json") == 0
        found = answer(capsys)
        assert found["budget"] == budget
        budgets[budget] = found["rows"][0]["metrics"]["recall_at_budget"]["mean"]
    assert budgets[5] < budgets[4000] == 1.0


# --- answers


def test_answers_are_judged_by_what_needs_no_model_where_there_is_none(
    questions: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(tmp_path / "no models"))
    words = [questions, "--judge", "--set", "answer=quotes", "--vary", "retriever.k=1,2"]
    assert run(data, *words, "--json") == 0
    captured = capsys.readouterr()
    assert captured.err.count("warning: No judge") == 1
    rows = json.loads(captured.out)["rows"]
    for row in rows:
        answers = row["answers"]
        assert set(answers["metrics"]) >= {"answered", "refusal", "quotes exact", "seconds"}
        assert not {"faithfulness", "correctness"} & set(answers["metrics"])
        assert [one["question"] for one in answers["rows"]] == [one["question"] for one in ROWS], "all are asked"
        assert answers["metrics"]["answered"]["mean"] == 1
        assert all((one["engine"], one["answer_style"]) == ("none", "quotes") for one in answers["rows"])
    assert run(data, *words) == 0
    assert "no judge" in capsys.readouterr().out


@pytest.mark.builtin
def test_answers_are_judged_by_the_model_at_hand(
    builtin_model: Path, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    path = written(tmp_path, [{**ROWS[0], "answer": "Otters."}])
    assert run(data, path, "--judge", "--set", "answer=quotes", "--set", "model=builtin", "--json") == 0
    captured = capsys.readouterr()
    answers = json.loads(captured.out)["rows"][0]["answers"]
    assert "(builtin)" in answers["judge"]
    assert "tiny model" in answers["notes"][0]
    assert "tiny model" in captured.err
    (row,) = answers["rows"]
    assert set(row["grades"]) | set(row["reasons"]) >= {"faithfulness", "relevancy", "correctness"}


# --- where documents are found


def test_chromas_files_as_they_are_published(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "sea.md").write_text(SEA, "utf-8")
    at = SEA.index("Divers")
    references = json.dumps([{"content": "Divers cut", "start_index": at, "end_index": at + 10}]).replace('"', '""')
    path = tmp_path / "questions_df.csv"
    path.write_text(f'question,references,corpus_id\nWho harvests kelp?,"{references}",sea\n', "utf-8")
    assert run(data, path, "--json") == 0
    assert answer(capsys)["questions"] == 1


def test_documents_of_the_working_folder_and_of_the_library(
    questions: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, here, elsewhere = (tmp_path_factory.mktemp(name) for name in ("library", "here", "elsewhere"))
    assert cli.run(["index", str(questions.parent / "sea.txt"), "--data-dir", str(data), "--offline"]) == 0
    (here / "land.md").write_text(LAND, "utf-8")
    monkeypatch.chdir(here)
    assert run(data, written(elsewhere, ROWS)) == 0


def test_a_document_that_is_nowhere_is_named(questions: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (questions.parent / "sea.txt").unlink()
    assert run(data, questions) == 2
    err = capsys.readouterr().err
    assert "sea.txt: no file beside" in err
    assert "no document 'sea.txt' in the library" in err


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte.txt", "../../..", "."])
def test_odd_names_of_documents_are_no_files(
    name: str, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, written(tmp_path, [{"question": "q", "document": name, "quote": "x"}])) == 2
    assert "no document" in capsys.readouterr().err


# --- wrong usage, wrong files

BEIR = ("--corpus", "--queries", "--qrels")


@pytest.mark.parametrize(
    ("options", "with_questions", "said"),
    [
        ((), False, "nothing to measure on"),
        (("--budget",), False, "nothing to measure on"),
        (BEIR[:2], False, "needs --qrels too"),
        (BEIR[2:], False, "needs --corpus and --queries too"),
        ((*BEIR, "--budget"), False, "--budget cannot be used with a public collection"),
        (BEIR, True, "--corpus, --queries, --qrels cannot be used with questions"),
        ((*BEIR, "--judge"), False, "--judge cannot be used with a public collection"),
        (("--run-file",), True, "--run-file cannot be used with questions"),
    ],
)
def test_one_form_or_the_other(
    options: tuple[str, ...],
    with_questions: bool,
    said: str,
    questions: Path,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = {"--budget": ["500"], "--judge": []}
    words = [word for name in options for word in (name, *values.get(name, [questions]))]
    assert run(data, *([questions] if with_questions else []), *words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Give QUESTIONS, or --corpus, --queries and --qrels." in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--budget", "0"], ["--vary", "chunker=scissors"], ["--vary", "chunker"]])
def test_wrong_values_are_usage(wrong: list[str], questions: Path, data: Path) -> None:
    assert run(data, questions, *wrong) == 2


def test_a_file_that_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "missing.yaml") == 2
    assert "missing.yaml" in capsys.readouterr().err


def test_a_damaged_file_is_named_with_its_line(questions: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions.write_text(questions.read_text("utf-8") + "{}\n", "utf-8")
    assert run(data, questions) == 1
    err = capsys.readouterr().err
    assert "questions.jsonl, line 5: there is no question" in err
    assert err.count("\n") == 1


def test_a_quote_that_is_not_there_is_named_in_json_too(
    questions: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(questions.parent, [{**ROWS[0], "quote": "Otters sing"}, {**ROWS[1], "quote": "by machine"}, ROWS[2]])
    assert run(data, questions, "--json") == 1
    said = answer(capsys)["error"]["message"]
    assert "sea.txt: the quote “Otters sing” is not in it" in said
    assert "besides it: 1." in said


def test_questions_without_an_answer_cannot_be_measured(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, written(tmp_path, ROWS[3:])) == 2
    assert "No question can be answered" in capsys.readouterr().err
