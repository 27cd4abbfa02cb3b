"""Parts as JSON and for people."""

from __future__ import annotations

import enum
import json
import subprocess
import sys
from typing import Literal

import pytest

from pipelines import registry
from pipelines.registry import SECTIONS, Need, Part, PartParams, knob
from playground import cli
from playground.cli.parts import as_json


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Everything(PartParams):
    size: int = knob(200, "Longest.", minimum=8, maximum=800)
    alpha: float | None = knob(None, "Weight.", minimum=0, maximum=1)
    unit: Literal["tokens", "characters"] = knob("tokens", "Unit.")
    colour: Colour = knob(Colour.RED, "Colour.")
    maybe: Literal["a", "b"] | None = knob(None, "Choice or none.")
    stop: tuple[str, ...] = knob((), "Stop words.")
    words: str | list[str] = knob("", "One or many.")
    on: bool = knob(True, "Switch.")
    count: int | None = knob(None, "How many.", minimum=1)
    text: str = knob("x", "Text.")


PART = Part("chunker", "test", "Test", "A test.", Everything, print, (Need("pip install nothing", module="no_such"),))


def test_a_part_without_its_needs_is_listed_with_the_line_that_installs_it() -> None:
    found = as_json(PART)
    assert {k: v for k, v in found.items() if k != "params"} == {
        "section": "chunker",
        "name": "test",
        "label": "Test",
        "available": False,
        "needs": ["pip install nothing"],
    }


@pytest.mark.parametrize(
    ("field", "type_", "default", "minimum", "maximum", "choices"),
    [
        ("size", "integer", 200, 8, 800, None),
        ("alpha", "number", None, 0, 1, None),
        ("unit", "string", "tokens", None, None, ["tokens", "characters"]),
        ("colour", "string", "red", None, None, ["red", "blue"]),
        ("maybe", "string", None, None, None, ["a", "b"]),
        ("stop", "array", [], None, None, None),
        ("words", "array", "", None, None, None),
        ("on", "boolean", True, None, None, None),
        ("count", "integer", None, 1, None, None),
        ("text", "string", "x", None, None, None),
    ],
)
def test_each_kind_of_knob(
    field: str, type_: str, default: object, minimum: object, maximum: object, choices: object
) -> None:
    found = as_json(PART)["params"][field]
    assert found == {
        "type": type_,
        "default": default,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "description": Everything.model_fields[field].description,
    }


def test_every_part_of_every_section_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["parts", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["parts"]
    assert {part["section"] for part in found} == set(SECTIONS)
    assert [(part["section"], part["name"]) for part in found] == [(p.section, p.name) for p in registry.parts()]
    for part in found:
        for name, knob_ in part["params"].items():
            assert set(knob_) == {"type", "default", "minimum", "maximum", "choices", "description"}, name
            assert knob_["description"], f"{part['section']}.{name} has no description"


def test_a_default_typed_back_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["parts", "--json"])
    for part in json.loads(capsys.readouterr().out)["parts"]:
        line = [f"{part['section']}={part['name']}"]
        for name, knob_ in part["params"].items():
            value = knob_["default"]
            typed = value if isinstance(value, str) else json.dumps(value)
            line.append(f"{part['section']}.{name}={typed}")
        chosen = registry.get(part["section"], part["name"])
        from pipelines.recipe import Recipe

        assert Recipe().set(line).choice(part["section"]).params == chosen.make_params()


def test_people_see_every_part_and_knob(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.run(["parts", "retriever"]) == 0
    out = capsys.readouterr().out
    for part in registry.parts("retriever"):
        assert part.label in out
        assert all(f"retriever.{name}" in out for name in part.params.model_fields)


def test_an_unknown_section_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["parts", "nonsense"]) == 2
    assert "retriever" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["--help"], ["parts", "--json"], ["ask", "--help"]])
def test_help_and_parts_import_nothing_heavy(line: list[str]) -> None:
    script = (
        "import sys\n"
        "from playground.cli import run\n"
        f"code = run({line!r})\n"
        "heavy = {'gradio', 'llama_index', 'onnxruntime', 'qdrant_edge', 'qdrant_client', 'numpy', 'xllamacpp',"
        " 'ollama', 'pypdfium2'}\n"
        "sys.exit(f'imported: {sorted(heavy & set(sys.modules))}' if heavy & set(sys.modules) else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
