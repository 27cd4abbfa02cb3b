"""The sampling lab: one prompt, ways of drawing words side by side, and a lens over what came out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from markupsafe import escape

from playground.lab.state import LETTERS
from playground.sampling import acting, board, drawing, prompting
from playground.sampling.state import Lens, Sampling, choices, use_in_chat, with_column
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs import engine
from playground.tabs.models import model_choice, model_menu
from playground.tabs.recipe import summary
from playground.tabs.repeating import Repeating
from playground.tabs.sampling_lens import LensTab
from playground.tabs.sampling_parts import Parts, components
from playground.tabs.sampling_values import ColumnValues
from playground.tabs.shell import Shell, wire
from playground.tabs.sidebar import Sidebar
from playground.tabs.wishes import Wishes, once

#: What can be pressed on the board that does not draw it anew.
ELSEWHERE = ("use", "probe", "probe-stop", "exact", "exact-stop")


class Wiring:
    """What happens when; every handler ends in a redrawn board."""

    def __init__(self, services: Services, shell: Shell, side: Sidebar, parts: Parts) -> None:
        self._services, self._shell, self._side, self._parts = services, shell, side, parts
        self._values = ColumnValues(services, shell, parts)
        self._lens = LensTab(services, shell, parts, self._values)
        self._wishes = Wishes(
            services.tasks, shell.kept, parts.lab, parts.moment, parts.outputs, _id_of, ELSEWHERE
        )  # fmt: skip

    def _now(self, lab: Any) -> Sampling:
        return self._services.labs.now(Sampling, lab)

    def redraw(self, session: Session, lab: Sampling, made: float, sliders: bool = False) -> Iterator[list[Any]]:
        """The state at once, then each panel as it changes; the lens's sliders where they are to move."""
        lab = self._services.labs.keep(lab, made)
        first = [
            lab.keep(),
            *[gr.update(visible=at < lab.shown) for at in range(len(LETTERS))],
            *(self._lens.show(session, lab) if sliders else [gr.skip()] * len(self._parts.lens)),
            self._lens.panel(lab),
        ]

        def boards(flag: Any) -> Iterator[list[str | None]]:
            return (now.markup() for now in board.draw(self._services, session, lab, flag))

        yield from self._wishes.redraw(lab.id, made, first, boards)

    def prompt(self) -> None:
        """What is said to the model; Run and Stop."""
        parts, services = self._parts, self._services

        def on_run(kept: Any, lab: Any, made: float, system: str, prompt: str) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            now = before.to(system=system, prompt=prompt, token=-1, lens=Lens(order=before.lens.order))
            drawing.start(services, session, now)
            yield from self.redraw(session, now, made, sliders=True)

        def on_text(lab: Any, system: str, prompt: str) -> dict[str, Any]:
            return services.labs.keep(self._now(lab).to(system=system, prompt=prompt)).keep()

        def on_take(kept: Any, lab: Any) -> list[Any]:
            now = prompting.from_chat(services, Session.restore(kept), self._now(lab))
            turns = f" Its {len(now.before)} earlier turns go with it." if now.before else ""
            gr.Info(f"The chat’s last question, with its passages.{turns}", title="Taken", duration=5)
            return [services.labs.keep(now).keep(), now.system, now.prompt]

        def on_stop(lab: Any) -> None:
            services.measurements.stop(self._now(lab).work("draw"))

        told = [parts.system, parts.prompt]
        self._wishes.wire([parts.run.click, parts.prompt.submit], on_run, told)
        # a pasted text may be told on leaving the box only
        wire(
            [event for one in told for event in (one.input, one.blur)],
            on_text,
            [parts.lab, *told],
            [parts.lab],
            trigger_mode="always_last",
        )
        wire([parts.take.click], on_take, [self._shell.kept, parts.lab], [parts.lab, *told])
        wire([parts.stop.click], on_stop, [parts.lab], [])

    def board(self) -> None:
        """Buttons and tokens of the board."""
        parts = self._parts

        def on_board(kept: Any, lab: Any, made: float, event: gr.EventData) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            what, target = event._data["act"], event._data["arg"]
            if what in ELSEWHERE:
                return
            now = acting.act(before, what, target)
            if what in ("again", "example"):
                drawing.start(self._services, session, now, [int(target)] if what == "again" else ())
            told: list[Any] = [now.system, now.prompt] if what == "example" else [gr.skip()] * 2
            moved = now.column != before.column or what == "example"
            yield from once(told, self.redraw(session, now, made, sliders=moved))

        told = [parts.system, parts.prompt]
        for clicked in (parts.toolbar, *parts.heads, *parts.bodies, parts.parting, parts.seen, parts.token):
            self._wishes.wire([clicked.click], on_board, [], told, pressed=True)

    def column(self, at: int) -> None:
        """A column's model, preset and knobs."""
        parts, form = self._parts, self._parts.forms[at]

        def on_model(kept: Any, lab: Any, made: float, target: str) -> Iterator[list[Any]]:
            session = Session.restore(kept)
            now = with_column(session, self._now(lab), at, model_choice(target), "model")
            yield from once(self._values.judged(kept, now, at), self.redraw(session, now, made))

        def on_preset(kept: Any, lab: Any, made: float, name: str) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            if name == acting.preset_in(session, before, at) or not name:
                yield from self._wishes.beside(2, self.redraw(session, before, made))
                return
            now, _ = acting.with_preset(session, before, at, name)
            yield from once(self._values.judged(kept, now, at), self.redraw(session, now, made))

        def on_form(kept: Any, lab: Any, made: float, said: Any) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            old = choices(session, before)[at]["sampling"]
            choice = form.read(said, old)
            if choice == old:
                yield from self._wishes.beside(2, self.redraw(session, before, made))
                return
            now = with_column(session, before, at, choice, "sampling")
            updates = [self._values.table(kept, now, at), acting.preset_in(session, now, at)]
            yield from once(updates, self.redraw(session, now, made))

        values, preset = parts.values[at], parts.presets[at]
        self._wishes.wire([parts.models[at].input], on_model, [parts.models[at]], [values, form.html])
        self._wishes.wire([preset.input], on_preset, [preset], [values, form.html])
        self._wishes.wire([form.html.input], on_form, [form.html], [values, preset])

    def using(self) -> None:
        """The button that puts a column into the chat."""
        kept, form, card = self._shell.kept, self._side.forms["sampling"], self._side.engine.card
        outputs = [kept, self._shell.words, card, form.html]

        def on_head(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] != "use":
                return [gr.skip()] * len(outputs)
            session = use_in_chat(Session.restore(kept), self._now(lab), int(event._data["arg"]))
            recipe = recipe_of(session)
            told = f"{recipe.choice('model')}, {recipe.choice('sampling')}"
            gr.Info(f"Chat now works with {escape(told)}.", title="In use", duration=5)
            shown = form.value(recipe.choice("sampling"))
            return [session.keep(), summary(session), engine.card(self._services, session), shown]

        for head in self._parts.heads:
            wire([head.click], on_head, [kept, self._parts.lab], outputs)

    def opening(self, tab: gr.Tab, many: Repeating) -> None:
        """The first look: nothing of the lab is computed before."""
        parts = self._parts

        def on_open(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            session, now = Session.restore(kept), self._now(lab)
            chosen = choices(session, now)
            first = [
                now.system,
                now.prompt or gr.skip(),
                *(model_menu(self._services, one["model"]) for one in chosen),
                *(acting.preset_in(session, now, at) for at in range(len(LETTERS))),
                *many.show(session, now),
            ]
            yield from once(first, self.redraw(session, now, made, sliders=True))

        opened = [
            parts.system,
            parts.prompt,
            *parts.models,
            *parts.presets,
            *many.outputs,
        ]
        self._wishes.wire([tab.select], on_open, [], opened)
        self._values.opening(tab)
        self._lens.wire(tab, self._wishes, self.redraw)


def _id_of(lab: Any) -> str:
    return Sampling.restore(lab).id


def build(services: Services, shell: Shell, side: Sidebar, tab: gr.Tab, lab: gr.BrowserState) -> None:
    """Draw the tab and wire it; ``lab`` is its state."""
    with gr.Tabs(elem_id="draw-tabs", selected="one"):
        with gr.Tab("One answer", id="one"):
            parts = components(lab)
        with gr.Tab("Many answers", id="many") as repeated:
            many = Repeating(services, shell, lab)
    wiring = Wiring(services, shell, side, parts)
    wiring.prompt()
    wiring.board()
    for at in range(len(LETTERS)):
        wiring.column(at)
    wiring.using()
    wiring.opening(tab, many)
    many.wire(repeated, [parts.system, parts.prompt])
