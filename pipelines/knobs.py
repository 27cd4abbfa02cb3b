"""What a knob's JSON schema says of its values, and what is said of values it cannot have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

#: Most characters of a wrong value that a message repeats.
_BRIEF = 60


def without_null(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A field's schema without references and without its "or nothing"; and whether it had one.

    Args:
        field: The schema of one property.
        definitions: What the whole schema has under ``$defs``.
    """
    if "$ref" in field:
        return definitions[field["$ref"].rpartition("/")[2]], False
    if "anyOf" not in field:
        return field, False
    options = [option for option in field["anyOf"] if option.get("type") != "null"]
    inner = options[0] if options else {}
    return without_null(inner, definitions)[0], len(options) < len(field["anyOf"])


def brief(value: Any) -> str:
    """A value as it is written, but never a page of it."""
    text = repr(value)
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}…"


def explained(section: str, part: str, params: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    """A pydantic error about a part's knobs as (message, fix) in a person's words."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        fields = ", ".join(params.model_fields) or "none"
        return f"{section} {part!r} has no field {brief(name)}.", f"Its fields: {fields}."
    return f"{section}.{name} cannot be {brief(first.get('input'))}: {first['msg']}.", _allowed(params, name)


def _allowed(params: type[BaseModel], name: str) -> str:
    schema = params.model_json_schema()
    field, optional = without_null(schema.get("properties", {}).get(name, {}), schema.get("$defs", {}))
    nothing = " Or nothing (null)." if optional else ""
    if "enum" in field:
        return "Choices: " + ", ".join(map(str, field["enum"])) + f".{nothing}"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None or high is not None:
        return f"Allowed: {low if low is not None else '…'} to {high if high is not None else '…'}.{nothing}"
    return nothing.strip()
