"""What the reading lab's page for one page holds: the source, how it is degraded, the columns, what lies below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.evaluation.normalising import Normalising
from pipelines.reading.degrade import Degradation
from playground.lab.state import LETTERS
from playground.reading.levels import NEUTRAL
from playground.reading.state import Reading, readers
from playground.services import Services
from playground.state import Session
from playground.tabs.reader_form import ReaderForm
from playground.tabs.shell import panel
from playground.tabs.sidebar import file_box

#: The span of the sliders that is usually enough: least, most, step.
_SPANS: dict[str, tuple[float, float, float]] = {
    "rotation": (-10, 10, 0.5),
    "dpi": (40, 200, 10),
    "blur": (0, 6, 0.25),
    "contrast": (0.1, 2, 0.05),
    "noise": (0, 100, 2),
    "jpeg": (5, 100, 5),
}

TRUTHS = [
    ("the text layer", "text layer"),
    ("a text of mine", "pasted"),
    ("nothing: compare readers", "none"),
]

IGNORED = [(name, name) for name in Normalising.model_fields]


@dataclass(frozen=True)
class Parts:
    """The tab's components."""

    lab: gr.BrowserState
    moment: gr.Number
    document: gr.Dropdown
    number: gr.Number
    upload: gr.File
    seconds: gr.Number
    run: gr.Button
    stop: gr.Button
    sliders: dict[str, gr.Slider]
    truth: gr.Radio
    ignore: gr.CheckboxGroup
    pasting: gr.Row  # holds the next two, where the truth is pasted
    pasted: gr.Textbox
    truth_file: gr.File
    areas: list[gr.Column]
    forms: list[ReaderForm]
    toolbar: gr.HTML
    page: gr.HTML
    heads: list[gr.HTML]
    bodies: list[gr.HTML]
    numbers: gr.HTML
    differences: gr.HTML

    @property
    def panels(self) -> list[gr.HTML]:
        """In the order of :meth:`Board.markup`."""
        return [self.toolbar, self.page, *self.heads, *self.bodies, self.numbers, self.differences]

    @property
    def outputs(self) -> list[Any]:
        """What every redrawing updates."""
        return [self.lab, *self.panels]


def components(services: Services, lab: gr.BrowserState) -> Parts:
    """Draw what reads one page."""
    source = _source()
    folded = gr.Accordion("Degrade the page", open=False, elem_id="read-degrade", elem_classes=["more"])
    with folded, gr.Row(elem_id="read-sliders"):
        sliders = {name: _slider(name) for name in NEUTRAL}
    truth = _truth()
    toolbar = panel("read-toolbar")
    with gr.Row(elem_id="read-desk"):
        with gr.Column(elem_id="read-left", scale=2, min_width=320):
            page = panel("read-page")
        with gr.Column(elem_id="read-right", scale=3, min_width=320):
            areas, forms, heads, bodies = _columns(services)
    numbers, differences = panel("read-numbers"), panel("read-differences")
    return Parts(
        lab, gr.Number(visible=False), *source, sliders, *truth, areas, forms, toolbar, page, heads, bodies, numbers,
        differences,
    )  # fmt: skip


def _source() -> tuple[Any, Any, Any, Any, Any, Any]:
    """Document, page, upload, longest time, Run, Stop."""
    with gr.Row(elem_id="read-source", elem_classes=["lab-source"]):
        return (
            gr.Dropdown([], label="A page of", elem_id="read-document", scale=3, filterable=False),
            gr.Number(1, label="Page", precision=0, minimum=1, elem_id="read-number", scale=0, min_width=80),
            file_box(show_label=False, label="Or a picture or PDF", height=42, elem_id="read-upload", scale=1),
            gr.Number(
                Reading().seconds, label="Seconds at most", precision=0, minimum=5, maximum=3600,
                elem_id="read-seconds", scale=0, min_width=110,
            ),
            gr.Button("Run", variant="primary", elem_id="read-run", scale=0, min_width=80),
            gr.Button("Stop", elem_id="read-stop", scale=0, min_width=80),
        )  # fmt: skip


def _truth() -> tuple[Any, Any, Any, Any, Any]:
    """What counts as the truth, what does not as a difference; the row of a pasted truth, its text, its file."""
    on = [name for name, value in Normalising().model_dump().items() if value]
    with gr.Row(elem_id="read-truth-row", elem_classes=["lab-source"]):
        truth = gr.Radio(TRUTHS, value=Reading().truth, label="Compared with", elem_id="read-truth", scale=2)
        ignore = gr.CheckboxGroup(
            IGNORED, value=on, label="Differences that do not count", elem_id="read-ignore", scale=3
        )  # fmt: skip
    with gr.Row(visible=False, elem_id="read-pasting", elem_classes=["lab-source"]) as pasting:
        pasted = gr.Textbox(
            label="The true text", lines=3, max_lines=12, elem_id="read-pasted", scale=4,
            placeholder="Paste what really stands on the page",
        )  # fmt: skip
        file = file_box(
            show_label=False, label="Or a text file", height=42, elem_id="read-truth-file", scale=1, min_width=160
        )  # fmt: skip
    return truth, ignore, pasting, pasted, file


def _columns(services: Services) -> tuple[list[Any], list[ReaderForm], list[Any], list[Any]]:
    areas: list[Any] = []
    forms: list[ReaderForm] = []
    heads: list[Any] = []
    bodies: list[Any] = []
    with gr.Row(elem_id="read-columns", elem_classes=["lab-columns"]):
        for letter, first in zip(LETTERS, readers(Session(), Reading()), strict=True):
            shown, classes = letter in LETTERS[: Reading().shown], ["lab-column", f"col-{letter.lower()}"]
            with gr.Column(elem_classes=classes, visible=shown) as area:
                heads.append(panel(f"read-head-{letter}"))
                forms.append(ReaderForm(services, letter, first))
                bodies.append(panel(f"read-body-{letter}"))
            areas.append(area)
    return areas, forms, heads, bodies


def _slider(name: str) -> gr.Slider:
    least, most, step = _SPANS[name]
    told = Degradation.model_fields[name].description
    return gr.Slider(
        least, most, NEUTRAL[name], step=step, label=name, info=told, elem_id=f"read-{name}",
        elem_classes=["knob"], min_width=160,
    )  # fmt: skip


def degradation(values: dict[str, Any]) -> Degradation:
    """What the sliders say; where they do nothing, nothing is done."""
    given = {name: value for name, value in values.items() if value != NEUTRAL[name]}
    return Degradation.model_validate({name: int(v) if name in ("dpi", "jpeg") else v for name, v in given.items()})
