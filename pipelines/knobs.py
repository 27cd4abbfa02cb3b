"""What a knob's JSON schema says of its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
