"""The recipe's controls: a menu of parts a section, the sliders of the chosen part, all from ``Params``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines import registry
from pipelines.recipe import Recipe
from playground import forms
from playground.forms import Control
from playground.state import Session, recipe_of
from playground.tabs.shell import Shell, wire

#: Section -> (heading, what it decides).
SECTIONS = {
    "chunker": "How text is cut",
    "embedder": "How meaning is measured",
    "retriever": "How passages are found",
    "reranker": "How they are put in order again",
    "sampling": "How words are sampled",
    "answer": "How answers are made",
    "prompt": "What the model is told",
}

# handlers ---------------------------------------------------------------------------------------------


def choose(session: Session, section: str, name: str, values: dict[str, Any]) -> Session:
    """The session with another part, or with knobs turned.

    Raises:
        UsageError: the part lacks something (the message says what installs it), or a value is out of bounds.
    """
    registry.usable(section, name)
    recipe = recipe_of(session)
    same = recipe.choice(section).name == name
    changed = recipe.with_(section, name, **(values if same else {}))
    return session.to(recipe=changed.to_json())


def values_of(controls: Sequence[Control], shown: Sequence[Any]) -> dict[str, Any]:
    """What the components of one part hold, as knobs."""
    return {c.field: forms.from_form(c, value) for c, value in zip(controls, shown, strict=True)}


def summary(session: Session) -> str:
    """The recipe in a few words."""
    return recipe_of(session).summary()


# components ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """The controls of one part."""

    name: str
    column: gr.Column
    controls: list[Control]
    components: list[Any]


@dataclass(frozen=True)
class Form:
    """One section: its menu and a group for each part, of which one is visible."""

    section: str
    menu: gr.Dropdown | gr.Radio
    groups: list[Group]

    @property
    def outputs(self) -> list[Any]:
        """Everything :meth:`show` updates, in its order."""
        return [self.menu, *(x for g in self.groups for x in (g.column, *g.components))]

    def show(self, recipe: Recipe) -> list[Any]:
        """Updates that make the form show a recipe."""
        chosen = recipe.choice(self.section)
        updates: list[Any] = [gr.update(value=chosen.name)]
        for group in self.groups:
            here = group.name == chosen.name
            updates.append(gr.update(visible=here))
            params = chosen.params if here else registry.get(self.section, group.name).make_params()
            values = params.model_dump()
            updates += [forms.update(c, values[c.field]) for c in group.controls]
        return updates


def style_switch() -> gr.Radio:
    """The menu of answer styles, as a switch to stand beside the question."""
    return gr.Radio(
        forms.menu("answer"), value=Recipe().choice("answer").name, show_label=False, label="Answer style",
        container=False, elem_id="style", render=False,
    )  # fmt: skip


def build_form(section: str, recipe: Recipe, menu: gr.Radio | None = None) -> Form:
    """Draw one section (its menu too, unless it stands elsewhere); the chosen part's knobs are visible."""
    chosen = recipe.choice(section)
    groups = []
    switch = menu or _menu(section, chosen.name)
    for part in registry.parts(section):
        here = part.name == chosen.name
        params = chosen.params if here else part.make_params()
        with gr.Column(visible=here, elem_classes=["knobs"]) as column:
            groups.append(_group(part.name, column, forms.controls(part), params.model_dump()))
    return Form(section, switch, groups)


def _menu(section: str, chosen: str) -> gr.Dropdown:
    entries = forms.menu(section)
    return gr.Dropdown(
        entries, value=chosen, show_label=False, label=SECTIONS[section], container=False,
        visible=len(entries) > 1, elem_id=f"{section}-part",
    )  # fmt: skip


def _group(name: str, column: gr.Column, controls: list[Control], values: dict[str, Any]) -> Group:
    components: dict[str, Any] = {}
    for control in (c for c in controls if not c.fold):
        components[control.field] = forms.draw(control, values[control.field])
    folded = [c for c in controls if c.fold]
    if folded:
        with gr.Accordion("More", open=False, elem_classes=["more"]):
            for control in folded:
                components[control.field] = forms.draw(control, values[control.field])
    return Group(name, column, controls, [components[c.field] for c in controls])


def wire_form(form: Form, shell: Shell) -> None:
    """Menu and knobs change the session's recipe; the menu also switches the visible group."""

    def on_menu(kept: Any, name: str) -> list[Any]:
        session = choose(Session.restore(kept), form.section, name, {})
        return [session.keep(), summary(session), *form.show(recipe_of(session))]

    wire([form.menu.input], on_menu, [shell.kept, form.menu], [shell.kept, shell.words, *form.outputs])
    for group in form.groups:
        if group.components:
            _wire_group(form.section, group, shell)


def _wire_group(section: str, group: Group, shell: Shell) -> None:
    def on_knob(kept: Any, *shown: Any) -> list[Any]:
        session = choose(Session.restore(kept), section, group.name, values_of(group.controls, shown))
        return [session.keep(), summary(session)]

    triggers = [changed(component) for component in group.components]
    wire(triggers, on_knob, [shell.kept, *group.components], [shell.kept, shell.words], trigger_mode="always_last")


def changed(component: Any) -> Any:
    """The event of a person having changed a value, not of still typing it."""
    return component.blur if isinstance(component, (gr.Textbox, gr.Number)) else component.input
