"""Question sets: look at one, edit it, name it, bring one from a file, take one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from pipelines.errors import PlaygroundError, UsageError
from pipelines.evaluation.question_sets import MINE, clean_name
from playground.finding import drafting
from playground.finding.state import Finding
from playground.lab.measuring import SAMPLES, menu_of, read_set, sets, take_file
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import panel, wire
from playground.tabs.sidebar import bare_name, file_box
from playground.views import drafts as draft_view
from playground.views import question_sets as view
from playground.views.html import el

# handlers ---------------------------------------------------------------------------------------------


def shown(services: Services, name: str) -> str:
    """A set as markup."""
    if name not in [known for _, known in sets(services)]:
        return str(view.none())
    title = "Sample documents" if name == SAMPLES else name
    try:
        return str(view.question_set(title, read_set(services, name), editable=name != SAMPLES))
    except PlaygroundError as error:
        return str(el("p", str(error), class_="warning"))


def act(services: Services, name: str, what: str, target: str, value: str) -> str:
    """Edit a set; returns the name of the set to show then.

    Raises:
        UsageError: what was pressed is not there any more.
    """
    match what:
        case "rename":
            return services.questions.rename(name, value)
        case "delete":
            services.questions.delete(name)
        case "forget":
            services.questions.remove(int(target), name)
        case "reword":
            _reword(services, name, int(target), value.strip())
    return menu_of(services, name)[1] or ""


def drafts(services: Services, lab: Finding) -> str:
    """What a model wrote, as it stands; how it works before that."""
    found = services.measurements.peek(lab.work("drafts"))
    return str(draft_view.drafts(found, lab.into)) if found else str(draft_view.none())


def _reword(services: Services, name: str, place: int, question: str) -> None:
    known = services.questions.read(name)
    if not question or not 0 <= place < len(known):
        raise UsageError("That question is not there any more, or has no words.", "Open the set again.")
    services.questions.replace(place, replace(known[place], question=question), name)


# components and wiring --------------------------------------------------------------------------------


class QuestionSetsTab:
    """The components and their wiring.

    Args:
        services: The process.
        kept: The session's state.
        lab: The lab's state.
    """

    def __init__(self, services: Services, kept: gr.BrowserState, lab: gr.BrowserState) -> None:
        self._services, self._kept, self._lab = services, kept, lab
        with gr.Row(elem_classes=["lab-source"]):
            self.set = gr.Dropdown([], label="Set", elem_id="sets-set", filterable=False, scale=2)
            self.into = gr.Textbox(
                MINE, label="Marked answers and kept questions go to", elem_id="sets-into", lines=1, scale=2,
                info="A name of your own makes a set of its own.",
            )  # fmt: skip
            self.box = file_box(
                label="Questions: YAML, JSON lines, CSV", show_label=False, height=42, elem_id="sets-file"
            )
        self.panel = panel("sets-panel")
        with gr.Accordion("Let a model write questions", open=False, elem_id="sets-make"):
            with gr.Row(elem_classes=["lab-source"]):
                self.document = gr.Dropdown([], label="About", elem_id="make-document", filterable=False, scale=2)
                self.pages = gr.Textbox(
                    label="Pages", placeholder=f"the first {drafting.MOST}, or 1-3, 8", elem_id="make-pages", lines=1
                )
                self.per_page = gr.Slider(1, 5, 2, step=1, label="Of each page", elem_id="make-count")
                self.make = gr.Button("Write", variant="primary", elem_id="make-run", scale=0, min_width=80)
                self.stop = gr.Button("Stop", elem_id="make-stop", scale=0, min_width=80)
            self.drafts = panel("make-drafts")

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates."""
        return [self.set, self.into, self.panel, self.document, self.drafts]

    def show(self, lab: Finding) -> list[Any]:
        """Everything as it stands."""
        named, chosen = menu_of(self._services, lab.questions)
        return [
            gr.update(choices=named, value=chosen),
            lab.into,
            shown(self._services, chosen or ""),
            gr.update(choices=[one.document for one in self._services.library.documents() if one.words]),
            drafts(self._services, lab),
        ]

    def wire(self, others: gr.Dropdown, tab: gr.Tab) -> None:
        """Connect everything; ``others`` is the menu of sets that are measured, which follows."""
        outputs = [self._lab, *self.outputs, others]

        def drawn(now: Finding) -> list[Any]:
            updates = self.show(now)
            return [self._services.labs.keep(now).keep(), *updates, updates[0]]

        def on_set(lab: Any, name: str | None) -> list[Any]:
            return drawn(self._services.labs.now(Finding, lab).to(questions=name or ""))

        def on_into(lab: Any, name: str) -> list[Any]:
            return drawn(self._services.labs.now(Finding, lab).to(into=clean_name(name) if name.strip() else MINE))

        def on_file(files: Any, lab: Any) -> list[Any]:
            names = [take_file(self._services, path, bare_name(name)) for path, name in files or []]
            now = self._services.labs.now(Finding, lab)
            return [None, *drawn(now.to(questions=names[-1]) if names else now)]

        def on_panel(lab: Any, event: gr.EventData) -> list[Any]:
            now, data = self._services.labs.now(Finding, lab), event._data
            if data["act"] == "trace":
                return [gr.skip()] * len(outputs)
            name = act(self._services, now.questions, data["act"], data["arg"], data.get("value", ""))
            return drawn(now.to(questions=name))

        def on_open(lab: Any) -> list[Any]:
            return drawn(self._services.labs.now(Finding, lab))

        def on_make(kept: Any, lab: Any, name: str, pages: str, count: float) -> Iterator[str]:
            now = self._services.labs.now(Finding, lab)
            drafting.start(self._services, Session.restore(kept), now, name or "", pages or "", int(count))
            for _ in self._services.measurements.follow(now.work("drafts")):
                yield drafts(self._services, now)

        def on_drafts(lab: Any, event: gr.EventData) -> list[Any]:
            now, what = self._services.labs.now(Finding, lab), event._data["act"]
            if what in ("keep", "drop"):
                drafting.decide(self._services, now, int(event._data["arg"]), what)
            return drawn(now)

        def on_stop(lab: Any) -> None:
            self._services.measurements.stop(self._services.labs.now(Finding, lab).work("drafts"))

        given = [self._kept, self._lab, self.document, self.pages, self.per_page]
        wire([self.make.click], on_make, given, [self.drafts])
        wire([self.drafts.click], on_drafts, [self._lab], outputs)
        wire([self.stop.click], on_stop, [self._lab], [])
        wire([self.set.input], on_set, [self._lab, self.set], outputs)
        wire([self.into.blur, self.into.submit], on_into, [self._lab, self.into], outputs)
        wire([self.box.upload], on_file, [self.box, self._lab], [self.box, *outputs])
        wire([self.panel.click], on_panel, [self._lab], outputs)
        wire([tab.select], on_open, [self._lab], outputs)
