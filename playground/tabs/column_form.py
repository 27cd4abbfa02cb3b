"""One column's menu and knobs: every knob once, whichever strategies have it, so that switching keeps its value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import gradio as gr

from pipelines import registry
from pipelines.recipe import Choice, choose
from playground import forms
from playground.forms import Control


class ColumnForm:
    """The controls of one section in one column of a lab, drawn from the parts' ``Params``.

    Args:
        section: Of the recipe, the one the lab varies.
        letter: The column's.
        first: What it shows before anybody chose.
        without: Knobs it does not offer.
    """

    def __init__(self, section: str, letter: str, first: Choice, without: Collection[str] = ()) -> None:
        self._section, self._letter, self._without = section, letter, without
        parts = forms.menu(section)
        self.menu = gr.Dropdown(
            parts, value=first.name, show_label=False, label=f"{section.capitalize()} of column {letter}",
            container=False, elem_id=f"{section}-{letter}", filterable=False, visible=len(parts) > 1,
        )  # fmt: skip
        self.components: dict[str, Any] = {}
        open_, folded = self._fields()
        values = self._values(first)
        for control in open_:
            self._draw(control, first, values)
        self._folded = [control.field for control in folded]
        with gr.Accordion("More", open=False, elem_classes=["more"], visible=self._more(first)) as self.more:
            for control in folded:
                self._draw(control, first, values)

    @cached_property
    def _controls(self) -> Mapping[str, Mapping[str, Control]]:
        """Part -> field -> control."""
        return {
            part.name: {one.field: one for one in forms.controls(part) if one.field not in self._without}
            for part in registry.parts(self._section)
        }

    def _fields(self) -> tuple[list[Control], list[Control]]:
        """A control of each field: those open, those that every part folds."""
        known: dict[str, Control] = {}
        for controls in self._controls.values():
            for field, control in controls.items():
                if field not in known or known[field].fold:
                    known[field] = control
        return [c for c in known.values() if not c.fold], [c for c in known.values() if c.fold]

    def _draw(self, control: Control, first: Choice, values: Mapping[str, Any]) -> None:
        own = self._controls[first.name].get(control.field)
        self.components[control.field] = forms.draw(
            own or control,
            values.get(control.field, control.default),
            visible=own is not None and own.counts(values),
            elem_id=f"{self._section}-{self._letter}-{control.field}",
        )

    def _values(self, choice: Choice) -> dict[str, Any]:
        return choice.params.model_dump()

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates, in its order."""
        return [self.menu, self.more, *self.components.values()]

    def _at(self, field: str) -> int:
        """Place of a knob among the outputs."""
        return 2 + list(self.components).index(field)

    def _more(self, choice: Choice) -> bool:
        """Whether a choice has knobs that are folded away."""
        controls, values = self._controls[choice.name], self._values(choice)
        return any(field in controls and controls[field].counts(values) for field in self._folded)

    def show(self, choice: Choice) -> list[Any]:
        """Updates that make the form show a choice."""
        controls, values = self._controls[choice.name], self._values(choice)
        updates: list[Any] = [gr.update(value=choice.name), gr.update(visible=self._more(choice))]
        for field in self.components:
            control = controls.get(field)
            if control is None:
                updates.append(gr.update(visible=False))
                continue
            seen = control.counts(values)
            updates.append({**forms.update(control, values[field]), "visible": seen, "info": control.info})
        return updates

    def fitting(self, choice: Choice, old: Choice) -> list[Any]:
        """Updates after a knob was turned: only those of knobs that begin or cease to have an effect."""
        controls, now, before = self._controls[choice.name], self._values(choice), self._values(old)
        updates = [gr.skip()] * len(self.outputs)
        for field in self.components:
            control = controls.get(field)
            if control is not None and control.counts(now) != control.counts(before):
                updates[self._at(field)] = gr.update(visible=control.counts(now))
        return updates

    def read(self, name: str, shown: tuple[Any, ...]) -> Choice:
        """The choice the form holds.

        Raises:
            UsageError: the strategy lacks something (the message says what installs it), or a value is out of bounds.
        """
        registry.usable(self._section, name)
        controls = self._controls[name]
        given = zip(self.components, shown, strict=True)
        values = {field: forms.from_form(controls[field], value) for field, value in given if field in controls}
        return choose(self._section, {"name": name, "params": values})

    def switched(self, name: str, old: Choice) -> Choice:
        """Another strategy with its own defaults, but for the knobs a person had turned and it has too."""
        registry.usable(self._section, name)
        turned = old.params.model_dump(exclude_defaults=True)
        kept = {field: value for field, value in turned.items() if field in self._controls[name]}
        return choose(self._section, {"name": name, "params": kept})
