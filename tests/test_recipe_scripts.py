"""A recipe exported as Python, run in a process of its own, finds what the app finds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pipelines import Library
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.settings import Settings
from sample_docs import folder, recipe_files

QUESTION = "Why did the lights go out on the Gannet Steps?"
ODD = 'What does "it\'s" {cost}?\nÜber \\n 😀 \'\'\'""" %s'

DOCUMENTS = ["harbour-energy-report.pdf", "field-guide.md"]

#: Runs a script as Python itself does, then tells what it found.
TELL = """
import json, runpy, sys
made = runpy.run_path(sys.argv[1], run_name="__main__")
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([hit.to_json() for hit in made["hits"]], file)
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A data folder with two documents, which nobody has open."""
    made = tmp_path_factory.mktemp("data of “mine” {x}")
    with opened(made) as library:
        for name in DOCUMENTS:
            assert library.add(folder() / name).status == "indexed"
    return made


def opened(data_dir):
    return Library.open(settings=Settings(data_dir=data_dir, offline=True, ollama_host="127.0.0.1:9"))


def run(script, tmp_path):
    """(what it prints, the hits it found), of a script in a fresh process that knows nothing of this one."""
    file, found = tmp_path / "recipe.py", tmp_path / "found.json"
    file.write_text(script, "utf-8", newline="\n")
    clean = {"PATH": "", "HOME": str(tmp_path), "PLAYGROUND_OFFLINE": "1", "PLAYGROUND_OLLAMA_HOST": "127.0.0.1:9"}
    command = [sys.executable, "-c", TELL, str(file), str(found)]
    done = subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=150)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(found.read_text("utf-8"))


def same(found, hits):
    expected = [hit.to_json() for hit in hits]
    assert expected
    places = [
        [(h["rank"], h["document"], h["page"], h["start"], h["end"], h["text"]) for h in x] for x in (found, expected)
    ]
    assert places[0] == places[1]
    for one, other in zip(found, expected, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-6)
        assert one["scores"].keys() == other["scores"].keys()


@pytest.mark.parametrize("path", recipe_files(), ids=lambda path: path.stem)
def test_a_sample_recipe_as_python_finds_the_same_in_a_fresh_process(path, data_dir, tmp_path):
    named = NamedRecipe.from_file(path)
    with opened(data_dir) as library:
        hits = library.search(QUESTION, named.recipe).hits
    printed, found = run(named.recipe.to_python(QUESTION, data_dir=data_dir, name=named.name), tmp_path)
    same(found, hits)
    lines = printed.splitlines()
    assert len(lines) == len(hits)
    for line, hit in zip(lines, hits, strict=True):
        start = " ".join(hit.text.split())[:100]
        assert line == f"{hit.rank:>3}  {hit.document}, p. {hit.page}:  {start}"


def test_a_question_of_any_letters_stays_itself_and_documents_are_narrowed(data_dir, tmp_path):
    recipe = Recipe().set(["retriever.k=3"])
    with opened(data_dir) as library:
        hits = library.search(ODD, recipe, documents=DOCUMENTS[1:]).hits
    assert {hit.document for hit in hits} == {"field-guide.md"}
    script = recipe.to_python(ODD, data_dir=data_dir, documents=DOCUMENTS[1:], name='x"""\n# \\')
    same(run(script, tmp_path)[1], hits)


def test_the_script_holds_what_differs_and_nothing_else():
    script = Recipe().set(["retriever.k=9", "answer=quotes"]).to_python("Why?")
    body = script.partition("recipe = ")[2]
    steps = ["(", "    Recipe()", '    .with_("retriever", "hybrid", k=9)', '    .with_("answer", "quotes")', ")"]
    assert body.splitlines()[:6] == [*steps, "question = 'Why?'"]
    assert "recipe = Recipe()\n" in Recipe().to_python()
    assert "Library.open()" in script


def test_long_texts_are_broken_into_lines_a_person_can_read():
    recipe = Recipe().with_("prompt", system="Say what {x} stands for.\n" * 12)
    script = recipe.to_python("Why? " * 60)
    assert max(map(len, script.splitlines())) < 115
    scope: dict = {}
    exec(script.split("\nwith Library.open(")[0], scope)
    assert (scope["recipe"], scope["question"]) == (recipe, "Why? " * 60)
