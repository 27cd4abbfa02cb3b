"""Recipes compared on a public collection, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.recipe import Recipe
from playground import cli

DOCUMENTS = {
    "d1": ("Otters", "Otters crack urchins on a stone that they carry under the arm."),
    "d2": ("", "A tidal turbine turns twice a day with the water."),
    "d3": ("Kelp", "Kelp grows up to half a metre a day in cold water. " * 30 + "Divers cut it by hand."),
}
QUERIES = {"q1": "animal that eats sea urchins", "q2": "who harvests kelp", "q3": "not judged"}
QRELS = [("q1", "d1", 1), ("q2", "d3", 2), ("q3", "d2", 0)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    corpus, queries, qrels = (tmp_path / name for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"))
    rows = [{"_id": id, "title": title, "text": text} for id, (title, text) in DOCUMENTS.items()]
    corpus.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    queries.write_text("\n".join(json.dumps({"_id": id, "text": text}) for id, text in QUERIES.items()), "utf-8")
    qrels.write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t{n}\n" for q, d, n in QRELS), "utf-8")
    where = ["--corpus", corpus, "--queries", queries, "--qrels", qrels, "--data-dir", tmp_path / "data"]
    return ["evaluate", *map(str, where)]


def test_a_knob_that_some_parts_lack_is_told_in_one_line(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    vary = ["--vary", "retriever=hybrid,keyword", "--vary", "retriever.fusion=relative,rrf"]
    assert cli.run([*files, *vary, "--json"]) == 0
    captured = capsys.readouterr()
    found = [row["recipe"]["retriever"] for row in json.loads(captured.out)["rows"]]
    assert [(one["name"], one["params"].get("fusion")) for one in found] == [
        ("hybrid", "relative"),
        ("hybrid", "rrf"),
        ("keyword", None),
    ]
    assert [line for line in captured.err.splitlines() if line.startswith("warning")] == [
        "warning: retriever.fusion: of no effect on keyword, which has no such knob."
    ]


def test_a_knob_that_no_part_has_is_wrong_usage(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*files, "--vary", "retriever=keyword,semantic", "--vary", "retriever.fusion=rrf,dbsf"]) == 2
    err = capsys.readouterr().err
    assert "fusion" in err
    assert "depth" in err, "lists what there is"


def test_recipes_and_variations_are_rows_in_order_and_rankings_a_trec_file(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyword = tmp_path / "keyword.json"
    keyword.write_text(Recipe().set(["retriever=keyword"]).to_json(), "utf-8")
    default = tmp_path / "default.json"
    default.write_text("{}", "utf-8")
    line = ["--recipe", str(keyword), "--recipe", str(default), "--vary", "retriever.k=3,5"]
    run_file = tmp_path / "run.txt"
    assert cli.run([*files, *line, "--run-file", str(run_file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["questions"] == 2
    retrievers = [row["recipe"]["retriever"] for row in found["rows"]]
    assert [(one["name"], one["params"]["k"]) for one in retrievers] == [
        ("keyword", 3),
        ("keyword", 5),
        ("hybrid", 3),
        ("hybrid", 5),
    ]
    for row in found["rows"]:
        assert set(row) == {"recipe", "metrics", "latency_ms"}
        assert set(row["latency_ms"]) == {"p50", "p95"}
        assert all(set(interval) == {"mean", "low", "high"} for interval in row["metrics"].values())
    assert found["rows"][2]["metrics"]["ndcg@10"]["mean"] == 1.0
    ranked = [one.split() for one in run_file.read_text("utf-8").splitlines()]
    assert all(len(one) == 6 and one[1] == "Q0" for one in ranked)
    assert {one[0] for one in ranked} == {"q1", "q2"}


def test_people_see_means_and_are_told_what_has_no_effect(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*files, "--retriever", "keyword", "--vary", "chunker.size=100,200"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert next(line for line in lines if line.startswith("ndcg@10")).count("(") == 2, "an interval for each recipe"
    assert any(line.startswith("p95 ms") for line in lines)
    assert "chunker" in captured.err
    assert captured.err.startswith("warning: ")


def test_a_file_that_is_not_there_is_wrong_usage(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*files[:-4], "--qrels", "missing.tsv"]) == 2
    assert "missing.tsv" in capsys.readouterr().err


def test_a_damaged_file_is_named_with_its_line(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "x"}\nnot json\n', "utf-8")
    assert cli.run(files) == 1
    err = capsys.readouterr().err
    assert "queries.jsonl, line 2" in err
    assert err.count("\n") == 1


def test_a_run_file_without_a_folder_is_refused_before_the_work(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*files, "--run-file", str(tmp_path / "none" / "run.txt")]) == 2
    assert not (tmp_path / "data").exists()
