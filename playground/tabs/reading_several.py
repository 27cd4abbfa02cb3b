"""Several pages: the readers of the columns over pages and strengths of one degradation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.reading import several
from playground.reading.state import Many, Reading
from playground.services import Services
from playground.state import Session
from playground.tabs.reading_parts import NEUTRAL
from playground.tabs.shell import Shell, panel, wire
from playground.views import several as view


class SeveralTab:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        lab: The lab's state.
    """

    def __init__(self, services: Services, shell: Shell, lab: gr.BrowserState) -> None:
        self._services, self._shell, self._lab = services, shell, lab
        many = Many()
        with gr.Row(elem_id="several-head", elem_classes=["lab-source"]):
            self.pages = gr.Textbox(
                many.pages, label="Pages", elem_id="several-pages", lines=1, scale=2,
                info="Of the document under “One page”, like this: 1-3,7.",
            )  # fmt: skip
            self.knob = gr.Dropdown(
                list(NEUTRAL), value=many.knob, label="Made worse by", elem_id="several-knob", filterable=False,
                scale=1, min_width=120, info="The other sliders stay.",
            )  # fmt: skip
            self.levels = gr.Textbox(
                many.levels, label="Strengths", elem_id="several-levels", lines=1, scale=2,
                info="Each page is read at each of them.",
            )  # fmt: skip
            self.run = gr.Button("Run", variant="primary", elem_id="several-run", scale=0, min_width=80)
            self.stop = gr.Button("Stop", elem_id="several-stop", scale=0, min_width=80)
        self.board = panel("several-board")

    @property
    def _fields(self) -> dict[str, Any]:
        return {"pages": self.pages, "knob": self.knob, "levels": self.levels}

    def _drawn(self, lab: Reading) -> str:
        found = several.several(self._services, lab)
        return str(view.several(found) if found else view.empty())

    def _followed(self, lab: Reading) -> Iterator[str]:
        return self._services.measurements.drawn(lab.work("many"), lambda: self._drawn(lab))

    def wire(self, tab: gr.Tab) -> None:
        """Connect everything."""
        services, fields = self._services, list(self._fields.values())

        def chosen(lab: Any, values: tuple[Any, ...]) -> Reading:
            now = services.labs.now(Reading, lab)
            return now.to(many=dict(zip(self._fields, values, strict=True)))

        def on_field(lab: Any, *values: Any) -> dict[str, Any]:
            return services.labs.keep(chosen(lab, values)).keep()

        def on_run(kept: Any, lab: Any, *values: Any) -> Iterator[list[Any]]:
            now = services.labs.keep(chosen(lab, values))
            several.start(services, Session.restore(kept), now)
            state: Any = now.keep()
            for drawn in self._followed(now):
                yield [state, drawn]
                state = gr.skip()

        def on_stop(lab: Any) -> None:
            services.measurements.stop(services.labs.now(Reading, lab).work("many"))

        def on_return(lab: Any) -> Iterator[list[Any]]:
            """A run that went on while nobody looked."""
            now = services.labs.now(Reading, lab)
            first: list[Any] = [now.many.pages, now.many.knob, now.many.levels]
            for drawn in self._followed(now):
                yield [*first, drawn]
                first = [gr.skip()] * 3

        wire([one.input for one in fields], on_field, [self._lab, *fields], [self._lab], trigger_mode="always_last")
        wire([self.run.click], on_run, [self._shell.kept, self._lab, *fields], [self._lab, self.board])
        wire([self.stop.click], on_stop, [self._lab], [])
        wire([tab.select], on_return, [self._lab], [*fields, self.board])
