"""Any recipe there can be: every part, every knob within its bounds."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from pipelines import registry
from pipelines.knobs import without_null
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS

#: Text that breaks what is written carelessly: quotes, backslashes, braces, lines, other planes.
TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["", "'\"'\"\\", "{passages} {{x}}", "a\nb\r\n\u2028c", "😀 ẞ \u202e", '"""', "\x00\x1b", "null"]),
    st.text(min_size=95, max_size=200),
)

FORMAT = st.sampled_from([None, '{"type": "object"}', '{"properties": {"a\\n\\"b": {}}}'])


def fields_of(part):
    """Field -> (its JSON schema without "or null", whether it may be null)."""
    schema = part.params.model_json_schema()
    return {
        name: without_null(one, schema.get("$defs", {})) for name, one in schema.get("properties", {}).items()
    }  # fmt: skip


def values(field):
    """Values a knob may have."""
    if "enum" in field or "const" in field:
        return st.sampled_from(field.get("enum") or [field["const"]])
    low, high = field.get("minimum"), field.get("maximum")
    match field["type"]:
        case "integer":
            return st.integers(low, high)
        case "number":
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(TEXT, max_size=3)
        case "string":
            return TEXT
    raise AssertionError(f"no values for {field}")


def knobs_of(part):
    """Some of a part's knobs turned."""
    made = {}
    for name, (field, optional) in fields_of(part).items():
        one = FORMAT if (part.section, name) == ("sampling", "format") else values(field)
        made[name] = st.none() | one if optional else one
    return st.fixed_dictionaries({}, optional=made)


@st.composite
def recipes(draw, of=None):
    """A recipe; with one part given, or any."""
    recipe = Recipe()
    for section in SECTIONS:
        given_here = of is not None and of.section == section
        part = of if given_here else draw(st.sampled_from(registry.parts(section)))
        recipe = recipe.with_(section, part.name, **draw(knobs_of(part)))
    return recipe


def wrong_values(field, optional):
    """Values a knob cannot have, by type, bound or choice."""
    if "enum" in field or "const" in field:
        return ["nonsense", 3, True]
    low, high = field.get("minimum"), field.get("maximum")
    beyond = [bound + step for bound, step in ((low, -1), (high, 1)) if bound is not None]
    nothing = [] if optional else [None]
    match field["type"]:
        case "integer":
            return ["5", 5.5, True, [5], *beyond, *nothing, *([10**30] if high is not None else [])]
        case "number":
            return ["0.5", True, {}, *beyond, *nothing]
        case "boolean":
            return [1, "true", *nothing]
        case "array":
            return [5, [1], {"a": "b"}, *nothing]
        case "string":
            return [5, False, ["a"], *nothing]
    raise AssertionError(f"no wrong values for {field}")


def file_with(section, name, params):
    """A recipe file with one section."""
    return json.dumps({section: {"name": name, "params": params}})
