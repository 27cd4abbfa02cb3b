"""A section's menu of parts and the knobs of the chosen one, as one component drawn from the parts' ``Params``."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from pipelines import registry
from pipelines.recipe import Choice, choose
from playground import forms
from playground.forms import Control
from playground.tabs.shell import DELEGATE
from playground.views import knobs
from playground.views.knobs import Entry, Remark


class KnobForm:
    """One section of a recipe as a form.

    Its component's value is JSON, ``{"markup", "name", "fields"}``: what :meth:`value` makes and :meth:`read` takes. A
    person turning a knob is its ``input``, with the value changed; pressing a button in it is its ``click``.

    Args:
        section: Of the recipe.
        place: Begins the ids of what is in it.
        first: What it shows before anybody chose.
        label: Of the menu, for those who do not see it.
        switch: The menu of parts, where that stands elsewhere.
        without: Knobs it does not offer.
    """

    def __init__(
        self,
        section: str,
        place: str,
        first: Choice,
        label: str,
        switch: gr.Radio | None = None,
        without: Collection[str] = (),
    ) -> None:
        self.section, self.place, self.switch = section, place, switch
        self._label, self._without = label, without
        self.html = gr.HTML(
            self.value(first), html_template="${JSON.parse(value).markup}",
            elem_id=f"{place}-form", elem_classes=["knobs"],
            js_on_load=f"knobForm(element, props, trigger, watch);{DELEGATE}", apply_default_css=False, container=False,
        )  # fmt: skip

    def controls(self, name: str) -> dict[str, Control]:
        """Field -> control, of a part."""
        part = registry.get(self.section, name)
        return {one.field: one for one in forms.controls(part) if one.field not in self._without}

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates."""
        return [self.html] if self.switch is None else [self.switch, self.html]

    def show(self, choice: Choice) -> list[Any]:
        """Updates that make the form show a choice."""
        shown = self.value(choice)
        return [shown] if self.switch is None else [gr.update(value=choice.name), shown]

    def value(self, choice: Choice, remarks: Mapping[str, Remark] | None = None) -> str:
        """The value that makes the form show a choice.

        Args:
            choice: Of its section.
            remarks: Field -> what is to be said of it.
        """
        markup = self._markup(choice, list(self.controls(choice.name).values()), remarks or {})
        told = json.dumps({"markup": markup, "name": choice.name, "fields": self.fields(choice)}, ensure_ascii=False)
        return told.replace("<", "\\u003c")  # Gradio takes a prompt's words for a script, and warns

    def fields(self, choice: Choice) -> dict[str, Any]:
        """What the knobs hold, by their names."""
        values = choice.params.model_dump(mode="json")
        return {field: forms.to_form(one, values[field]) for field, one in self.controls(choice.name).items()}

    def _markup(self, choice: Choice, controls: list[Control], remarks: Mapping[str, Remark]) -> Markup:
        return knobs.form(self.place, controls, menu=self._entries(), label=self._label, remarks=remarks)

    def _entries(self) -> list[Entry]:
        if self.switch is not None:
            return []
        return [
            Entry(label, name, registry.get(self.section, name).available) for label, name in forms.menu(self.section)
        ]

    def read(self, shown: str, old: Choice) -> Choice:
        """The choice the form holds: with another part, what was turned before and it has too stays turned.

        Args:
            shown: The component's value.
            old: What it showed before.

        Raises:
            UsageError: the part lacks something (the message says what installs it), or a value is out of bounds.
        """
        said = json.loads(shown)
        name = str(said["name"])
        registry.usable(self.section, name)
        controls = self.controls(name)
        if name != old.name:
            turned = old.params.model_dump(exclude_defaults=True)
            return choose(self.section, {"name": name, "params": {k: v for k, v in turned.items() if k in controls}})
        given = {field: value for field, value in said["fields"].items() if field in controls}
        values = {field: forms.from_form(controls[field], value) for field, value in given.items()}
        left_out = {k: v for k, v in old.params.model_dump().items() if k in self._without}
        return choose(self.section, {"name": name, "params": {**left_out, **values}})

    def after(self, choice: Choice, old: Choice) -> Any:
        """The update after a choice was read: another part brings its own knobs, else nothing is drawn anew."""
        return gr.skip() if choice.name == old.name else self.value(choice)
