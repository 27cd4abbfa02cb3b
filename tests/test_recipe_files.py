"""Recipe files: any recipe survives them, nothing else gets through, and the published schema says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines import registry
from pipelines.errors import BadParameter, UnknownPart, UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.recipes.parsing import ABOUT, MOST_BYTES, read_text
from pipelines.recipes.schema import FILE
from pipelines.recipes.versions import MIGRATIONS, VERSION, migrated
from sample_docs import folder, recipe_files
from tests.recipes_by_chance import fields_of, file_with, recipes, wrong_values

PUBLISHED = Draft202012Validator(json.loads(FILE.read_text("utf-8")))

EVERY_PART = registry.parts()

EVERY_KNOB = [(part, name, *found) for part in EVERY_PART for name, found in fields_of(part).items()]

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=15)


def strict(text):
    """JSON as its definition has it."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def run(script):
    """The recipe a script makes, without running its question."""
    scope: dict = {}
    exec(script.split("\nwith Library.open(")[0], scope)
    return scope


# the schema -----------------------------------------------------------------------------------------------


def test_the_published_schema_is_what_the_parts_make():
    code = "from pipelines.recipes import schema; import sys; sys.stdout.buffer.write(schema.text().encode())"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.decode()
    assert FILE.read_text("utf-8") == made, "out of date: run python -m pipelines.recipes.schema"
    Draft202012Validator.check_schema(PUBLISHED.schema)


@pytest.mark.parametrize("part", EVERY_PART, ids=lambda p: f"{p.section}-{p.name}")
def test_the_schema_knows_every_part(part):
    told = PUBLISHED.schema["$defs"][f"{part.section}.{part.name}"]
    assert set(told["properties"] if part.params.model_fields else ()) == set(part.params.model_fields)
    for name, field in part.params.model_fields.items():
        assert told["properties"][name]["description"] == field.description
    assert PUBLISHED.is_valid({part.section: part.name})
    assert PUBLISHED.is_valid({part.section: {"name": part.name, "params": None}})


# what survives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", EVERY_PART, ids=lambda p: f"{p.section}-{p.name}")
@calm
@given(data=st.data())
def test_any_recipe_survives_json_and_python(part, data):
    recipe = data.draw(recipes(of=part))
    question = data.draw(st.text(max_size=80))
    text = recipe.to_json()
    PUBLISHED.validate(strict(text))
    again = Recipe.from_json(text)
    assert (again, again.fingerprint()) == (recipe, recipe.fingerprint())
    scope = run(recipe.to_python(question, name=question))
    assert (scope["recipe"], scope["question"]) == (recipe, question)
    assert scope["recipe"].fingerprint() == recipe.fingerprint()


@calm
@given(recipes(), st.text(max_size=200), st.text(max_size=2000), st.text(max_size=400))
def test_a_named_recipe_survives(recipe, name, note, origin):
    named = NamedRecipe(name or "x", recipe, note, "2026-11-24T12:00:00+00:00", origin)
    PUBLISHED.validate(strict(named.to_json()))
    assert NamedRecipe.from_json(named.to_json()) == named
    assert Recipe.from_json(named.to_json()) == recipe


@pytest.mark.parametrize("path", recipe_files(), ids=lambda path: path.stem)
def test_a_sample_recipe_fits_and_tells_what_it_is_for(path):
    text = path.read_text("utf-8")
    PUBLISHED.validate(strict(text))
    named = NamedRecipe.from_file(path)
    assert named.name
    assert named.note.endswith(".")
    assert named.recipe != Recipe()
    assert not named.recipe.missing()
    assert set(json.loads(text)) - {"version", *ABOUT} == {
        place.partition(".")[0] for place in Recipe().diff(named.recipe)
    }, "it says what differs from the standard, and nothing else"


def test_every_sample_recipe_is_listed_and_none_is_another():
    assert {path.name for path in (folder() / "recipes").iterdir()} == {path.name for path in recipe_files()}
    known = [NamedRecipe.from_file(path) for path in recipe_files()]
    assert len({one.name for one in known}) == len({one.recipe.fingerprint() for one in known}) == len(known)


def test_numbers_as_other_programs_write_them():
    recipe = Recipe.from_json('{"chunker": {"name": "fixed", "params": {"size": 64.0}}, "sampling": "default"}')
    assert recipe.chunker.params.size == 64
    assert isinstance(recipe.chunker.params.size, int)
    assert Recipe.from_json('{"sampling": {"name": "default", "params": {"stop": "END"}}}').sampling.params.stop == (
        "END",
    )


# what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "name", "field", "optional"), EVERY_KNOB, ids=[f"{p.section}-{p.name}-{n}" for p, n, _, _ in EVERY_KNOB]
)
def test_what_a_knob_cannot_be_is_refused_by_name_here_and_by_the_schema(part, name, field, optional):
    for value in wrong_values(field, optional):
        text = file_with(part.section, part.name, {name: value})
        with pytest.raises(BadParameter) as raised:
            Recipe.from_json(text)
        assert f"{part.section}.{name} cannot be" in raised.value.message
        named = [field[bound] for bound in ("minimum", "maximum") if bound in field] + field.get("enum", [])
        assert all(str(word) in raised.value.fix for word in named)
        assert not PUBLISHED.is_valid(json.loads(text)), f"the schema lets {value!r} through"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "not a JSON object. Its sections: reader, chunker"),
        ('"x"', "not a JSON object"),
        ('{"chonker": {}}', "no section 'chonker'. Sections: reader, chunker"),
        ('{"chunker": 3}', "chunker must be a name, or an object with name and params, not 3. There is: sentence"),
        ('{"chunker": {"params": {}}}', "chunker must be a name"),
        ('{"chunker": null}', "chunker must be a name"),
        ('{"chunker": "fixd"}', "Did you mean 'fixed'? There is: sentence, fixed"),
        ('{"chunker": {"name": "fixed", "extra": 1}}', "chunker has no field 'extra'. Its fields: name, params."),
        ('{"chunker": {"name": "fixed", "params": 3}}', "params of chunker must be an object, not 3"),
        ('{"chunker": {"name": "fixed", "params": {"sise": 3}}}', "no field 'sise'. Its fields: size, overlap"),
        ('{"model": {"name": "auto", "params": {"x": 3}}}', "no field 'x'. Its fields: none."),
        ('{"version": 99}', "version 99; this app reads up to version 1. A newer app wrote it"),
        ('{"version": 0}', "cannot have version '0'"),
        ('{"version": true}', "cannot have version 'True'"),
        ('{"version": "1"}', "cannot have version '1'"),
        ('{"version": null}', "cannot have version 'None'"),
        ('{"name": 3}', "The recipe's name must be text of at most 200 characters"),
        ('{"note": "' + "x" * 2001 + '"}', "The recipe's note must be text of at most 2000"),
    ],
)
def test_what_is_no_recipe_is_refused_here_and_by_the_schema(text, words):
    with pytest.raises(UsageError) as raised:
        Recipe.from_json(text)
    assert words in str(raised.value)
    assert not PUBLISHED.is_valid(json.loads(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"chunker": "fixed",}', "not JSON: "),
        ('{"retriever": {"name": "hybrid", "params": {"alpha": NaN}}}', "retriever.alpha is nan"),
        ('{"retriever": {"name": "hybrid", "params": {"threshold": -Infinity}}}', "retriever.threshold is -inf"),
        ('{"retriever": {"name": "hybrid", "params": {"threshold": 1e999}}}', "retriever.threshold is inf"),
        ('{"sampling": {"name": "default", "params": {"seed": ' + "9" * 5000 + "}}}", "too many digits"),
        (
            '{"retriever": {"name": "hybrid", "params": {"threshold": 1' + "0" * 400 + "}}}",
            "retriever.threshold is too large",
        ),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"chunker": "fixed", "chunker": "page"}', "has 'chunker' twice"),
        ('{"chunker": {"name": "fixed", "params": {"size": 64, "size": 65}}}', "has 'size' twice"),
        ('{"prompt": {"name": "default", "params": {"system": "\\ud83d"}}}', "prompt.system holds half of a character"),
        ('{"name": "' + "x" * MOST_BYTES + '"}', "too long for a recipe"),
        ('{"sampling": {"name": "default", "params": {"format": "{"}}}', "sampling.format cannot be"),
    ],
    ids=lambda text: text[:30],
)
def test_what_a_schema_cannot_say_is_refused_by_name(text, words):
    with pytest.raises(UsageError) as raised:
        Recipe.from_json(text)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 400, "a message never repeats the file"


def test_files_that_are_no_recipes_are_refused_by_name(tmp_path):
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UsageError, match=r"huge\.json is too large for a recipe: 100\.0 MB, at most 1 MB\."):
        NamedRecipe.from_file(huge)
    latin = tmp_path / "latin.json"
    latin.write_bytes('{"name": "Größe"}'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.json is not a recipe: it is not UTF-8 text\."):
        NamedRecipe.from_file(latin)
    with pytest.raises(UsageError, match=r"gone\.json cannot be read: No such file"):
        NamedRecipe.from_file(tmp_path / "gone.json")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        NamedRecipe.from_file(tmp_path)
    bad = tmp_path / "stored"
    bad.write_text('{"chunker": "fixd"}', "utf-8")
    with pytest.raises(UnknownPart, match=r"^mine\.json: There is no chunker 'fixd'"):
        NamedRecipe.from_file(bad, "mine.json")


def test_a_mark_at_the_start_of_a_file_is_no_fault(tmp_path):
    path = tmp_path / "Windows.json"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"chunker": "fixed"}\r\n')
    assert read_text(path).startswith("{")
    assert NamedRecipe.from_file(path) == NamedRecipe("Windows", Recipe().with_("chunker", "fixed"))


def test_a_part_that_is_not_installed_can_be_brought_and_says_what_it_needs(monkeypatch):
    found = registry.get("reranker", "cross-encoder")
    lacking = replace(found, needs=(registry.Need("pip install nowhere", module="nowhere_at_all"),))
    monkeypatch.setitem(registry._PARTS, ("reranker", "cross-encoder"), lacking)
    recipe = Recipe.from_json('{"reranker": "cross-encoder"}')
    assert recipe.missing() == {"reranker": "pip install nowhere"}
    assert Recipe().missing() == {}


# versions -------------------------------------------------------------------------------------------------


def test_an_older_file_goes_through_every_migration_after_it():
    def sized(data):
        return {**data, "steps": [*data.get("steps", ()), "1 to 2"]}

    def named(data):
        return {**data, "steps": [*data.get("steps", ()), "2 to 3"]}

    steps = (sized, named)
    first = {"version": 1, "chunker": "fixed"}
    assert migrated(first, steps) == {"version": 3, "chunker": "fixed", "steps": ["1 to 2", "2 to 3"]}
    assert first == {"version": 1, "chunker": "fixed"}
    assert migrated({"version": 2}, steps)["steps"] == ["2 to 3"]
    assert migrated({"version": 3}, steps) == {"version": 3}
    assert migrated({}, steps) == {"version": 3}, "without a version it is taken for the newest"
    with pytest.raises(UsageError, match="reads up to version 3"):
        migrated({"version": 4}, steps)


def test_the_version_counts_the_migrations():
    assert len(MIGRATIONS) + 1 == VERSION == json.loads(Recipe().to_json())["version"]
    assert PUBLISHED.schema["properties"]["version"]["const"] == VERSION


def test_a_file_of_the_first_version_is_read_for_ever():
    first = (
        '{"version": 1, "reader": {"name": "text-layer", "params": {}}, "chunker": {"name": "fixed", '
        '"params": {"size": 64, "overlap": 8, "unit": "tokens", "header": false}}, "embedder": {"name": "builtin", '
        '"params": {}}, "retriever": {"name": "hybrid", "params": {"k": 7, "depth": 100, "threshold": null, '
        '"fusion": "rrf", "rrf_k": 60}}, "reranker": {"name": "none", "params": {}}, "model": {"name": "auto"}, '
        '"sampling": {"name": "default", "params": {"temperature": 0.2, "stop": ["END"]}}, "answer": "quotes"}'
    )
    made = ["chunker=fixed", "chunker.size=64", "chunker.overlap=8", "retriever.k=7", "retriever.fusion=rrf"]
    more = ["sampling.temperature=0.2", "sampling.stop=END", "answer=quotes"]
    assert Recipe.from_json(first) == Recipe().set([*made, *more])
