"""The named endpoints of the labs, called as a program calls them: through gradio_client, on the running app."""

from __future__ import annotations

import json

import httpx
import pytest
import yaml
from gradio_client import Client

from pipelines.settings import Settings
from playground import cli, endpoints
from playground.app import running
from playground.endpoints import evaluating
from sample_docs import folder
from tests.ollama_replay import Replay, ndjson

REPORT = folder() / "harbour-energy-report.pdf"
GUIDE = folder() / "field-guide.md"


def settings(data_dir, **more):
    more = {"models_dir": data_dir / "models", "ollama_host": "127.0.0.1:9", **more}
    return Settings(data_dir=data_dir, offline=True, port=0, threads=1, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(settings(tmp_path_factory.mktemp("data"))) as (services, url):
        services.library.add(REPORT)
        services.library.add(GUIDE)
        yield services, url


@pytest.fixture(scope="module")
def app(served):
    return Client(served[1], verbose=False)


def streamed(client, *arguments, **named):
    """(what came before the end, the end)."""
    job = client.submit(*arguments, **named)
    job.result(timeout=120)
    *before, last = job.outputs()
    assert last.pop("done") is True
    assert not any(one["done"] for one in before)
    return before, last


def told(capsys, *words):
    """What the command line prints with --json."""
    assert cli.run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_list_of_endpoints_is_pinned(app):
    named = app.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {f"/{name}" for name in endpoints.NAMES}
    taken = {name: [p["parameter_name"] for p in known["parameters"]] for name, known in named.items()}
    assert taken == {
        "/upload": ["files"],
        "/documents": [],
        "/remove": ["name"],
        "/search": ["query", "documents", "recipe", "pages"],
        "/ask": ["question", "documents", "recipe"],
        "/chunk": ["document", "text", "recipe"],
        "/sample": ["prompt", "recipe", "vary", "repeat", "seeds"],
        "/read": ["document", "page", "reader", "degrade", "truth", "seconds", "recipe"],
        "/evaluate": ["questions", "question_set", "vary", "recipe", "budget", "judge"],
    }


# chunk --------------------------------------------------------------------------------------------------


def test_a_document_is_cut_as_the_command_cuts_its_file(app, capsys):
    recipe = {"chunker": {"name": "recursive", "params": {"size": 90}}}
    _, found = streamed(app, GUIDE.name, recipe=recipe, api_name="/chunk")
    assert found.pop("notes") == []
    assert found == told(capsys, "chunk", str(GUIDE), "--chunker", "recursive", "--set", "chunker.size=90")
    assert len(found["chunks"]) > 5


def test_a_pasted_text_is_cut_and_a_slow_cut_tells_where_it_stands(app):
    text = "\n\n".join(f"Paragraph {n} tells of the harbour and its {n} boats." for n in range(300))
    recipe = {"chunker": {"name": "semantic"}}
    before, found = streamed(app, text=text, recipe=recipe, api_name="/chunk")
    assert found["text_length"] == len(text)
    assert found["chunks"][0]["text"].startswith("Paragraph 0")
    assert any("cutting" in one["progress"] for one in before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing to cut"),
        ({"document": GUIDE.name, "text": "both"}, "two things"),
        ({"document": "no.pdf"}, "no document"),
        ({"text": "words", "recipe": {"chunker": {"name": "axe"}}}, "axe"),
    ],
)
def test_what_cannot_be_cut_is_explained(app, arguments, words):
    with pytest.raises(Exception, match=words):
        app.predict(**arguments, api_name="/chunk")


# read ---------------------------------------------------------------------------------------------------


def test_a_page_is_read_as_the_command_reads_its_file(app, capsys, tmp_path):
    truth = app.predict(REPORT.name, 3, "text-layer", api_name="/read")["text"]
    (tmp_path / "truth.txt").write_text(truth, "utf-8")
    _, found = streamed(app, REPORT.name, 3, "tesseract", "dpi=90,blur=1", truth, api_name="/read")
    same = told(
        capsys, "read", str(REPORT), "--page", "3", "--reader", "tesseract", "--degrade", "dpi=90,blur=1",
        "--truth", str(tmp_path / "truth.txt"),
    )  # fmt: skip
    assert found.pop("notes") == []
    assert found.pop("seconds") > 0
    assert same.pop("seconds") > 0
    assert found == same
    assert 0 < found["metrics"]["cer"] < 1


def test_more_dots_than_usual_are_drawn(app):
    usual, fine = (app.predict(REPORT.name, 3, "tesseract", degrade, api_name="/read") for degrade in ("", "dpi=300"))
    right = [max(word["box"][2] for word in read["words"]) for read in (usual, fine)]
    assert right[0] == pytest.approx(right[1], rel=0.02), "boxes do not depend on the dots"
    assert usual["metrics"] is None
    assert len(fine["text"]) > 500


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((REPORT.name, 99), "has no page 99"),
        ((GUIDE.name, 1), "text already"),
        ((REPORT.name, 1, "oracle"), "oracle"),
        ((REPORT.name, 1, "tesseract", "dpi=ten"), "dpi"),
        ((REPORT.name, 1, "vlm:model=nobody"), "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_read_is_explained(app, arguments, words):
    with pytest.raises(Exception, match=words):
        app.predict(*arguments, api_name="/read")


# evaluate -----------------------------------------------------------------------------------------------


def test_questions_are_measured_as_the_command_measures_them(app, capsys, tmp_path):
    every = yaml.safe_load((folder() / "questions.yaml").read_text("utf-8"))
    asked = [one for one in every if one.get("document") == GUIDE.name][:4] + [
        one for one in every if one.get("answerable") is False
    ][:1]
    (tmp_path / "asked.json").write_text(json.dumps(asked), "utf-8")
    (tmp_path / GUIDE.name).write_bytes(GUIDE.read_bytes())
    recipe = {"retriever": {"name": "keyword", "params": {"k": 3}}}
    vary = ["chunker=sentence,recursive"]
    before, found = streamed(app, asked, vary=vary, recipe=recipe, budget=2000, api_name="/evaluate")
    same = told(
        capsys, "evaluate", str(tmp_path / "asked.json"), "--vary", *vary, "--retriever", "keyword",
        "--set", "retriever.k=3", "--budget", "2000", "--data-dir", str(tmp_path / "data"),
    )  # fmt: skip
    assert [one["row"] for one in before if "row" in one] == found["rows"]
    assert {name: found[name] for name in ("questions", "unanswerable", "documents", "budget")} == {
        "questions": 4, "unanswerable": 1, "documents": 1, "budget": 2000,
    }  # fmt: skip
    for ours, theirs in zip(found["rows"], same["rows"], strict=True):
        assert ours["recipe"] == theirs["recipe"]
        assert ours["metrics"] == theirs["metrics"]
        assert set(ours) == set(theirs)
        assert ours.get("difference") == theirs.get("difference")


def test_answers_are_judged_where_asked_for(app):
    asked = [{"question": "How long is the causeway dry?", "document": GUIDE.name, "quote": "causeway"}]
    _, found = streamed(app, asked, judge=True, api_name="/evaluate")
    (row,) = found["rows"]
    assert row["answers"]["rows"][0]["answer_style"] == "quotes"
    assert any("No judge" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([{"question": "Who?"}],), "question 1: the question names no document"),
        (([],), "holds no question"),
        (([{"question": "Who?", "document": "no.pdf", "quote": "he"}],), "no.pdf"),
        (([{"question": "Who?", "document": GUIDE.name, "quote": "not a word of it"}],), "not a word of it"),
        ((None, "no such set"), "no such set"),
        ((None, "samples", None, None, 0), "budget"),
    ],
)
def test_what_cannot_be_measured_is_explained(app, arguments, words):
    with pytest.raises(Exception, match=words):
        app.predict(*arguments, api_name="/evaluate")


# sample -------------------------------------------------------------------------------------------------


def test_without_a_model_there_is_nothing_to_draw_from(app):
    with pytest.raises(Exception, match="to draw from"):
        app.predict("Name a sea animal.", api_name="/sample")
    with pytest.raises(Exception, match="prompt is empty"):
        app.predict("  ", api_name="/sample")


@pytest.mark.builtin
def test_texts_grow_and_end_as_the_command_tells_them(builtin_model, tmp_path, capsys, monkeypatch):
    recipe = {"sampling": {"name": "default", "params": {"num_predict": 6, "num_ctx": 512}}}
    vary = ["sampling.temperature=0,1.5"]
    with running(settings(tmp_path / "app", models_dir=builtin_model.parent)) as (_, url):
        client = Client(url, verbose=False)
        before, found = streamed(client, "Name a sea animal.", recipe, vary, repeat=2, seeds=[7, 7], api_name="/sample")
    texts = {(one["column"], one["sample"]): one["text"] for one in before}
    assert texts == {
        (at, n): one["text"] for at, column in enumerate(found["columns"]) for n, one in enumerate(column["samples"])
    }
    assert [column["variety"]["same_seed"]["pairs"] for column in found["columns"]] == [1, 1]
    for name, value in {"OFFLINE": "1", "THREADS": "1", "MODELS_DIR": str(builtin_model.parent)}.items():
        monkeypatch.setenv(f"PLAYGROUND_{name}", value)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    same = told(
        capsys, "sample", "Name a sea animal.", "--vary", *vary, "--repeat", "2", "--seeds", "7,7",
        "--set", "sampling.num_predict=6", "--set", "sampling.num_ctx=512", "--data-dir", str(tmp_path / "data"),
    )  # fmt: skip
    for ours, theirs in zip(found["columns"], same["columns"], strict=True):
        assert set(ours) == set(theirs)
        assert ours["sampling"] == theirs["sampling"]
        assert [one["text"] for one in ours["samples"]] == [one["text"] for one in theirs["samples"]]


def test_one_broken_column_does_not_hide_another(tmp_path):
    with Replay("0.9.3") as server, running(settings(tmp_path, ollama_host=server.url)) as (_, url):
        server.routes["/api/chat"] = ndjson({"message": {"content": "An otter"}, "done": False}, {"done": True})
        _, found = streamed(
            Client(url, verbose=False), "Name a sea animal.", None, ["model=ollama,builtin"], api_name="/sample"
        )
    good, bad = found["columns"]
    assert good["samples"][0]["text"] == "An otter"
    assert bad["samples"] == []
    assert "No built-in model" in bad["error"]["message"]


# runs ---------------------------------------------------------------------------------------------------


def test_whatever_a_program_asks_for_is_kept_as_a_run(served, app):
    services, url = served
    asked = [{"question": "How long is the causeway dry?", "document": GUIDE.name, "quote": "causeway"}]
    calls = {
        "search": ("causeway", [GUIDE.name]),
        "ask": ("How long is the causeway dry?", [GUIDE.name]),
        "chunk": (GUIDE.name,),
        "read": (REPORT.name, 3, "text-layer"),
        "evaluate": (asked, "", ["retriever=keyword,semantic"]),
    }
    for name, given in calls.items():
        before = services.runs.count()
        app.predict(*given, api_name=f"/{name}")
        made = services.runs.find(limit=services.runs.count() - before)
        assert [run.kind for run in made] == [name] * (2 if name == "evaluate" else 1)
        for run in made:
            assert (run.state, run.origin) == ("done", "endpoint")
            for ending in ("json", "html", "py"):
                status = httpx.get(f"{url}run/{run.id}.{ending}").status_code
                assert status == 200 or (name, ending) == ("evaluate", "py"), (name, ending)


def test_what_failed_is_kept_as_that(served, app):
    with pytest.raises(Exception, match="has no page 99"):
        app.predict(REPORT.name, 99, api_name="/read")
    (run,) = served[0].runs.find(limit=1)
    assert (run.kind, run.state) == ("read", "failed")
    assert "has no page 99" in run.error


def test_a_client_that_goes_leaves_a_run_that_was_stopped(served):
    services = served[0]
    (evaluate,) = evaluating.endpoints(services)
    asked = [{"question": "How long?", "document": GUIDE.name, "quote": "causeway"}]
    steps = evaluate(asked, "", ["retriever=keyword,semantic"])
    while "row" not in next(steps):
        pass
    steps.close()
    after, before = services.runs.find(limit=2)
    assert (before.state, after.state) == ("done", "stopped")
