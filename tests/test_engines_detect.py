"""Which engine answers, what the engine card says, and the parts of the sections model and sampling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import registry
from pipelines.engines import Engines
from pipelines.engines import detect as detect_module
from pipelines.engines.base import ModelInfo
from pipelines.engines.builtin_models import SMALL
from pipelines.engines.detect import best
from pipelines.engines.download import lock_of
from pipelines.engines.sampling import SamplingParams, effective
from pipelines.errors import BadParameter, DownloadForbidden, EngineUnreachable, ModelMissing
from pipelines.recipe import Recipe, choose
from pipelines.settings import Settings
from tests.ollama_replay import Replay, Reply, captured
from tests.test_engines_gguf import GOOD

NOWHERE = "127.0.0.1:1"


def engines(tmp_path: Path, url: str = NOWHERE, **settings) -> Engines:
    return Engines(Settings(models_dir=tmp_path, ollama_host=url, **settings))


def tags(*models: dict) -> Reply:
    return Reply(200, json.dumps({"models": list(models)}).encode(), "application/json")


def test_nothing_at_hand(tmp_path):
    at_hand = engines(tmp_path)
    assert at_hand.resolve(choose("model", "auto")) is None
    with pytest.raises(EngineUnreachable):
        at_hand.resolve(choose("model", "ollama"))
    with pytest.raises(ModelMissing, match="playground pull builtin"):
        at_hand.resolve(choose("model", "builtin"))


def test_the_built_in_model_answers_where_ollama_does_not(tmp_path):
    SMALL.path(tmp_path).write_bytes(GOOD)
    at_hand = engines(tmp_path)
    for name in ("auto", "builtin"):
        engine, model = at_hand.resolve(choose("model", name))
        assert (engine.name, model) == ("builtin", SMALL.name)


def test_ollama_is_preferred_when_it_runs_and_has_a_model(tmp_path):
    SMALL.path(tmp_path).write_bytes(GOOD)
    with Replay("0.32.15") as server:
        at_hand = engines(tmp_path, server.url)
        engine, model = at_hand.resolve(choose("model", "auto"))
        assert (engine.name, model) == ("ollama", "qwen:latest")  # 630 million weights; the others have 135
        named = choose("model", {"name": "ollama", "params": {"name": "smollm2"}})
        assert at_hand.resolve(named)[1] == "smollm2"
        assert at_hand.resolve(choose("model", "ollama"))[1] == "qwen:latest"
        server.routes["/api/tags"] = tags({"name": "embedder", "capabilities": ["embedding"]})
        at_hand.forget()
        assert at_hand.resolve(choose("model", "auto"))[0].name == "builtin"
        with pytest.raises(ModelMissing, match="ollama pull"):
            at_hand.resolve(choose("model", "ollama"))


def test_a_page_that_asks_often_does_not_ask_ollama_often(tmp_path):
    with Replay("0.32.15") as server:
        at_hand = engines(tmp_path, server.url)
        for _ in range(20):
            at_hand.status()
        assert len([path for path, _ in server.requests if path == "/api/version"]) == 1
        at_hand.status(max_age_s=0)
        assert len([path for path, _ in server.requests if path == "/api/version"]) == 2


def model(name: str, parameters: int | None, *capabilities: str) -> ModelInfo:
    return ModelInfo(name, parameters=parameters, capabilities=frozenset(capabilities or ("completion",)))


@pytest.mark.parametrize(
    ("models", "chosen"),
    [
        ((), None),
        ((model("e", 10**9, "embedding"),), None),
        ((model("tiny", 10**8), model("one", 10**9), model("eight", 8 * 10**9)), "eight"),
        ((model("huge", 70 * 10**9), model("one", 10**9)), "one"),
        ((model("huge", 70 * 10**9), model("large", 30 * 10**9), model("tiny", 10**8)), "large"),
        ((model("tiny", 10**8), model("unknown", None)), "tiny"),
        ((model("cloud", 8 * 10**9, "completion", "remote"),), None),
    ],
)
def test_the_model_to_prefer(models, chosen):
    found = best(models)
    assert (found.name if found else None) == chosen


@pytest.mark.parametrize(
    ("system", "there", "state", "says"),
    [
        ("Linux", None, "not installed", "install.sh"),
        ("Darwin", None, "not installed", "brew install ollama"),
        ("Windows", None, "not installed", "winget install Ollama.Ollama"),
        ("Linux", "/usr/bin/ollama", "stopped", "ollama serve"),
        ("Darwin", "/usr/local/bin/ollama", "stopped", "open -a Ollama"),
    ],
)
def test_the_line_to_type(tmp_path, monkeypatch, system, there, state, says):
    monkeypatch.setattr(detect_module.platform, "system", lambda: system)
    monkeypatch.setattr(detect_module.shutil, "which", lambda name: there)
    found = engines(tmp_path).status().ollama
    assert found.state == state
    assert says in found.fix


def test_an_ollama_on_another_machine_is_not_to_be_installed_here(tmp_path):
    assert engines(tmp_path, "http://no.such.host.invalid:11434").status().ollama.state == "unreachable"


def test_the_engine_card(tmp_path):
    with Replay("0.9.3") as server:
        found = engines(tmp_path, server.url).status()
        assert (found.ollama.state, found.ollama.version) == ("running", "0.9.3")
        assert (found.engine, found.model) == ("ollama", "smolpool:latest")
        server.routes["/api/tags"] = tags()
        assert engines(tmp_path, server.url).status().ollama.fix == "ollama pull llama3.2"
        server.routes["/api/version"] = captured("0.9.3", "chat_bad_json")
        assert engines(tmp_path, server.url).status().ollama.state == "unreachable"


def test_the_card_of_the_built_in_models(tmp_path):
    own = tmp_path / "mine.gguf"
    at_hand = engines(tmp_path, builtin_model=str(own))
    card = {entry.name: entry for entry in at_hand.status().builtin}
    assert (card["mine"].state, card[SMALL.name].state) == ("broken", "absent")
    assert card[SMALL.name].fix == "playground pull builtin"
    with lock_of(SMALL, at_hand._settings):
        assert {e.name: e.state for e in at_hand.status().builtin}[SMALL.name] == "downloading"
    own.write_bytes(GOOD)
    SMALL.path(tmp_path).write_bytes(b"junk")
    card = {entry.name: entry for entry in at_hand.status().builtin}
    assert (card["mine"].state, card[SMALL.name].state) == ("present", "broken")
    assert "GGUF" in card[SMALL.name].note
    assert at_hand.status().model == "mine"


def test_pull_goes_to_the_engine_of_the_name(tmp_path):
    at_hand = engines(tmp_path, offline=True)
    for name in ("builtin", "builtin/qwen2.5-coder-0.5b", "llama3.2"):
        with pytest.raises(DownloadForbidden, match=r"smollm2-135m|qwen2|llama3"):
            list(at_hand.pull(name))
    with pytest.raises(ModelMissing, match="qwen2"):
        list(at_hand.pull("builtin/nope"))


# sampling ------------------------------------------------------------------------------------------


def test_sampling_has_ollamas_names_and_leaves_them_to_the_model():
    names = "temperature top_k top_p min_p typical_p repeat_penalty repeat_last_n presence_penalty"
    names += " frequency_penalty seed num_predict num_ctx stop format"
    assert list(SamplingParams.model_fields) == names.split()
    part = registry.get("sampling", "default")
    assert part.build(SamplingParams()) == {"num_predict": 512, "num_ctx": 4096}
    assert part.build(SamplingParams(temperature=0, stop="END")) == {
        "temperature": 0,
        "num_predict": 512,
        "num_ctx": 4096,
        "stop": ("END",),
    }


def test_three_knobs_are_open_and_every_knob_is_explained():
    fields = SamplingParams.model_fields.items()
    assert [n for n, f in fields if not f.json_schema_extra["fold"]] == ["temperature", "top_k", "top_p"]
    assert all(field.description for _, field in fields)


@pytest.mark.parametrize("bad", [{"temperature": -1}, {"top_p": 1.1}, {"num_ctx": 10}, {"topk": 1}, {"seed": -2}])
def test_values_out_of_bounds_are_named(bad):
    with pytest.raises(BadParameter, match=next(iter(bad))):
        choose("sampling", {"name": "default", "params": bad})


def test_options_typed_on_a_command_line():
    recipe = Recipe().set(["sampling.temperature=0.3", "sampling.stop=END", "sampling.seed=7", "sampling.num_ctx=null"])
    params = recipe.sampling.params
    assert (params.temperature, params.stop, params.seed, params.num_ctx) == (0.3, ("END",), 7, None)
    recipe = Recipe().set(['sampling.stop=["a","b"]'])
    assert recipe.sampling.params.stop == ("a", "b")
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_effective_values_and_where_they_come_from():
    info = ModelInfo("m", context=2048, defaults={"temperature": 0.6, "stop": ["<|im_end|>"]})
    with Replay("0.9.3") as server:
        found = effective(SamplingParams(top_k=5), info, engines(Path("none"), server.url).ollama)
    assert found["top_k"] == (5, "you")
    assert found["temperature"] == (0.6, "model file")
    assert found["stop"] == (["<|im_end|>"], "model file")
    assert found["repeat_penalty"] == (1.1, "server default")
    assert found["num_predict"] == (512, "recipe")
    assert found["num_ctx"] == (2048, "model's limit")
    assert found["seed"] == (None, "server default")
