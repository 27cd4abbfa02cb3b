"""Forms from the parts' ``Params``: what a knob's schema says of its control, and its values to a form and back."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines import registry
from pipelines.knobs import without_null
from pipelines.registry import Part

Kind = Literal["slider", "integer", "number", "choice", "switch", "text", "lines", "model"]

#: Most steps a slider is good for in a sidebar; wider ranges are typed.
_SLIDER_STEPS = 400


@dataclass(frozen=True)
class Control:
    """One knob as a form shows it."""

    section: str
    part: str
    field: str
    kind: Kind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    usual: float | None = None
    choices: tuple[Any, ...] = ()
    description: str = ""
    source: str = ""
    fold: bool = False
    optional: bool = False
    whole: bool = False  # whether a number has no fraction
    lines: int = 1  # height of the box of a text
    only: Mapping[str, Sequence[Any]] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """The field's name, as it is typed everywhere else, in words."""
        return self.field.replace("_", " ")

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Whether the knob has an effect beside the part's other values."""
        return all(values.get(name) in allowed for name, allowed in self.only.items())

    @property
    def nothing(self) -> str:
        """What an empty box means, where it may be empty."""
        return ("default" if self.section == "sampling" else "none") if self.optional else ""

    @property
    def info(self) -> str:
        """What hovering tells."""
        empty = "Empty: the model’s own value." if self.optional and self.section == "sampling" else ""
        return " ".join(filter(None, (self.description, self.source and f"Source: {self.source}.", empty)))


def controls(part: Part) -> list[Control]:
    """The knobs of a part, in the order they are declared."""
    return list(_controls(part))


@functools.cache  # a page draws each part's knobs in several columns, and making a schema takes long
def _controls(part: Part) -> tuple[Control, ...]:
    schema = part.params.model_json_schema()
    fields = schema.get("properties", {})
    definitions = schema.get("$defs", {})
    return tuple(_control(part, name, fields[name], definitions) for name in part.params.model_fields)


def _control(part: Part, name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Control:
    inner, optional = without_null(schema, definitions)
    extra = {key: schema.get(key, inner.get(key)) for key in ("step", "usual", "source", "fold", "only", "description")}
    low, high = inner.get("minimum", schema.get("minimum")), inner.get("maximum", schema.get("maximum"))
    choices = tuple(inner.get("enum", ())) or ((inner["const"],) if "const" in inner else ())
    default = part.params.model_fields[name].get_default(call_default_factory=True)
    whole = inner.get("type") == "integer"
    step = extra["step"] or (1 if whole else 0.01)
    return Control(
        section=part.section,
        part=part.name,
        field=name,
        kind="model" if schema.get("models") else _kind(inner, choices, (low, extra["usual"] or high, step)),
        default=list(default) if isinstance(default, (tuple, set, frozenset)) else default,
        minimum=low,
        maximum=high,
        step=step if low is not None or high is not None or inner.get("type") in ("integer", "number") else None,
        usual=extra["usual"],
        choices=choices,
        description=extra["description"] or "",
        source=extra["source"] or "",
        fold=bool(extra["fold"]),
        optional=optional,
        whole=whole,
        lines=int(schema.get("lines") or 1),
        only=extra["only"] or {},
    )


def _kind(inner: Mapping[str, Any], choices: Sequence[Any], span: tuple[float | None, float | None, float]) -> Kind:
    if choices:
        return "choice"
    low, high, step = span
    match inner.get("type"):
        case "boolean":
            return "switch"
        case "array":
            return "lines"
        case "integer" | "number" as number:
            if low is not None and high is not None and (high - low) / step <= _SLIDER_STEPS:
                return "slider"
            return "integer" if number == "integer" else "number"
        case _:
            return "text"


def to_form(control: Control, value: Any) -> Any:
    """A knob's value as a form shows it."""
    if control.kind == "lines":
        return "\n".join(value or ())
    return value


def from_form(control: Control, shown: Any) -> Any:
    """What a form holds as the knob's value; empty means None where None is allowed."""
    empty = shown is None or shown == "" or (isinstance(shown, str) and control.kind == "lines" and not shown.strip())
    if empty and control.optional:
        return None
    if control.kind == "lines":
        return [line for line in str(shown or "").split("\n") if line]
    if empty and control.kind not in ("text", "model"):
        return control.default
    if isinstance(shown, float) and shown.is_integer() and control.whole:
        return int(shown)
    if control.kind == "model":
        return str(shown or "").strip()
    return "" if shown is None else shown


def menu(section: str) -> list[tuple[str, str]]:
    """(label, name) of a section's parts; one that lacks something says what installs it."""
    return [(_entry(part), part.name) for part in registry.parts(section)]


def _entry(part: Part) -> str:
    return part.label if part.available else f"{part.label} — needs: {'; '.join(part.missing)}"
