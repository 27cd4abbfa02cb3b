"""What the sampling lab's page for one answer holds: the prompt, the columns, the lens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from pipelines import registry
from pipelines.engines.presets import PRESETS
from pipelines.recipe import Choice
from playground import forms
from playground.forms import Control
from playground.lab.state import LETTERS
from playground.sampling.state import LEFT_OUT, Lens, Sampling, choices
from playground.state import Session
from playground.tabs.knob_form import KnobForm
from playground.tabs.shell import panel
from playground.views import teaching

#: Menu of presets; the last is what hand-turned knobs are.
PRESET_MENU = [*((one.label, name) for name, one in PRESETS.items()), ("Your own", "")]

ORDERS = [
    ("as this server does it", "server"),
    ("temperature last (llama.cpp, Ollama from 0.30)", "llama"),
    ("temperature second (Ollama’s Go engine before 0.30)", "go"),
]


@dataclass(frozen=True)
class Parts:
    """The tab's components."""

    lab: gr.BrowserState
    moment: gr.Number
    system: gr.Textbox
    prompt: gr.Textbox
    take: gr.Button
    run: gr.Button
    stop: gr.Button
    areas: list[gr.Column]
    models: list[gr.Dropdown]
    presets: list[gr.Dropdown]
    forms: list[KnobForm]
    values: list[gr.HTML]  # what the server makes of the knobs
    folds: list[gr.Accordion]  # around them
    strip: gr.HTML
    toolbar: gr.HTML
    heads: list[gr.HTML]
    bodies: list[gr.HTML]
    parting: gr.HTML
    sliders: dict[str, gr.Slider]
    order: gr.Radio
    reset: gr.Button
    over: gr.Button
    exact: gr.HTML
    seen: gr.HTML
    token: gr.HTML

    @property
    def panels(self) -> list[gr.HTML]:
        """In the order of :meth:`Board.markup`."""
        return [self.strip, self.toolbar, *self.heads, *self.bodies, self.parting, self.seen, self.token]

    @property
    def lens(self) -> list[Any]:
        """The lens's controls."""
        return [*self.sliders.values(), self.order]

    @property
    def outputs(self) -> list[Any]:
        """What every redrawing updates."""
        return [self.lab, *self.areas, *self.lens, self.exact, *self.panels]


def components(lab: gr.BrowserState) -> Parts:
    """Draw what draws one answer a column."""
    strip, toolbar = panel("draw-strip", render=False), panel("draw-toolbar", render=False)
    with gr.Row(elem_id="draw-source", elem_classes=["lab-source"]):
        prompt = gr.Textbox(
            label="A prompt", placeholder="Say something to every column", elem_id="draw-prompt", lines=2, max_lines=12,
            scale=4,
        )  # fmt: skip
        take = gr.Button("From the chat", elem_id="draw-take", scale=0, min_width=160)
        run = gr.Button("Run", variant="primary", elem_id="draw-run", scale=0, min_width=80)
        stop = gr.Button("Stop", elem_id="draw-stop", scale=0, min_width=80)
    with gr.Accordion("System prompt", open=False, elem_id="draw-system-fold", elem_classes=["more"]):
        system = gr.Textbox(
            show_label=False, label="System prompt", elem_id="draw-system", lines=2, max_lines=12, container=False,
            placeholder="Empty: whatever the model’s own template says",
        )  # fmt: skip
    strip.render()  # type: ignore[no-untyped-call]
    toolbar.render()  # type: ignore[no-untyped-call]
    areas, models, presets, knobs, values, folds, heads, bodies = _columns()
    parting = panel("draw-parting")
    gr.HTML("<h2>The lens</h2>", apply_default_css=False, elem_id="lens-title")
    with gr.Row(elem_id="lens"):
        with gr.Column(elem_id="lens-knobs", scale=1, min_width=260):
            sliders, order, reset, over = _lens()
            exact = panel("lens-exact")
        with gr.Column(elem_id="lens-seen", scale=3, min_width=320):
            token, seen = panel("lens-token"), panel("lens-text")
    told = forms.controls(registry.get("sampling", "default"))
    gr.HTML(str(teaching.knobs(told)), apply_default_css=False, elem_id="lens-teaching")
    return Parts(
        lab, gr.Number(visible=False), system, prompt, take, run, stop, areas, models, presets, knobs, values, folds,
        strip, toolbar, heads, bodies, parting, sliders, order, reset, over, exact, seen, token,
    )  # fmt: skip


def _columns() -> tuple[Any, ...]:
    """Areas, models, presets, forms, values, folds; heads, bodies."""
    areas, models, presets, knobs, values, folds, heads, bodies = (list[Any]() for _ in range(8))
    with gr.Row(elem_id="draw-columns", elem_classes=["lab-columns"]):
        for letter, first in zip(LETTERS, choices(Session(), Sampling()), strict=True):
            shown, classes = letter in LETTERS[: Sampling().shown], ["lab-column", f"col-{letter.lower()}"]
            with gr.Column(elem_classes=classes, visible=shown) as area:
                heads.append(panel(f"draw-head-{letter}"))
                with gr.Column(elem_classes=["knobs"]):
                    with gr.Row(elem_classes=["menus"]):
                        one = [("Automatic", "auto")]
                        models.append(_menu(one, "auto", f"Model of column {letter}", f"draw-model-{letter}"))
                        presets.append(_menu(PRESET_MENU, "own", f"Preset of column {letter}", f"draw-preset-{letter}"))
                    knobs.append(_form(letter, first["sampling"]))
                    with gr.Accordion("Values really used", open=False, elem_classes=["more"]) as fold:
                        values.append(panel(f"draw-values-{letter}"))
                    folds.append(fold)
                bodies.append(panel(f"draw-body-{letter}"))
            areas.append(area)
    return areas, models, presets, knobs, values, folds, heads, bodies


def _form(letter: str, first: Choice) -> KnobForm:
    return KnobForm("sampling", f"sampling-{letter}", first, f"Sampling of column {letter}", without=LEFT_OUT)


def _menu(entries: list[tuple[str, str]], value: str, label: str, name: str) -> gr.Dropdown:
    return gr.Dropdown(
        entries,
        value=value,
        show_label=False,
        label=label,
        container=False,
        elem_id=name,
        filterable=False,
        min_width=90,
    )


def _lens() -> tuple[dict[str, gr.Slider], gr.Radio, gr.Button, gr.Button]:
    """Sliders of the same knobs, which ask no model."""
    part = registry.get("sampling", "default")
    known: dict[str, Control] = {control.field: control for control in forms.controls(part)}
    neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}
    sliders = {}
    for field in (name for name in Lens.model_fields if name != "order"):
        control = replace(known[field], optional=False)
        most = control.usual or control.maximum or 1
        sliders[field] = gr.Slider(
            control.minimum or 0, most, neutral[field], step=control.step, label=control.label, info=control.info,
            elem_id=f"lens-{field}", elem_classes=["knob"],
        )  # fmt: skip
    order = gr.Radio(ORDERS, value="server", label="Order of the samplers", elem_id="lens-order", elem_classes=["knob"])
    with gr.Row():
        reset = gr.Button("As it was drawn", size="sm", elem_id="lens-reset", min_width=110)
        over = gr.Button("Take over into the column", size="sm", elem_id="lens-over", min_width=150)
    return sliders, order, reset, over
