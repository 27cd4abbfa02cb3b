"""Forms from the parts' ``Params``: one function reads a schema, one draws it, one reads it back."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines import registry
from pipelines.knobs import without_null
from pipelines.registry import Part

if TYPE_CHECKING:
    import gradio as gr

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
    only: Mapping[str, Sequence[Any]] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """The field's name, as it is typed everywhere else, in words."""
        return self.field.replace("_", " ")

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Whether the knob has an effect beside the part's other values."""
        return all(values.get(name) in allowed for name, allowed in self.only.items())

    def reach(self, value: Any) -> float:
        """Where the slider ends: at the usual greatest value, or at a greater one that is set."""
        return max(self.usual or self.maximum or 0, value or 0)

    @property
    def info(self) -> str:
        """What hovering tells."""
        empty = "Empty: the model’s own value." if self.optional else ""
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
        kind="model" if schema.get("models") else _kind(inner, choices, optional, (low, extra["usual"] or high, step)),
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
        only=extra["only"] or {},
    )


def _kind(
    inner: Mapping[str, Any], choices: Sequence[Any], optional: bool, span: tuple[float | None, float | None, float]
) -> Kind:
    if choices:
        return "choice"
    low, high, step = span
    match inner.get("type"):
        case "boolean":
            return "switch"
        case "array":
            return "lines"
        case "integer" | "number" as number:
            if low is not None and high is not None and not optional and (high - low) / step <= _SLIDER_STEPS:
                return "slider"
            return "integer" if number == "integer" else "number"
        case _:
            return "text"


def draw(control: Control, value: Any, **options: Any) -> gr.components.Component:
    """One control as a Gradio component holding ``value``; ``options`` are the component's own."""
    import gradio as gr

    common: dict[str, Any] = {
        "label": control.label,
        "info": control.info,
        "elem_classes": ["knob"],
        "elem_id": f"{control.section}-{control.part}-{control.field}",
        **options,
    }
    shown = to_form(control, value)
    match control.kind:
        case "slider":
            return gr.Slider(control.minimum or 0, control.reach(shown), shown, step=control.step, **common)
        case "integer" | "number":
            empty = "model’s own" if control.optional else ""
            return gr.Number(shown, precision=0 if control.kind == "integer" else None, placeholder=empty, **common)
        case "choice":
            choices = [("model’s own", None), *control.choices] if control.optional else list(control.choices)
            return gr.Dropdown(choices, value=shown, **common)
        case "model":  # whoever knows the models at hand fills the menu; others can be typed
            return gr.Dropdown([shown] if shown else [], value=shown, allow_custom_value=True, **common)
        case "switch":
            return gr.Checkbox(bool(shown), **common)
        case _:
            lines = 2 if control.kind == "lines" else min(8, max(1, str(shown or "").count("\n") + 1))
            return gr.Textbox(shown, lines=lines, max_lines=12, **common)


def to_form(control: Control, value: Any) -> Any:
    """A knob's value as its component shows it."""
    if control.kind == "lines":
        return "\n".join(value or ())
    return value


def update(control: Control, value: Any) -> Any:
    """The update that makes a control's component show ``value``."""
    import gradio as gr

    shown = to_form(control, value)
    if control.kind == "slider":
        return gr.update(value=shown, minimum=control.minimum or 0, maximum=control.reach(shown), step=control.step)
    return gr.update(value=shown)


def from_form(control: Control, shown: Any) -> Any:
    """What a component holds as the knob's value; empty means None where None is allowed."""
    empty = shown is None or shown == "" or (isinstance(shown, str) and control.kind == "lines" and not shown.strip())
    if empty and control.optional:
        return None
    if control.kind == "lines":
        return [line for line in str(shown or "").split("\n") if line]
    if empty and control.kind not in ("text", "model"):
        return control.default
    if isinstance(shown, float) and shown.is_integer() and _is_whole(control):
        return int(shown)
    if control.kind == "model":
        return str(shown or "").strip()
    return "" if shown is None else shown


def _is_whole(control: Control) -> bool:
    return control.kind == "integer" or (isinstance(control.default, int) and not isinstance(control.default, bool))


def menu(section: str) -> list[tuple[str, str]]:
    """(label, name) of a section's parts; one that lacks something says what installs it."""
    return [(_entry(part), part.name) for part in registry.parts(section)]


def _entry(part: Part) -> str:
    return part.label if part.available else f"{part.label} — needs: {'; '.join(part.missing)}"
