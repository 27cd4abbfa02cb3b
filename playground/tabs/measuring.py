"""The measured part of the chunking lab: a set of questions, a budget, a row of results a column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.errors import PlaygroundError
from pipelines.evaluation.question_sets import MINE
from playground.lab import measuring
from playground.lab.state import Lab
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.sidebar import bare_name, file_box
from playground.views import measured


def shown(services: Services, lab: Lab) -> str:
    """The result as it stands; "" before the first."""
    found = services.measurements.peek(lab.id)
    return str(measured.measured(found)) if found else ""


def mine(services: Services) -> str:
    """The questions marked by hand."""
    try:
        return str(measured.marked(services.questions.read(MINE) if MINE in services.questions.names() else []))
    except PlaygroundError as error:
        return str(error)


class Measured:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        lab: The lab's state.
    """

    def __init__(self, services: Services, shell: Shell, lab: gr.BrowserState) -> None:
        self._services, self._shell, self._lab = services, shell, lab
        with gr.Row(elem_id="lab-measure"):
            self.set = gr.Dropdown(
                [], label="Measure on labelled questions", elem_id="lab-questions", filterable=False, scale=2
            )
            self.box = file_box(
                label="Questions: YAML, JSON lines, CSV", show_label=False, height=42, elem_id="lab-file"
            )
            self.budget = gr.Slider(
                500, 20_000, Lab().budget, step=500, label="Budget", elem_id="lab-budget", elem_classes=["knob"],
                info="Characters an answer may read, for recall at an equal budget.", scale=2,
            )  # fmt: skip
            self.run = gr.Button("Measure", variant="primary", elem_id="lab-measure-run", scale=0, min_width=100)
            self.stop = gr.Button("Stop", elem_id="lab-measure-stop", scale=0, min_width=80)
        self.mine, self.found = panel("lab-mine"), panel("lab-measured")

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates."""
        return [self.set, self.budget, self.mine, self.found]

    def show(self, lab: Lab) -> list[Any]:
        """Everything as it stands."""
        named, chosen = measuring.menu_of(self._services, lab.questions)
        return [gr.update(choices=named, value=chosen), lab.budget, mine(self._services), shown(self._services, lab)]

    def follow(self, lab: Lab) -> Iterator[str]:
        """The result as it grows."""
        for now in self._services.measurements.follow(lab.id):
            yield str(measured.measured(now))

    def wire(self) -> None:
        """Connect everything."""
        kept, services = self._shell.kept, self._services

        def on_run(kept: Any, lab: Any, name: str | None, budget: float) -> Iterator[list[Any]]:
            now = services.labs.now(Lab, lab).to(questions=name or measuring.SAMPLES, budget=int(budget))
            measuring.measure(services, Session.restore(kept), now)
            yield [services.labs.keep(now).keep(), shown(services, now)]
            for markup in self.follow(now):
                yield [gr.skip(), markup]

        def on_file(files: Any, lab: Any) -> list[Any]:
            names = [measuring.take_file(services, path, bare_name(name)) for path, name in files or []]
            now = services.labs.now(Lab, lab).to(questions=names[-1]) if names else services.labs.now(Lab, lab)
            return [None, services.labs.keep(now).keep(), self.show(now)[0]]

        def on_mine(lab: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] == "forget":
                measuring.forget(services, int(event._data["arg"]))
            return [self.show(services.labs.now(Lab, lab))[0], mine(services)]

        def on_stop(lab: Any) -> None:
            services.measurements.stop(services.labs.now(Lab, lab).id)

        wire([self.run.click], on_run, [kept, self._lab, self.set, self.budget], [self._lab, self.found])
        wire([self.box.upload], on_file, [self.box, self._lab], [self.box, self._lab, self.set])
        wire([self.mine.click], on_mine, [self._lab], [self.set, self.mine])
        wire([self.stop.click], on_stop, [self._lab], [])
