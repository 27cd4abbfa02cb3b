"""A column's reader; of a vision model, the menu lists those that see, and the prompt is shown as it will be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from pipelines.recipe import Choice, choose
from playground.forms import Control
from playground.reading import choosing
from playground.reading.choosing import VLM, vlm_of
from playground.services import Services
from playground.tabs.column_form import ColumnForm
from playground.tabs.shell import panel
from playground.views import read_model

#: Knobs of a vision model that depend on which models there are.
_MODEL, _PROMPT = "model", "prompt"


class ReaderForm(ColumnForm):
    """The controls of a column of the reading lab.

    Args:
        services: The process: it knows which models see.
        letter: The column's.
        first: What it shows before anybody chose.
    """

    def __init__(self, services: Services, letter: str, first: Choice) -> None:
        self._services = services
        self.advice: Any = None
        super().__init__("reader", letter, first)

    def _draw(self, control: Control, first: Choice, values: Mapping[str, Any]) -> None:
        super()._draw(control, first, values)
        if control.field == _MODEL:
            self.advice = panel(f"read-model-{self._letter}")

    def _fields(self) -> tuple[list[Control], list[Control]]:
        """A vision model's knobs first, in their own order: the model comes before what is asked of it."""
        open_, folded = super()._fields()
        order = list(self._controls[VLM])
        return sorted(open_, key=lambda one: order.index(one.field) if one.field in order else len(order)), folded

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates, in its order."""
        return [*super().outputs, self.advice]

    @property
    def model(self) -> gr.Dropdown:
        """The menu of models."""
        menu = self.components[_MODEL]
        assert isinstance(menu, gr.Dropdown)
        return menu

    def show(self, choice: Choice) -> list[Any]:
        """Updates that make the form show a choice."""
        updates, params = super().show(choice), vlm_of(choice)
        if params is None:
            return [*updates, ""]
        there = choosing.models(self._services)
        updates[self._at(_MODEL)] |= {"choices": choosing.entries(there)}
        updates[self._at(_PROMPT)] |= {"value": choosing.question_of(params, there)}
        return [*updates, self._advice(choice, there)]

    def read(self, name: str, shown: tuple[Any, ...]) -> Choice:
        """The choice the form holds; a prompt that is a preset's own is none. Raises as its base does."""
        choice = super().read(name, shown)
        params = vlm_of(choice)
        if params is None:
            return choice
        knobs = {**params.model_dump(exclude_unset=True), _PROMPT: choosing.own_words(params.prompt)}
        return choose("reader", {"name": VLM, "params": knobs})

    def followed(self, choice: Choice, shown: Sequence[Any]) -> list[Any]:
        """Updates after a knob was turned: what depends on the model, where it is shown otherwise."""
        updates, params = [gr.skip()] * len(self.outputs), vlm_of(choice)
        if params is None:
            return updates
        there = choosing.models(self._services)
        asked = choosing.question_of(params, there)
        if dict(zip(self.components, shown, strict=True))[_PROMPT] != asked:
            updates[self._at(_PROMPT)] = gr.update(value=asked)
        updates[-1] = self._advice(choice, there)
        return updates

    def refreshed(self, choice: Choice) -> list[Any]:
        """Updates of the menu of models, the prompt and the advice, when models have come or gone."""
        params = vlm_of(choice)
        if params is None:
            return [gr.skip()] * 3
        there = choosing.models(self._services)
        own = params.model or params.prompt  # does not depend on the others: a person may be typing there just now
        asked = gr.skip() if own else gr.update(value=choosing.question_of(params, there))
        return [gr.update(choices=choosing.entries(there)), asked, self._advice(choice, there)]

    @property
    def depending(self) -> list[Any]:
        """What :meth:`refreshed` updates, in its order."""
        return [self.components[_MODEL], self.components[_PROMPT], self.advice]

    def _advice(self, choice: Choice, there: Sequence[str]) -> str:
        params = vlm_of(choice)
        if params is None:
            return ""
        preset = "" if params.prompt else choosing.preset_of(params, there)
        return str(read_model.advice(choosing.advice(self._services, params.model), preset))
