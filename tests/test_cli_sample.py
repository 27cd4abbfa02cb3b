"""``sample`` from the command line: its JSON, its words, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.embedding.pieces import embed_whole
from pipelines.engines.sampling import SamplingParams
from playground import cli
from tests.ollama_replay import Replay, ndjson

Printed = pytest.CaptureFixture[str]
ASK = "Name a sea animal."
SHORT = ("--set", "sampling.num_predict=5", "--set", "sampling.num_ctx=512")


@pytest.fixture(autouse=True)
def _nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Ollama, no downloads, no model of this machine's user."""
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    monkeypatch.setenv("PLAYGROUND_THREADS", "1")
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


@pytest.fixture
def builtin(builtin_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(builtin_model.parent))


def drawn(printed: Printed, *words: str, code: int = 0) -> tuple[dict[str, Any], str]:
    """(the JSON on stdout, what stderr says)."""
    found = cli.run(["sample", *words, "--json"])
    captured = printed.readouterr()
    assert found == code, captured.err
    return json.loads(captured.out), captured.err


# with the real built-in model ---------------------------------------------------------------------------


@pytest.mark.builtin
def test_a_text_with_its_tokens_and_what_was_really_used(builtin: None, capsys: Printed) -> None:
    found, said = drawn(capsys, ASK, *SHORT, "--set", "sampling.temperature=0.2", "--seeds", "3")
    (column,) = found["columns"]
    assert said == ""
    assert (column["engine"], column["model"], column["variety"]) == ("builtin", "smollm2-135m", None)
    assert set(column["sampling"]) == set(column["origins"]) == set(SamplingParams.model_fields)
    assert (column["sampling"]["temperature"], column["origins"]["temperature"]) == (0.2, "you")
    assert (column["sampling"]["top_k"], column["origins"]["top_k"]) == (40, "server default")
    assert column["sampling"]["seed"] == 3
    (one,) = column["samples"]
    assert (one["finish"], one["seed"], one["state"]) == ("length", 3, "done")
    assert one["stats"]["completion_tokens"] == len(one["tokens"]) == 5
    assert "".join(token["token"] for token in one["tokens"]) == one["text"]
    for token in one["tokens"]:
        assert len(token["candidates"]) == 20
        assert token["logprob"] in [other["logprob"] for other in token["candidates"]]


@pytest.mark.builtin
def test_repeats_over_a_grid_and_how_much_they_vary(builtin: None, capsys: Printed) -> None:
    vary = ("--vary", "sampling.temperature=0,1.5", "--repeat", "3", "--seeds", "1,1,2")
    found, _ = drawn(capsys, ASK, *SHORT, *vary)
    cold, hot = found["columns"]
    assert [cold["name"], hot["name"]] == ["temperature=0.0", "temperature=1.5"]
    assert [one["seed"] for one in hot["samples"]] == [1, 1, 2]
    assert (cold["sampling"]["seed"], cold["origins"]["seed"]) == ([1, 1, 2], "repeats")
    assert (cold["variety"]["distinct"], cold["variety"]["agreement"]) == (1, 1)
    assert cold["variety"]["edit_similarity"] == 1
    assert cold["variety"]["cosine"] == pytest.approx(1)
    assert hot["variety"]["distinct"] == 2
    assert hot["variety"]["cosine"] < 1
    assert hot["variety"]["same_seed"] == {"pairs": 1, "equal": 1}
    assert hot["variety"]["finish"] == {"length": 3}


@pytest.mark.builtin
def test_people_see_texts_with_who_wrote_them_and_a_table(builtin: None, capsys: Printed) -> None:
    assert cli.run(["sample", ASK, *SHORT, "--set", "sampling.temperature=0", "--repeat", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("smollm2-135m (builtin)\ntemperature 0")
    assert said.count(" · 5 tokens · ") == 2
    assert "[seed 2 · length" in said
    assert "1 of 2" in said
    assert "edit similarity" in said


@pytest.mark.builtin
def test_the_instructions_and_the_schema_reach_the_model(builtin: None, capsys: Printed) -> None:
    schema = '{"type":"object","properties":{"animal":{"type":"string"}},"required":["animal"]}'
    own = ("--set", "prompt.system=Answer in JSON.", "--set", f"sampling.format={schema}")
    (column,) = drawn(capsys, ASK, *SHORT, *own, "--seeds", "1")[0]["columns"]
    assert column["samples"][0]["text"].lstrip().startswith("{")
    assert json.loads(column["sampling"]["format"]) == json.loads(schema)
    assert column["system"] == "Answer in JSON."
    plain = drawn(capsys, ASK, *SHORT)[0]["columns"][0]
    assert "system" not in plain
    assert column["samples"][0]["stats"]["prompt_tokens"] != plain["samples"][0]["stats"]["prompt_tokens"]


@pytest.mark.builtin
def test_a_broken_column_is_named_and_the_other_is_there(
    builtin: None, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replay("0.9.3") as server:
        server.routes["/api/chat"] = ndjson({"message": {"content": "An otter"}, "done": False}, {"error": "it broke"})
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        found, said = drawn(capsys, ASK, *SHORT, "--vary", "model=builtin,ollama", code=1)
    good, bad = found["columns"]
    assert "error" not in good
    assert good["samples"][0]["finish"] == "length"
    assert bad["engine"] == "ollama"
    assert bad["samples"][0]["text"] == "An otter"
    assert "it broke" in bad["error"]["message"]
    (line,) = said.splitlines()
    assert line.startswith("error: model=ollama")
    assert bad["model"] in line


# with a recorded Ollama ---------------------------------------------------------------------------------


def test_an_option_the_server_does_not_take_is_warned_of(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay("0.9.3").chat("chat_stream") as server:
        show = server.routes["/api/show"]
        show.body = show.body.replace(b'"general.architecture":"llama"', b'"general.architecture":"qwen3"')
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        found, said = drawn(capsys, ASK, "--set", "sampling.typical_p=0.5", "--model", "ollama")
    (column,) = found["columns"]
    assert column["samples"][0]["tokens"] is None
    assert "typical_p" in column["ignored"]
    (line,) = said.splitlines()
    assert line.startswith("warning: ")
    assert "sampling.typical_p has no effect" in line
    assert "0.9.3" in line


def test_what_the_draw_does_not_look_at_is_warned_of(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay("0.32.15").chat("chat_stream_logprobs") as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        vary = ("--vary", "retriever.k=3,5", "--vary", "sampling.seed=1,2", "--vary", "model=ollama,auto")
        found, said = drawn(capsys, ASK, *vary)
    assert len(found["columns"]) == 8
    assert found["columns"][0]["name"] == "model=ollama, seed=1"
    assert found["columns"][-1]["name"] == "model=auto, seed=2"
    assert "retriever: of no effect on what is drawn" in said


# wrong usage, nothing at hand -----------------------------------------------------------------------------


def test_without_a_model_it_says_what_to_pull(capsys: Printed) -> None:
    found, said = drawn(capsys, ASK, "--vary", "sampling.temperature=0,1", code=1)
    assert "playground pull builtin" in found["error"]["fix"]
    assert said.count("\n") == 1
    assert said.startswith("error: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["  "], "empty"),
        ([ASK, "--seeds", "1,two"], "--seeds"),
        ([ASK, "--seeds", "1", "--repeat", "2"], "2 repeats need 2 seeds"),
        ([ASK, "--seeds", "-4"], "sampling.seed"),
        ([ASK, "--repeat", "0"], "--repeat"),
        ([ASK, "--set", "sampling.format={no json"], "sampling.format"),
        ([ASK, "--set", "sampling.format=[1]"], "an object"),
        ([ASK, "--vary", "sampling.warmth=1"], "warmth"),
    ],
)
def test_wrong_usage_is_named(words: list[str], told: str, capsys: Printed) -> None:
    assert cli.run(["sample", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


# vectors of whole texts -----------------------------------------------------------------------------------


def test_a_text_of_any_length_has_one_unit_vector() -> None:
    embedder = BuiltinEmbedder(1)
    texts = ["Otters eat urchins.", "", "kelp and tide " * 200, "Otters eat urchins."]
    vectors = embed_whole(texts, embedder)
    assert vectors.shape == (4, embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vectors[0], vectors[3])
    assert np.array_equal(vectors[0], embedder.embed(texts[:1])[0])
    assert embed_whole([], embedder).shape == (0, embedder.dimensions)
