"""The recipe's controls: a menu of parts a section, the sliders of the chosen part, all from ``Params``."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines import registry
from pipelines.recipe import Recipe
from playground import forms
from playground.state import Session, recipe_of
from playground.tabs.knob_form import KnobForm
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


def summary(session: Session) -> str:
    """The recipe in a few words."""
    return recipe_of(session).summary()


# components ---------------------------------------------------------------------------------------------


def style_switch() -> gr.Radio:
    """The menu of answer styles, as a switch to stand beside the question."""
    return gr.Radio(
        forms.menu("answer"), value=Recipe().choice("answer").name, show_label=False, label="Answer style",
        container=False, elem_id="style", render=False,
    )  # fmt: skip


def build_form(section: str, switch: gr.Radio | None = None) -> KnobForm:
    """Draw one section; its menu too, unless a switch stands elsewhere."""
    return KnobForm(section, section, Recipe().choice(section), SECTIONS[section], switch)


def wire_form(form: KnobForm, shell: Shell) -> None:
    """Menu and knobs change the session's recipe."""
    section = form.section

    def on_form(kept: Any, shown: Any) -> list[Any]:
        session = Session.restore(kept)
        recipe, old = recipe_of(session), recipe_of(session).choice(section)
        choice = form.read(shown, old)
        if choice == old:
            return [gr.skip()] * 3
        session = session.to(recipe=recipe.model_copy(update={section: choice}).to_json())
        return [session.keep(), summary(session), form.after(choice, old)]

    def on_switch(kept: Any, name: str) -> list[Any]:
        session = choose(Session.restore(kept), section, name, {})
        return [session.keep(), summary(session), form.value(recipe_of(session).choice(section))]

    outputs = [shell.kept, shell.words, form.html]
    wire([form.html.input], on_form, [shell.kept, form.html], outputs, trigger_mode="always_last")
    if form.switch is not None:
        wire([form.switch.input], on_switch, [shell.kept, form.switch], outputs)
