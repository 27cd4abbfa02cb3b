"""A column's reader; of a vision model, the menu lists those that see, and the prompt is shown as it will be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from pipelines.reading.vlm import VlmParams
from pipelines.recipe import Choice, choose
from playground.forms import Control
from playground.reading import choosing
from playground.reading.choosing import VLM, vlm_of
from playground.services import Services
from playground.tabs.knob_form import KnobForm
from playground.views import knobs, read_model
from playground.views.html import el
from playground.views.knobs import Entry, Remark

#: Knobs of a vision model that depend on which models there are.
_MODEL, _PROMPT = "model", "prompt"


class ReaderForm(KnobForm):
    """The form of a column of the reading lab.

    Args:
        services: The process: it knows which models see.
        letter: The column's.
        first: What it shows before anybody chose.
    """

    def __init__(self, services: Services, letter: str, first: Choice) -> None:
        self._services, self._letter = services, letter
        super().__init__("reader", f"reader-{letter}", first, f"Reader of column {letter}")

    def fields(self, choice: Choice) -> dict[str, Any]:
        """What the knobs hold: of a vision model, the question as it will be asked."""
        shown, params = super().fields(choice), vlm_of(choice)
        if params is not None:
            shown[_PROMPT] = choosing.question_of(params, choosing.models(self._services))
        return shown

    def _markup(self, choice: Choice, controls: list[Control], remarks: Mapping[str, Remark]) -> Markup:
        params = vlm_of(choice)
        if params is None:
            return super()._markup(choice, controls, remarks)
        there = choosing.models(self._services)
        entries = [Entry(label, value) for label, value in choosing.entries(there)]
        advice = el("div", self._advice(params, there), id=f"read-model-{self._letter}", class_="advice")
        return knobs.form(
            self.place, controls, menu=self._entries(), label=self._label, models=entries, after={_MODEL: advice}
        )

    def read(self, shown: str, old: Choice) -> Choice:
        """The choice the form holds; a prompt that is a preset's own is none. Raises as its base does."""
        choice = super().read(shown, old)
        params = vlm_of(choice)
        if params is None:
            return choice
        knobs = {**params.model_dump(exclude_unset=True), _PROMPT: choosing.own_words(params.prompt)}
        return choose("reader", {"name": VLM, "params": knobs})

    def after(self, choice: Choice, old: Choice) -> Any:
        """The update after a choice was read: with another model or preset, another question."""
        now, before = vlm_of(choice), vlm_of(old)
        if now is None or before is None:
            return super().after(choice, old)
        same = (now.model, now.preset, now.prompt) == (before.model, before.preset, before.prompt)
        return gr.skip() if same else self.value(choice)

    def refreshed(self, choice: Choice) -> Any:
        """The update when models have come or gone."""
        return gr.skip() if vlm_of(choice) is None else self.value(choice)

    def _advice(self, params: VlmParams, there: Sequence[str]) -> Markup:
        preset = "" if params.prompt else choosing.preset_of(params, there)
        return read_model.advice(choosing.advice(self._services, params.model), preset)
