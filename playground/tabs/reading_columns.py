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
            wire([form.html.click], self._on_pull, [], [], trigger_mode="multiple")

    def _now(self, lab: Any) -> Reading:
        return self.services.labs.now(Reading, lab)

    def _reader(self, at: int, form: ReaderForm) -> None:
        def on_form(kept: Any, lab: Any, made: float, said: Any) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            old = readers(session, before)[at]
            choice = form.read(said, old)
            now = before if choice == old else with_column(session, before, at, choice)
            yield from once([form.after(choice, old)], self.redraw(session, now, made))

        self.wishes.wire([form.html.input], on_form, [form.html], [form.html])

    def _models(self) -> None:
        forms = self.parts.forms

        def on_models(kept: Any, lab: Any) -> list[Any]:
            choosing.models(self.services)  # may take a moment, in which a person may choose another
            chosen = readers(Session.restore(kept), self._now(lab))
            return [form.refreshed(chosen[at]) for at, form in enumerate(forms)]

        given, outputs = [self.shell.kept, self.parts.lab], [form.html for form in forms]
        wire([self.side.engine.models.change], on_models, given, outputs)

    def _on_pull(self, event: gr.EventData) -> None:
        if event._data["act"] == "pull":
            name = str(event._data["arg"])
            self.services.pull(name)
            gr.Info(f"{escape(name)} is being fetched: see Engine in the sidebar.", title="Fetching", duration=6)
