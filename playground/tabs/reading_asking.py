"""What is asked of a page that was read: whether the model sees, and what a question finds in each reader's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.reading import finding, seeing
from playground.reading.state import Reading
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.wishes import once
from playground.views import read_found as view

#: What is pressed on the board and answered here.
ACTS = ("see", "see-stop")


class Asking:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        lab: The lab's state.
    """

    def __init__(self, services: Services, shell: Shell, lab: gr.BrowserState) -> None:
        self._services, self._shell, self._lab = services, shell, lab
        self.sight = panel("read-sight")
        gr.HTML("<h2>What it does to retrieval</h2>", apply_default_css=False, elem_classes=["lab-title"])
        with gr.Row(elem_id="read-ask", elem_classes=["lab-source"]):
            self.question = gr.Textbox(
                placeholder="Ask something the page answers", show_label=False, container=False, lines=1,
                max_lines=1, elem_id="read-question", scale=4,
            )  # fmt: skip
            self.ask = gr.Button("Ask", elem_id="read-find", scale=0, min_width=80)
        self.found = panel("read-found")

    def wire(self, tab: gr.Tab, heads: list[gr.HTML]) -> None:
        """Connect everything; ``heads`` hold the buttons that ask whether a model sees."""
        services, work = self._services, self._services.measurements

        def now(lab: Any) -> Reading:
            return services.labs.now(Reading, lab)

        def sight(lab: Reading) -> str:
            return str(view.sight(seeing.looking(services, lab)))

        def found(lab: Reading) -> str:
            there = finding.found(services, lab)
            return str(view.found(there) if there else view.empty())

        def on_look(kept: Any, lab: Any, event: gr.EventData) -> Iterator[str]:
            what = event._data["act"]
            if what not in ACTS:
                return
            if what == "see":
                seeing.start(services, Session.restore(kept), now(lab), int(event._data["arg"]))
            else:
                work.stop(now(lab).work("sight"))
            asked = now(lab)
            yield from work.drawn(asked.work("sight"), lambda: sight(asked))

        def on_ask(kept: Any, lab: Any, question: str) -> Iterator[list[Any]]:
            asked = services.labs.keep(now(lab).to(asked=question))
            finding.start(services, Session.restore(kept), asked)
            yield from once([asked.keep()], ([drawn] for drawn in work.drawn(asked.work("find"), lambda: found(asked))))

        def on_open(lab: Any) -> Iterator[list[Any]]:
            """What went on while nobody looked."""
            lab = now(lab)
            first: list[Any] = [lab.asked, sight(lab)]
            yield from once(first, ([drawn] for drawn in work.drawn(lab.work("find"), lambda: found(lab))))

        given = [self._shell.kept, self._lab]
        for clicked in (*heads, self.sight):
            wire([clicked.click], on_look, given, [self.sight], trigger_mode="multiple")
        wire([self.ask.click, self.question.submit], on_ask, [*given, self.question], [self._lab, self.found])
        wire([tab.select], on_open, [self._lab], [self.question, self.sight, self.found])
