"""What a recipe file may hold, as a JSON schema generated from the parts and published beside the code.

``python -m pipelines.recipes.schema`` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines import registry
from pipelines.recipe import Recipe
from pipelines.recipes.parsing import ABOUT
from pipelines.recipes.versions import VERSION
from pipelines.registry import SECTIONS, Part

#: The published schema.
FILE = Path(__file__).resolve().parent.parent / "recipe.schema.json"

#: What our knobs say beyond JSON schema: how they are drawn. And titles that only repeat the name.
_OURS = {"title", "step", "usual", "source", "fold", "only", "models", "lines"}

_TOLD = {
    "$schema": "Where this schema is, for editors.",
    "name": "What the recipe is called.",
    "note": "What it is for.",
    "saved": "When it was saved: ISO 8601, UTC.",
    "origin": "Where it came from.",
}


def schema() -> dict[str, Any]:
    """The schema, made of the parts there are."""
    about = {field: {"type": "string", "maxLength": most, "description": _TOLD[field]} for field, most in ABOUT.items()}
    definitions: dict[str, Any] = {}
    for part in registry.parts():
        definitions |= _definitions(part)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Recipe of the RAG playground",
        "description": "How text is read, cut, found and answered. Sections left out take their defaults.",
        "type": "object",
        "properties": {
            "version": {"const": VERSION, "description": "Version of this file's format."},
            **about,
            **{section: _section(section) for section in SECTIONS},
        },
        "additionalProperties": False,
        "$defs": definitions,
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _section(section: str) -> dict[str, Any]:
    """A part's name alone, or with its knobs."""
    parts = registry.parts(section)
    names = {"enum": [part.name for part in parts], "description": "The part with its defaults."}
    return {"oneOf": [names, *(_choice(part) for part in parts)], "default": Recipe().choice(section).name}


def _choice(part: Part) -> dict[str, Any]:
    params = {"oneOf": [{"$ref": f"#/$defs/{_key(part)}"}, {"type": "null"}]}
    return {
        "title": part.label,
        "description": part.description,
        "type": "object",
        "properties": {"name": {"const": part.name}, "params": params},
        "required": ["name"],
        "additionalProperties": False,
    }


def _definitions(part: Part) -> dict[str, Any]:
    """The part's knobs, and whatever they refer to, under names of their own."""
    made = part.params.model_json_schema(ref_template=f"#/$defs/{_key(part)}.{{model}}")
    inner = {f"{_key(part)}.{name}": _plain(one) for name, one in made.pop("$defs", {}).items()}
    return {_key(part): {**_plain(made), "description": f"Knobs of {part.label}."}, **inner}


def _key(part: Part) -> str:
    return f"{part.section}.{part.name}"


def _plain(made: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what is only ours; knobs may be called anything."""
    kept: dict[str, Any] = {}
    for word, value in made.items():
        if word == "properties":
            kept[word] = {name: _plain(one) for name, one in value.items()}
        elif word not in _OURS:
            kept[word] = [_plain(one) for one in value] if word in ("anyOf", "oneOf", "allOf") else value
    return kept


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8", newline="\n")
