"""The sampling section's JSON schema, its presets, and recipes from before there were any."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.answering.context import AnswerContext
from pipelines.answering.generated import generated
from pipelines.engines.base import ModelInfo
from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.presets import KNOBS, PRESETS, applied, preset_of
from pipelines.engines.sampling import SamplingParams, default, effective, schema_of
from pipelines.errors import BadParameter, UsageError
from pipelines.events import Answered
from pipelines.recipe import INDEX_SECTIONS, Recipe, choose
from pipelines.retrieval.base import Hit
from tests.ollama_replay import Replay

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}
FIXED = {"seed", "num_predict", "num_ctx", "stop", "format"}


# the schema ---------------------------------------------------------------------------------------------


def test_a_schema_typed_on_a_command_line_is_kept_as_text_and_is_no_option():
    recipe = Recipe().set([f"sampling.format={json.dumps(SCHEMA)}", "sampling.temperature=0"])
    params = recipe.sampling.params
    assert params.format == '{"type":"object","properties":{"name":{"type":"string"}}}'
    assert schema_of(params) == SCHEMA
    assert default(params) == {"temperature": 0, "num_predict": 512, "num_ctx": 4096}
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_schema_typed_into_a_form_keeps_its_shape():
    typed = json.dumps(SCHEMA, indent=2)
    assert SamplingParams(format=f"\n{typed}\n").format == typed
    assert SamplingParams(format=SCHEMA) == SamplingParams(format=json.dumps(SCHEMA, separators=(",", ":")))


@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_an_empty_schema_is_free_text(empty):
    assert SamplingParams(format=empty).format is None
    assert schema_of(SamplingParams(format=empty)) is None


@pytest.mark.parametrize(
    ("bad", "told"),
    [("json", "not JSON"), ("{'type': 'object'}", "not JSON"), ("[1]", "an object"), ([1], "an object"), (5, "object")],
)
def test_what_is_no_schema_is_refused_with_the_reason(bad, told):
    with pytest.raises(BadParameter, match=r"sampling\.format") as caught:
        choose("sampling", {"name": "default", "params": {"format": bad}})
    assert told in str(caught.value)


def test_the_schema_is_among_the_effective_values():
    with Replay("0.32.15") as server:
        engine = OllamaEngine(server.url)
        assert effective(SamplingParams(), ModelInfo("m"), engine)["format"] == (None, "server default")
        own = SamplingParams(format=SCHEMA)
        assert effective(own, ModelInfo("m"), engine)["format"] == (own.format, "you")


def test_a_generated_answer_follows_the_recipes_schema():
    text = "The capital of France is Paris."
    hit = Hit(1, 1.0, {}, "id", "a.txt", "doc", text, 0, len(text), 1, "1", (1,))
    recipe = Recipe().with_("sampling", format=SCHEMA, temperature=0)
    with Replay("0.32.15").chat("chat_schema") as server:
        engine = OllamaEngine(server.url)
        context = AnswerContext("Which?", "Which?", (hit,), (), recipe, None, lambda hit: text, engine, "smollm2")
        answered = list(generated(context))[-1]
        body = next(body for path, body in server.requests if path == "/api/chat")
    assert isinstance(answered, Answered)
    assert "capital" in json.loads(answered.text)
    assert body["format"] == SCHEMA
    assert set(body["options"]) == {"temperature", "num_predict", "num_ctx"}


def test_recipes_from_before_there_was_a_schema_load_and_name_the_same_collection():
    old = Recipe().model_dump(mode="json")
    del old["sampling"]["params"]["format"]
    recipe = Recipe.from_json(json.dumps(old))
    assert recipe == Recipe()
    assert "sampling" not in INDEX_SECTIONS
    own = recipe.with_("sampling", format=SCHEMA)
    assert own.fingerprint(INDEX_SECTIONS) == recipe.fingerprint(INDEX_SECTIONS)


# presets ------------------------------------------------------------------------------------------------


def test_presets_have_names_sentences_and_values_within_bounds():
    assert list(PRESETS) == ["own", "greedy", "precise", "balanced", "creative", "neutral"]
    for name, preset in PRESETS.items():
        assert preset.name == name
        assert preset.label
        assert preset.sentence.endswith(".")
        assert set(preset.values) <= set(KNOBS)
        assert SamplingParams(**preset.values) == applied(SamplingParams(), name)
    assert set(KNOBS) | FIXED == set(SamplingParams.model_fields)


def test_nothing_set_is_the_models_own():
    assert preset_of(SamplingParams()) == "own"
    assert preset_of(SamplingParams(temperature=0.33)) == ""


@given(st.sampled_from(list(PRESETS)), st.integers(0, 99), st.floats(0, 2), st.sampled_from([None, 7]))
def test_a_preset_replaces_its_knobs_and_nothing_else(name, seed, temperature, window):
    before = SamplingParams(seed=seed, temperature=temperature, repeat_last_n=window, stop="END", format=SCHEMA)
    after = applied(before, name)
    assert preset_of(after) == name
    assert all(getattr(after, knob) == getattr(before, knob) for knob in FIXED)
    assert applied(after, name) == after


def test_an_unknown_preset_lists_what_there_is():
    with pytest.raises(UsageError, match="greedy"):
        applied(SamplingParams(), "wild")
