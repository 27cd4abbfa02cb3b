"""The retrieval lab: one question, ways of searching side by side, and where every passage went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from markupsafe import escape

from playground.finding import acting, board
from playground.finding.state import SECTIONS, Finding, choices, use_in_chat, with_column
from playground.lab.acting import document_names
from playground.lab.state import LETTERS
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.evaluating import Evaluating, answers, in_chat, row_of, shown
from playground.tabs.knob_form import KnobForm
from playground.tabs.question_sets import QuestionSetsTab
from playground.tabs.recipe import summary
from playground.tabs.retrieval_parts import Parts, components
from playground.tabs.shell import Shell, wire
from playground.tabs.sidebar import Sidebar
from playground.tabs.wishes import Wishes, once

#: What can be pressed on the board that does not draw it anew.
ELSEWHERE = ("use", "mark", "answer")


class Wiring:
    """What happens when; every handler ends in a redrawn board."""

    def __init__(self, services: Services, shell: Shell, side: Sidebar, parts: Parts, many: Evaluating) -> None:
        self._services, self._shell, self._side, self._parts, self._many = services, shell, side, parts, many
        self._forms = [(at, name, form) for at, each in enumerate(parts.forms) for name, form in each.items()]
        self._form_outputs = [form.html for _, _, form in self._forms]
        self._wishes = Wishes(
            services.tasks, shell.kept, parts.lab, parts.moment, parts.outputs, _id_of, ELSEWHERE
        )  # fmt: skip

    @property
    def columns(self) -> list[tuple[int, str, KnobForm]]:
        """Every form with its column and section."""
        return self._forms

    def redraw(self, session: Session, lab: Finding, made: float) -> Iterator[list[Any]]:
        """The state at once, then each panel as it changes."""
        lab = self._services.labs.keep(lab, made)
        first = [lab.keep(), *[gr.update(visible=at < lab.shown) for at in range(len(LETTERS))]]

        def boards(flag: Any) -> Iterator[list[str | None]]:
            return (now.markup() for now in board.draw(self._services, session, lab, flag))

        yield from self._wishes.redraw(lab.id, made, first, boards)

    def board(self) -> None:
        """Buttons of the board; the question and what narrows the search."""
        parts = self._parts

        def on_board(kept: Any, lab: Any, made: float, event: gr.EventData) -> Iterator[list[Any]]:
            session, data = Session.restore(kept), event._data
            if data["act"] in ELSEWHERE:
                return
            now = acting.act(self._services, session, self._services.labs.now(Finding, lab), data["act"], data["arg"])
            yield from self.redraw(session, now, made)

        def on_question(
            kept: Any, lab: Any, made: float, text: str, documents: list[str], pages: str, answer: bool
        ) -> Iterator[list[Any]]:
            before = self._services.labs.now(Finding, lab)
            now = before.to(asked=text.strip(), documents=documents or (), pages=pages or "", answer=bool(answer))
            picked = now.picked if now.asked == before.asked else ""
            yield from self.redraw(Session.restore(kept), now.to(picked=picked), made)

        def on_stop(lab: Any) -> None:
            self._services.tasks.stop(_id_of(lab))

        def on_mark(kept: Any, lab: Any, question: str, event: gr.EventData) -> None:
            what, target = event._data["act"], event._data["arg"]
            if what in ("mark", "answer"):
                keep = acting.mark if what == "mark" else acting.answers
                now = self._services.labs.now(Finding, lab)
                made = keep(self._services, Session.restore(kept), now, question, target)
                gr.Info(f"Kept in {escape(now.into)}: “{escape(made.question)}”", title="Marked", duration=5)

        given = [parts.question, *parts.above]
        for clicked in (parts.toolbar, *parts.bodies, *parts.below):
            self._wishes.wire([clicked.click], on_board, [], pressed=True)
        for marked in (*parts.bodies, parts.below[1]):
            wire([marked.click], on_mark, [self._shell.kept, parts.lab, parts.question], [])
        asking = [parts.question.submit, parts.run.click, parts.documents.input, parts.pages.submit]
        self._wishes.wire([*asking, parts.answer.input], on_question, given)
        wire([parts.stop.click], on_stop, [parts.lab], [])

    def column(self, at: int, section: str) -> None:
        """A column's menu and its knobs."""
        form = self._parts.forms[at][section]

        def on_form(kept: Any, lab: Any, made: float, said: Any) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._services.labs.now(Finding, lab)
            old = choices(session, before)[at][section]
            choice = form.read(said, old)
            now = before if choice == old else with_column(session, before, at, choice, section)
            yield from once([form.after(choice, old)], self.redraw(session, now, made))

        self._wishes.wire([form.html.input], on_form, [form.html], [form.html])

    def using(self) -> None:
        """Buttons that put a column, or a row of a measurement, into the chat."""
        kept, forms = self._shell.kept, {name: self._side.forms[name] for name in ("chunker", *SECTIONS)}
        outputs = [kept, self._shell.words, *(form.html for form in forms.values())]

        def used(session: Session) -> list[Any]:
            recipe = recipe_of(session)
            told = " → ".join(str(recipe.choice(section)) for section in ("chunker", *SECTIONS))
            gr.Info(f"Chat now works with {escape(told)}.", title="In use", duration=5)
            shown = (form.value(recipe.choice(section)) for section, form in forms.items())
            return [session.keep(), summary(session), *shown]

        def on_head(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] != "use":
                return [gr.skip()] * len(outputs)
            return used(
                use_in_chat(Session.restore(kept), self._services.labs.now(Finding, lab), int(event._data["arg"]))
            )

        def on_row(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            row = event._data["act"] == "use" and row_of(
                self._services, self._services.labs.now(Finding, lab), int(event._data["arg"])
            )
            return used(in_chat(Session.restore(kept), row)) if row else [gr.skip()] * len(outputs)

        for head in self._parts.heads:
            wire([head.click], on_head, [kept, self._parts.lab], outputs)
        wire([self._many.table.click], on_row, [kept, self._parts.lab], outputs)

    def tracing(self, inner: gr.Tabs, clicked: gr.HTML, ask: Callable[..., Finding]) -> None:
        """One click from a question in a list to its trace."""
        parts, forms = self._parts, self._forms

        def on_trace(kept: Any, lab: Any, made: float, event: gr.EventData) -> Iterator[list[Any]]:
            if event._data["act"] != "trace":
                return
            session, now = Session.restore(kept), self._services.labs.now(Finding, lab)
            now = ask(self._services, session, now, int(event._data["arg"]))
            chosen = choices(session, now)
            updates = [form.value(chosen[at][section]) for at, section, form in forms]
            first: list[Any] = [gr.update(selected="one"), now.asked, *updates]
            yield from once(first, self.redraw(session, now, made))

        outputs = [inner, parts.question, *self._form_outputs]
        self._wishes.wire([clicked.click], on_trace, [], outputs, pressed=True)

    def opening(self, tab: gr.Tab) -> None:
        """The first look: nothing of the lab is computed before."""
        parts, forms = self._parts, self._forms

        def on_open(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            session, now = Session.restore(kept), self._services.labs.now(Finding, lab)
            names = document_names(self._services, session)
            now = now.to(documents=tuple(name for name in now.documents if name in names))
            chosen = choices(session, now)
            first = [
                now.asked or gr.skip(),
                gr.update(choices=names, value=list(now.documents)),
                now.pages,
                now.answer,
                *(form.value(chosen[at][section]) for at, section, form in forms),
                *self._many.show(session, now),
            ]
            yield from once(first, self.redraw(session, now, made))

        def on_return(lab: Any) -> Iterator[list[str]]:
            """A measurement that went on while nobody looked; a stream without updates would empty its panels."""
            now = self._services.labs.now(Finding, lab)
            yield shown(self._services, now)
            yield from self._many.follow(now)

        def on_grades(lab: Any) -> Iterator[str]:
            now = self._services.labs.now(Finding, lab)
            yield answers(self._services, now)
            yield from self._many.follow_answers(now)

        opened = [parts.question, *parts.above, *self._form_outputs, *self._many.outputs]
        self._wishes.wire([tab.select], on_open, [], opened)
        wire([tab.select], on_return, [parts.lab], [self._many.table, self._many.each])
        wire([tab.select], on_grades, [parts.lab], [self._many.answers])


def _id_of(lab: Any) -> str:
    return Finding.restore(lab).id


def build(services: Services, shell: Shell, side: Sidebar, tab: gr.Tab, lab: gr.BrowserState) -> None:
    """Draw the tab and wire it; ``lab`` is its state."""
    with gr.Tabs(elem_id="find-tabs", selected="one") as inner:
        with gr.Tab("One question", id="one"):
            parts = components(lab)
        with gr.Tab("Many questions", id="many") as measured:
            many = Evaluating(services, shell, lab)
        with gr.Tab("Question sets", id="sets") as listing:
            owned = QuestionSetsTab(services, shell.kept, lab)
    wiring = Wiring(services, shell, side, parts, many)
    wiring.board()
    for at, section, _ in wiring.columns:
        wiring.column(at, section)
    wiring.using()
    wiring.tracing(inner, many.each, acting.trace)
    wiring.tracing(inner, owned.panel, acting.ask)
    wiring.opening(tab)
    many.wire(measured)
    owned.wire(many.set, listing)
