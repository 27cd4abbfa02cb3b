"""The chunking lab: strategies side by side on one document, what they find, which is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import escape

from pipelines.evaluation.question_sets import MINE
from playground.lab import board, measuring
from playground.lab.acting import act, document_names, open_document, open_first, paste
from playground.lab.state import LETTERS, Lab, chunkers, use_in_chat, with_column
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.knob_form import KnobForm
from playground.tabs.measuring import Measured
from playground.tabs.recipe import summary
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.sidebar import Sidebar
from playground.tabs.wishes import Wishes, once

#: What can be pressed on the board that does not draw it anew.
ELSEWHERE = ("use", "mark")


@dataclass(frozen=True)
class Parts:
    """The tab's components."""

    lab: gr.BrowserState
    moment: gr.Number
    source: gr.Dropdown
    pasted: gr.Textbox
    question: gr.Textbox
    run: gr.Button
    stop: gr.Button
    areas: list[gr.Column]
    forms: list[KnobForm]
    strip: gr.HTML
    toolbar: gr.HTML
    heads: list[gr.HTML]
    bodies: list[gr.HTML]
    below: list[gr.HTML]  # detail, found, numbers

    @property
    def panels(self) -> list[gr.HTML]:
        """In the order of :meth:`Board.markup`."""
        return [self.strip, self.toolbar, *self.heads, *self.bodies, *self.below]

    @property
    def outputs(self) -> list[Any]:
        """What every redrawing updates."""
        return [self.lab, *self.areas, *self.panels]


def components(lab: gr.BrowserState) -> Parts:
    """Draw the tab."""
    strip, toolbar = panel("lab-strip", render=False), panel("lab-toolbar", render=False)
    with gr.Row(elem_id="lab-source"):
        source = gr.Dropdown([], label="Document", elem_id="lab-document", scale=2, filterable=False)
        question = gr.Textbox(
            label="A question", placeholder="Ask every column the same", elem_id="lab-question", lines=1, scale=3
        )
        run = gr.Button("Run", variant="primary", elem_id="lab-run", scale=0, min_width=80)
        stop = gr.Button("Stop", elem_id="lab-stop", scale=0, min_width=80)
    with gr.Accordion("Paste text instead", open=False, elem_id="lab-paste"):
        pasted = gr.Textbox(
            show_label=False, label="Text to cut", placeholder="Paste text or Markdown here", lines=6, max_lines=12,
            container=False, elem_id="lab-pasted",
        )  # fmt: skip
    strip.render()  # type: ignore[no-untyped-call]
    toolbar.render()  # type: ignore[no-untyped-call]
    areas, forms, heads, bodies = [], [], [], []
    with gr.Row(elem_id="lab-columns"):
        for letter, first in zip(LETTERS, chunkers(Session(), Lab()), strict=True):
            shown, classes = letter in LETTERS[: Lab().shown], ["lab-column", f"col-{letter.lower()}"]
            with gr.Column(elem_classes=classes, visible=shown) as area:
                heads.append(panel(f"lab-head-{letter}"))
                forms.append(KnobForm("chunker", f"chunker-{letter}", first, f"Chunker of column {letter}"))
                bodies.append(panel(f"lab-body-{letter}"))
            areas.append(area)
    detail, found, numbers = panel("lab-detail"), panel("lab-found"), panel("lab-numbers")
    below = [detail, found, numbers]
    moment = gr.Number(visible=False)
    return Parts(lab, moment, source, pasted, question, run, stop, areas, forms, strip, toolbar, heads, bodies, below)


class Wiring:
    """What happens when; every handler ends in a redrawn board."""

    def __init__(self, services: Services, shell: Shell, side: Sidebar, parts: Parts) -> None:
        self._services, self._shell, self._side, self._parts = services, shell, side, parts
        self._measured = Measured(services, shell, parts.lab)
        self._measured.wire()
        id_of = lambda lab: Lab.restore(lab).id  # noqa: E731
        self._wishes = Wishes(services.tasks, shell.kept, parts.lab, parts.moment, parts.outputs, id_of, ELSEWHERE)

    def redraw(self, session: Session, lab: Lab, made: float) -> Iterator[list[Any]]:
        """The state at once, then each panel as it changes."""
        lab = self._services.labs.keep(lab, made)
        first = [lab.keep(), *[gr.update(visible=at < lab.shown) for at in range(len(LETTERS))]]
        boards = lambda flag: (now.markup() for now in board.draw(self._services, session, lab, flag))  # noqa: E731
        yield from self._wishes.redraw(lab.id, made, first, boards)

    def board(self) -> None:
        """Buttons and shapes of the board; what is chosen above it."""
        parts = self._parts

        def on_board(kept: Any, lab: Any, made: float, event: gr.EventData) -> Iterator[list[Any]]:
            session, data = Session.restore(kept), event._data
            if data["act"] in ELSEWHERE:
                return  # the others have handlers of their own
            now = act(self._services, session, self._services.labs.now(Lab, lab), data["act"], data["arg"])
            yield from self.redraw(session, now, made)

        def on_source(kept: Any, lab: Any, made: float, name: str | None) -> Iterator[list[Any]]:
            now = open_document(self._services, self._services.labs.now(Lab, lab), name or "")
            yield from self.redraw(Session.restore(kept), now, made)

        def on_paste(kept: Any, lab: Any, made: float, text: str) -> Iterator[list[Any]]:
            now = paste(self._services.labs.now(Lab, lab), text)
            for update in self.redraw(Session.restore(kept), now, made):
                yield [now.document or None, *update]

        def on_question(kept: Any, lab: Any, made: float, text: str) -> Iterator[list[Any]]:
            yield from self.redraw(
                Session.restore(kept), self._services.labs.now(Lab, lab).to(asked=text.strip()), made
            )

        def on_stop(lab: Any) -> None:
            self._services.tasks.stop(self._services.labs.now(Lab, lab).id)

        def on_mark(lab: Any, question: str, event: gr.EventData) -> list[Any]:
            if event._data["act"] != "mark":
                return [gr.skip()] * 3
            made = measuring.mark(self._services, self._services.labs.now(Lab, lab), question, event._data["arg"])
            gr.Info(f"Kept among my questions: “{escape(made.question)}”", title="Marked", duration=5)
            now = self._services.labs.now(Lab, lab).to(questions=MINE)
            return [self._services.labs.keep(now).keep(), *self._measured.show(now)[::2][:2]]

        for body in parts.bodies:
            inputs = [parts.lab, parts.question]
            wire([body.click], on_mark, inputs, [parts.lab, self._measured.set, self._measured.mine])
        for clicked in (parts.toolbar, *parts.heads, *parts.bodies, *parts.below):
            self._wishes.wire([clicked.click], on_board, [], pressed=True)
        self._wishes.wire([parts.source.input], on_source, [parts.source])
        self._wishes.wire([parts.pasted.blur], on_paste, [parts.pasted], [parts.source])
        self._wishes.wire([parts.question.submit, parts.run.click], on_question, [parts.question])
        wire([parts.stop.click], on_stop, [parts.lab], [])

    def column(self, at: int) -> None:
        """A column's menu, its knobs, and the buttons in its head."""
        parts, form, kept = self._parts, self._parts.forms[at], self._shell.kept

        def on_form(kept: Any, lab: Any, made: float, said: Any) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._services.labs.now(Lab, lab)
            old = chunkers(session, before)[at]
            choice = form.read(said, old)
            now = before if choice == old else with_column(session, before, at, choice)
            yield from once([form.after(choice, old)], self.redraw(session, now, made))

        def on_head(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] != "use":
                return [gr.skip()] * len(outputs)
            session = use_in_chat(Session.restore(kept), self._services.labs.now(Lab, lab), int(event._data["arg"]))
            gr.Info(f"Chat now cuts with {recipe_of(session).choice('chunker')}.", title="In use", duration=5)
            return [
                session.keep(),
                summary(session),
                *self._side.forms["chunker"].show(recipe_of(session).choice("chunker")),
            ]

        self._wishes.wire([form.html.input], on_form, [form.html], [form.html])
        outputs = [kept, self._shell.words, *self._side.forms["chunker"].outputs]
        wire([parts.heads[at].click], on_head, [kept, parts.lab], outputs)

    def opening(self, tab: gr.Tab) -> None:
        """The first look: nothing of the lab is computed before."""
        parts = self._parts

        def on_open(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            session = Session.restore(kept)
            now = open_first(self._services, session, self._services.labs.now(Lab, lab))
            names = document_names(self._services, session)
            chosen = zip(parts.forms, chunkers(session, now), strict=True)
            first = [
                gr.update(choices=names, value=now.document or None),
                now.pasted or gr.skip(),  # an empty one would undo what is being typed
                now.asked or gr.skip(),
                *(form.value(choice) for form, choice in chosen),
                *self._measured.show(now),
            ]
            yield from once(first, self.redraw(session, now, made))

        def on_return(lab: Any) -> Iterator[str]:
            """A measurement that went on while nobody looked."""
            yield from self._measured.follow(self._services.labs.now(Lab, lab))

        first = [
            parts.source,
            parts.pasted,
            parts.question,
            *(form.html for form in parts.forms),
            *self._measured.outputs,
        ]
        self._wishes.wire([tab.select], on_open, [], first)
        wire([tab.select], on_return, [parts.lab], [self._measured.found])


def build(services: Services, shell: Shell, side: Sidebar, tab: gr.Tab, lab: gr.BrowserState) -> None:
    """Draw the tab and wire it; ``lab`` is its state."""
    parts = components(lab)
    wiring = Wiring(services, shell, side, parts)
    wiring.board()
    for at in range(len(LETTERS)):
        wiring.column(at)
    wiring.opening(tab)
