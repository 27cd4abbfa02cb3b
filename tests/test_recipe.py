"""Recipes: immutable, addressable by --set, refused by name, diffed, stored and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines import registry
from pipelines.errors import BadParameter, UsageError
from pipelines.recipe import INDEX_SECTIONS, Recipe, choose
from pipelines.registry import SECTIONS, PartParams, knob, part
from pipelines.settings import Settings

EVERY_PART = registry.parts()


@pytest.mark.parametrize("one", EVERY_PART, ids=lambda p: f"{p.section}-{p.name}")
def test_every_part_keeps_the_contract(one):
    params = one.make_params()
    assert one.label
    assert one.description, "its docstring is what menus show"
    assert one.params.model_config["extra"] == "forbid"
    for name, field in one.params.model_fields.items():
        assert field.description, f"{name} needs a line for the hover"
        assert not field.is_required(), f"{name} needs a default"
    with pytest.raises(ValidationError):
        params.anything = 1
    with pytest.raises(BadParameter, match="no field 'nonsense'"):
        one.make_params({"nonsense": 1})
    stored = Recipe().with_(one.section, one.name)
    assert Recipe.from_json(stored.to_json()) == stored


def test_every_section_has_a_part_and_a_default():
    assert {p.section for p in EVERY_PART} == set(SECTIONS)
    assert all(Recipe().choice(section).name for section in SECTIONS)


def test_a_recipe_is_frozen():
    with pytest.raises(ValidationError):
        Recipe().chunker = "fixed"


def test_set_picks_parts_before_it_turns_knobs():
    recipe = Recipe().set(["chunker.size=64", "chunker=fixed", "sampling.temperature=0.2", "retriever.alpha=0.7"])
    assert recipe.chunker.name == "fixed"
    assert recipe.chunker.params.size == 64
    assert recipe.sampling.params.temperature == 0.2
    assert recipe.retriever.params.alpha == 0.7


def test_set_takes_lists_and_null():
    recipe = Recipe().set(['sampling.stop=["END", "}"]', "sampling.temperature=null"])
    assert recipe.sampling.params.stop == ("END", "}")
    assert recipe.sampling.params.temperature is None


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("chunkr=fixed", "Sections: reader, chunker"),
        ("chunker=fixd", "Did you mean 'fixed'"),
        ("chunker.sise=3", "Its fields: size, overlap, unit"),
        ("chunker.size=3", "Allowed: 8 to 8000"),
        ("chunker.unit=inches", "tokens"),
        ("chunker", "no '='"),
    ],
)
def test_what_does_not_exist_is_named(assignment, words):
    with pytest.raises(UsageError, match=r".") as raised:
        Recipe().set([assignment])
    assert words in str(raised.value)
    assert raised.value.exit_code == 2


def test_diff_names_parts_and_knobs():
    a = Recipe()
    b = a.set(["chunker=fixed", "retriever.k=9"])
    assert a.diff(b) == {"chunker": ("sentence", "fixed"), "retriever.k": (a.retriever.params.k, 9)}
    assert a.diff(a) == {}


def test_fingerprint_follows_what_is_stored():
    a = Recipe()
    assert a.fingerprint(INDEX_SECTIONS) == a.set(["retriever.k=9"]).fingerprint(INDEX_SECTIONS)
    assert a.fingerprint(INDEX_SECTIONS) != a.set(["chunker.size=64"]).fingerprint(INDEX_SECTIONS)
    assert a.fingerprint() != a.set(["retriever.k=9"]).fingerprint()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"version": 99}', "version 99"),
        ('{"chonker": {}}', "no section 'chonker'"),
        ('{"chunker": {"name": "sentence", "params": {"size": -1}}}', "chunker.size"),
        ('{"chunker": {"name": "nope"}}', "no chunker 'nope'"),
        ('{"chunker": 3}', "must be a name"),
        ('{"chunker": {"name": "fixed", "extra": 1}}', "no field 'extra'"),
    ],
)
def test_a_bad_recipe_file_is_refused_by_name(text, words):
    with pytest.raises(UsageError) as raised:
        Recipe.from_json(text)
    assert words in str(raised.value)


def test_a_partial_recipe_takes_defaults():
    recipe = Recipe.from_json('{"chunker": {"name": "fixed", "params": {"size": 64}}}')
    assert recipe.chunker.params.overlap == 20
    assert recipe.retriever == Recipe().retriever
    assert json.loads(recipe.to_json())["version"] == 1


def test_two_files_cannot_claim_one_name():
    def other():
        """A clash."""

    other.__module__ = "elsewhere"
    with pytest.raises(ValueError, match="already registered"):
        part("chunker", "fixed", label="x")(other)


def test_a_part_that_lacks_something_says_the_line():
    need = registry.Need("pip install nowhere", module="nowhere_at_all")
    lacking = registry.Part("chunker", "x", "X", "d", PartParams, lambda: None, (need,))
    assert not lacking.available
    assert lacking.missing == ["pip install nowhere"]


def test_knobs_carry_their_bounds_and_source():
    class Params(PartParams):
        k: int = knob(60, "Constant.", minimum=1, maximum=100, source="1/(k+rank)", fold=True)

    schema = Params.model_json_schema()["properties"]["k"]
    assert (schema["minimum"], schema["maximum"], schema["source"], schema["fold"]) == (1, 100, "1/(k+rank)", True)


def test_choose_accepts_a_choice():
    choice = choose("chunker", "fixed")
    assert choose("chunker", choice) == choice


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("somewhere:1234", "http://somewhere:1234"),
        ("https://somewhere", "https://somewhere:443"),
        ("http://somewhere/", "http://somewhere:11434"),
        ("[::1]", "http://[::1]:11434"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(given, url):
    assert Settings(ollama_host=given).ollama_url == url


def test_settings_from_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    assert Settings.from_env().data_dir == Path(tmp_path)
    assert Settings.from_env().offline
    assert Settings.from_env(port=1234).port == 1234
    monkeypatch.setenv("PLAYGROUND_PORT", "many")
    with pytest.raises(UsageError, match="PLAYGROUND_PORT"):
        Settings.from_env()
