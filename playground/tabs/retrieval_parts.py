"""What the retrieval lab's page for one question holds: the question, its filters, the columns, what lies below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.recipe import Choice
from playground.finding.state import SECTIONS, Finding, choices
from playground.lab.state import LETTERS
from playground.state import Session
from playground.tabs.knob_form import KnobForm
from playground.tabs.shell import panel


@dataclass(frozen=True)
class Parts:
    """The tab's components."""

    lab: gr.BrowserState
    moment: gr.Number
    question: gr.Textbox
    run: gr.Button
    stop: gr.Button
    documents: gr.Dropdown
    pages: gr.Textbox
    answer: gr.Checkbox
    areas: list[gr.Column]
    forms: list[dict[str, KnobForm]]
    strip: gr.HTML
    toolbar: gr.HTML
    heads: list[gr.HTML]
    bodies: list[gr.HTML]
    below: list[gr.HTML]  # trace, passage

    @property
    def panels(self) -> list[gr.HTML]:
        """In the order of :meth:`Board.markup`."""
        return [self.strip, self.toolbar, *self.heads, *self.bodies, *self.below]

    @property
    def outputs(self) -> list[Any]:
        """What every redrawing updates."""
        return [self.lab, *self.areas, *self.panels]

    @property
    def above(self) -> list[Any]:
        """What is chosen above the columns."""
        return [self.documents, self.pages, self.answer]


def components(lab: gr.BrowserState) -> Parts:
    """Draw what asks one question."""
    strip, toolbar = panel("find-strip", render=False), panel("find-toolbar", render=False)
    with gr.Row(elem_id="find-source", elem_classes=["lab-source"]):
        question = gr.Textbox(
            label="A question", placeholder="Ask every column the same", elem_id="find-question", lines=1, scale=4
        )
        run = gr.Button("Run", variant="primary", elem_id="find-run", scale=0, min_width=80)
        stop = gr.Button("Stop", elem_id="find-stop", scale=0, min_width=80)
    with gr.Row(elem_id="find-filter", elem_classes=["lab-source"]):
        documents = gr.Dropdown(
            [], label="Only in these documents", multiselect=True, elem_id="find-documents", scale=3,
            info="Empty: all documents. Keyword scores keep the collection’s word statistics.",
        )  # fmt: skip
        pages = gr.Textbox(
            label="Only on pages", placeholder="all, or 1-3, 8", elem_id="find-pages", lines=1, scale=1, min_width=120
        )
        answer = gr.Checkbox(label="Answer too", elem_id="find-answer", scale=0, min_width=120,
                             info="Each column also answers, so that the trace shows what was cited.")  # fmt: skip
    strip.render()  # type: ignore[no-untyped-call]
    toolbar.render()  # type: ignore[no-untyped-call]
    areas, forms, heads, bodies = [], [], [], []
    with gr.Row(elem_id="find-columns", elem_classes=["lab-columns"]):
        for letter, first in zip(LETTERS, choices(Session(), Finding()), strict=True):
            shown, classes = letter in LETTERS[: Finding().shown], ["lab-column", f"col-{letter.lower()}"]
            with gr.Column(elem_classes=classes, visible=shown) as area:
                heads.append(panel(f"find-head-{letter}"))
                with gr.Column(elem_classes=["knobs"]):
                    forms.append({section: _form(section, letter, first[section]) for section in SECTIONS})
                bodies.append(panel(f"find-body-{letter}"))
            areas.append(area)
    below = [panel("find-trace"), panel("find-passage")]
    moment = gr.Number(visible=False)
    return Parts(
        lab, moment, question, run, stop, documents, pages, answer, areas, forms, strip, toolbar, heads, bodies, below
    )


def _form(section: str, letter: str, first: Choice) -> KnobForm:
    return KnobForm(section, f"{section}-{letter}", first, f"{section.capitalize()} of column {letter}")
