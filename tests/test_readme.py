"""What the README tells people to type does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines import registry
from pipelines.engines.presets import PRESETS
from pipelines.recipe import Recipe
from pipelines.settings import Settings
from playground import endpoints
from playground.endpoints import tools

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def snippet(word: str) -> str:
    return next(one for one in SNIPPETS if word in one)


def test_the_python_snippet_finds_and_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    exec(compile(snippet("Library.open"), "README", "exec"), {})
    printed = capsys.readouterr().out
    assert "tides.txt" in printed
    assert "Answered(text='“Spring tides follow the new and the full moon.” [1]'" in printed


def test_the_snippet_for_scripts_runs_on_the_running_app(tmp_path, monkeypatch, capsys):
    from playground.app import running

    here = Settings(data_dir=tmp_path, models_dir=tmp_path, offline=True, port=0, ollama_host="127.0.0.1:9")
    monkeypatch.chdir(ROOT)
    with running(here) as (_, url):
        script = snippet("gradio_client").replace("http://127.0.0.1:7860/", url)
        exec(compile(script, "README", "exec"), {})
    *answers, last = capsys.readouterr().out.splitlines()
    assert "2 hours and 40 minutes" in answers[-1]
    hits, cut, words = map(int, last.split()[:3])
    assert (hits, cut > 1, words > 100) == (3, True, True)


@pytest.mark.parametrize("name", [*endpoints.NAMES, *tools.NAMES])
def test_every_endpoint_and_tool_is_told_of(name):
    assert f"`/{name}`" in README or f"`{name}`" in README


def test_the_recipe_snippet_is_a_recipe():
    [text] = [one for one in re.findall(r"```json\n(.*?)```", README, re.DOTALL) if "chunker" in one]
    assert Recipe.from_json(text) == Recipe().set(["chunker.size=64", "retriever=keyword"])


def test_the_part_snippet_is_a_working_part(monkeypatch):
    monkeypatch.setattr(registry, "_PARTS", dict(registry._PARTS))
    exec(compile(snippet("LinesParams"), "README", "exec"), {"__name__": "readme"})
    lines = registry.get("chunker", "lines")
    from pipelines.chunking.base import Bench
    from tests.test_chunking import Letters, document

    doc = document("one\ntwo\nthree\nfour\nfive")
    spans = lines.build(doc, lines.make_params({"lines": 2}), Bench(Letters()))
    assert [doc.text[s.start : s.end] for s in spans] == ["one\ntwo", "three\nfour", "five"]


def test_the_snippet_around_a_node_parser_is_a_working_part(monkeypatch):
    monkeypatch.setattr(registry, "_PARTS", dict(registry._PARTS))
    exec(compile(snippet("SentenceSplitter"), "README", "exec"), {"__name__": "readme"})
    from pipelines.chunking import Bench, cut
    from pipelines.recipe import choose
    from tests.test_chunking import Letters, document

    doc = document("It rains. " * 12)
    chosen = choose("chunker", {"name": "splitter", "params": {"size": 20, "overlap": 10, "unit": "characters"}})
    spans = [chunk.span for chunk in cut(doc, chosen, Bench(Letters())).chunks]
    assert [span.start for span in spans] == [10 * n for n in range(11)]
    assert {doc.text[span.start : span.end] for span in spans} == {"It rains. It rains."}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_table(name):
    assert f"`PLAYGROUND_{name.upper()}`" in README


@pytest.mark.parametrize("part", registry.parts(), ids=lambda p: f"{p.section}-{p.name}")
def test_every_part_is_in_the_table(part):
    row = next(line for line in README.splitlines() if line.startswith(f"| `{part.section}` |"))
    assert f"`{part.name}`" in row


def test_nothing_is_left_to_fill_in():
    assert not re.search(r"\b[A-Z]+_(SECTION|TABLE)\b", README)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_preset_is_in_the_table(preset):
    assert re.search(rf"^\| `{preset.name}` \|", README, re.MULTILINE)
