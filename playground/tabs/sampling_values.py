"""What each column's server makes of its knobs: greyed with the reason, values really used, found out by experiment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.errors import PlaygroundError
from playground.lab.state import LETTERS
from playground.sampling import probing
from playground.sampling.facts import Facts, at_hand, facts_of
from playground.sampling.state import Sampling, choices, recipes
from playground.services import Services
from playground.state import Session
from playground.tabs.sampling_parts import Parts
from playground.tabs.shell import Shell, wire
from playground.views import samples as view
from playground.views import sampling as views
from playground.views.samples import remarks


class ColumnValues:
    """The wiring of the values under each column's knobs."""

    def __init__(self, services: Services, shell: Shell, parts: Parts) -> None:
        self._services, self._shell, self._parts = services, shell, parts
        for at in range(len(LETTERS)):
            self._wire(at)

    def _facts(self, kept: Any, lab: Sampling, at: int) -> Facts | PlaygroundError:
        try:
            recipe = recipes(Session.restore(kept), lab.to(shown=len(LETTERS)))[at]
            return facts_of(*at_hand(self._services, recipe), recipe)
        except PlaygroundError as error:
            return error

    def table(self, kept: Any, lab: Sampling, at: int) -> str:
        """What a column's server makes of its knobs as they are in ``lab``."""
        return self._table(lab, self._facts(kept, lab, at))

    def knobs(self, kept: Any, lab: Sampling, at: int) -> str:
        """A column's knobs: greyed where one is not taken, an empty field saying what stands in."""
        return self._knobs(kept, lab, at, self._facts(kept, lab, at))

    def judged(self, kept: Any, lab: Sampling, at: int) -> list[Any]:
        """The table and the knobs."""
        found = self._facts(kept, lab, at)
        return [self._table(lab, found), self._knobs(kept, lab, at, found)]

    def _table(self, lab: Sampling, found: Facts | PlaygroundError) -> str:
        if isinstance(found, PlaygroundError):
            return str(view.fault(found, None))
        return str(values(self._services, lab, found))

    def _knobs(self, kept: Any, lab: Sampling, at: int, found: Facts | PlaygroundError) -> str:
        choice = choices(Session.restore(kept), lab)[at]["sampling"]
        return self._parts.forms[at].value(choice, None if isinstance(found, PlaygroundError) else remarks(found))

    def _wire(self, at: int) -> None:
        parts, given = self._parts, [self._shell.kept, self._parts.lab]
        panel = parts.values[at]

        def on_look(kept: Any, lab: Any) -> list[Any]:
            return self.judged(kept, self._services.labs.now(Sampling, lab), at)

        def on_probe(kept: Any, lab: Any, event: gr.EventData) -> Iterator[str]:
            session, now = Session.restore(kept), self._services.labs.now(Sampling, lab)
            if event._data["act"] == "probe":
                probing.start(self._services, session, now, at)
            else:
                self._services.measurements.stop(now.work("probe"))
            yield from self._services.measurements.drawn(now.work("probe"), lambda: self.table(kept, now, at))

        wire([parts.folds[at].expand], on_look, given, [panel, parts.forms[at].html])
        wire([panel.click], on_probe, given, [panel])

    def opening(self, tab: gr.Tab) -> None:
        """When the lab is opened, every knob that is not taken is greyed."""
        for at in range(len(LETTERS)):

            def on_open(kept: Any, lab: Any, at: int = at) -> list[Any]:
                return self.judged(kept, self._services.labs.now(Sampling, lab), at)

            outputs = [self._parts.values[at], self._parts.forms[at].html]
            wire([tab.select], on_open, [self._shell.kept, self._parts.lab], outputs)


def values(services: Services, lab: Sampling, facts: Facts) -> Any:
    """The table of a column, with what the experiment found about its model."""
    found = probing.probing(services, lab)
    mine = found if found is not None and (found.engine, found.model) == (facts.engine, facts.model) else None
    return view.values_table(facts, mine.found if mine else {}, views.probe_control(mine, found))
