"""``parts``: what can be chosen, and its knobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import registry
from pipelines.registry import SECTIONS, Part
from playground.cli.console import Result, clean, table
from playground.cli.options import Call, command

if TYPE_CHECKING:
    from rich.console import Console


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "parts")(list_parts)


def list_parts(
    call: Call,
    section: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(SECTIONS)}; all of them when left out.", show_default=False)
    ] = None,
) -> Result:
    """List the parts a recipe is made of, and their knobs.

    Example: playground parts retriever
    """
    found = registry.parts(section)
    return Result({"parts": [as_json(part) for part in found]}, lambda out: _show(out, found))


def as_json(part: Part) -> dict[str, Any]:
    """One part in the fields of the command line."""
    schema = part.params.model_json_schema()
    definitions = schema.get("$defs", {})
    fields = part.params.model_fields
    return {
        "section": part.section,
        "name": part.name,
        "label": part.label,
        "available": part.available,
        "needs": [need.install for need in part.needs],
        "params": {
            name: _knob(_flat(value, definitions), fields[name].description or "")
            for name, value in schema.get("properties", {}).items()
        },
    }


def _flat(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A field's JSON schema without references and without the "or null" of optional fields."""
    merged = dict(schema)
    if "$ref" in merged:
        merged |= definitions[merged.pop("$ref").rpartition("/")[2]]
    choices = [_flat(option, definitions) for option in merged.pop("anyOf", ()) if option.get("type") != "null"]
    if choices:
        merged |= choices[0] | {"type": _widest([choice.get("type", "string") for choice in choices])}
    return merged


def _widest(types: list[str]) -> str:
    """One type for a union: number holds integers, an array is written as a list, text holds the rest."""
    if len(set(types)) == 1:
        return types[0]
    if set(types) <= {"integer", "number"}:
        return "number"
    return "array" if "array" in types else "string"


def _knob(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """One knob: what a person may type."""
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    return {
        "type": schema.get("type", "string"),
        "default": schema.get("default"),
        "minimum": schema.get("minimum", schema.get("exclusiveMinimum")),
        "maximum": schema.get("maximum", schema.get("exclusiveMaximum")),
        "choices": choices,
        "description": description,
    }


def _show(out: Console, found: list[Part]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for place, part in enumerate(found):
        if place == 0 or found[place - 1].section != part.section:
            out.print(Text(part.section.upper(), style="bold"), style="", end="\n")
        title = Text.assemble(("  " + part.name, "cyan"), "  ", clean(part.label))
        if not part.available:
            title.append(f"  needs: {', '.join(part.missing)}", style="yellow")
        out.print(title)
        rows = [
            (f"{part.section}.{name}", _value(knob["default"]), _allowed(knob), knob["description"])
            for name, knob in as_json(part)["params"].items()
        ]
        if rows:
            out.print(Padding(table(("knob", "default", "allowed", "what it does"), rows), (0, 0, 1, 4)))


def _value(value: object) -> str:
    """A default, short enough for a column."""
    text = "none" if value in (None, "", []) else str(value)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _allowed(knob: Mapping[str, Any]) -> str:
    if knob["choices"]:
        return ", ".join(map(str, knob["choices"]))
    low, high = knob["minimum"], knob["maximum"]
    if low is None and high is None:
        return str(knob["type"])
    return " ".join([f"from {low:g}"] * (low is not None) + [f"to {high:g}"] * (high is not None))
