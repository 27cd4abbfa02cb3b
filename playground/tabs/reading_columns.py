"""The columns of the reading lab: each one's reader and its knobs, and the models that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import escape

from playground.reading import choosing
from playground.reading.state import Reading, readers, with_column
from playground.services import Services
from playground.state import Session
from playground.tabs.reader_form import ReaderForm
from playground.tabs.reading_parts import Parts
from playground.tabs.recipe import changed
from playground.tabs.shell import Shell, wire
from playground.tabs.sidebar import Sidebar
from playground.tabs.wishes import Wishes, once

#: Draws the board of a session, a lab and the moment it was wished for.
Redraw = Callable[[Session, Reading, float], Iterator[list[Any]]]


@dataclass(frozen=True)
class Columns:
    """What happens when a column's controls are turned."""

    services: Services
    shell: Shell
    side: Sidebar
    parts: Parts
    wishes: Wishes
    redraw: Redraw

    def wire(self) -> None:
        """Connect everything."""
        for at, form in enumerate(self.parts.forms):
            self._reader(at, form)
        self._models()
        for form in self.parts.forms:
            wire([form.advice.click], self._on_pull, [], [], trigger_mode="multiple")

    def _now(self, lab: Any) -> Reading:
        return self.services.labs.now(Reading, lab)

    def _reader(self, at: int, form: ReaderForm) -> None:
        knobs = list(form.components.values())

        def on_menu(kept: Any, lab: Any, made: float, name: str) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            old = readers(session, before)[at]
            if name == old.name:  # a menu may report one choice twice
                yield from self.wishes.beside(len(form.outputs), self.redraw(session, before, made))
                return
            choice = form.switched(name, old)
            yield from self._drawn(form.show(choice), session, with_column(session, before, at, choice), made)

        def on_knob(kept: Any, lab: Any, made: float, name: str, *shown: Any) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            choice = form.read(name, shown)
            same = choice == readers(session, before)[at]
            now = before if same else with_column(session, before, at, choice)
            yield from self._drawn(form.followed(choice, shown), session, now, made)

        self.wishes.wire([form.menu.input], on_menu, [form.menu], form.outputs)
        self.wishes.wire([changed(one) for one in knobs], on_knob, [form.menu, *knobs], form.outputs)

    def _drawn(self, updates: list[Any], session: Session, lab: Reading, made: float) -> Iterator[list[Any]]:
        """A form's updates once, and the board."""
        yield from once(updates, self.redraw(session, lab, made))

    def _models(self) -> None:
        forms = self.parts.forms

        def on_models(kept: Any, lab: Any) -> list[Any]:
            choosing.models(self.services)  # may take a moment, in which a person may choose another
            chosen = readers(Session.restore(kept), self._now(lab))
            return [one for at, form in enumerate(forms) for one in form.refreshed(chosen[at])]

        depending = [one for form in forms for one in form.depending]
        wire([self.side.engine.models.change], on_models, [self.shell.kept, self.parts.lab], depending)

    def _on_pull(self, event: gr.EventData) -> None:
        if event._data["act"] == "pull":
            name = str(event._data["arg"])
            self.services.pull(name)
            gr.Info(f"{escape(name)} is being fetched: see Engine in the sidebar.", title="Fetching", duration=6)
