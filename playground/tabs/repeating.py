"""Many answers: every column drawn with the same seeds, or one column over a sweep of temperatures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.lab.state import LETTERS
from playground.sampling import repeating
from playground.sampling.repeating import Kind
from playground.sampling.state import Many, Sampling
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.wishes import once
from playground.views import variety


class Repeating:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        lab: The lab's state.
    """

    def __init__(self, services: Services, shell: Shell, lab: gr.BrowserState) -> None:
        self._services, self._shell, self._lab = services, shell, lab
        many = Many()
        with gr.Row(elem_id="many-head", elem_classes=["lab-source"]):
            self.repeat = gr.Slider(2, 50, many.repeat, step=1, label="Draws of each", elem_id="many-repeat", scale=2)
            self.seeds = gr.Textbox(
                label="Seeds", placeholder="1, 2, 3, …", elem_id="many-seeds", lines=1, scale=2,
                info="The same for every column, so that only the settings differ.",
            )  # fmt: skip
            self.run = gr.Button("Run", variant="primary", elem_id="many-run", scale=0, min_width=80)
            self.stop = gr.Button("Stop", elem_id="many-stop", scale=0, min_width=80)
        self.table = panel("many-table")
        gr.HTML("<h2>Over temperature</h2>", apply_default_css=False, elem_classes=["lab-title"])
        with gr.Row(elem_id="sweep-head", elem_classes=["lab-source"]):
            self.swept = gr.Dropdown(
                [(letter, at) for at, letter in enumerate(LETTERS)], value=0, label="Column", elem_id="sweep-column",
                filterable=False, scale=0, min_width=90,
            )  # fmt: skip
            self.temperatures = gr.Textbox(
                many.temperatures, label="Temperatures", elem_id="sweep-temperatures", lines=1, scale=3,
                info="Each drawn with the seeds above; the column’s other knobs stay.",
            )  # fmt: skip
            self.sweep = gr.Button("Run", variant="primary", elem_id="sweep-run", scale=0, min_width=80)
            self.halt = gr.Button("Stop", elem_id="sweep-stop", scale=0, min_width=80)
        self.chart = panel("sweep-chart")

    @property
    def _fields(self) -> dict[str, Any]:
        return {"repeat": self.repeat, "seeds": self.seeds, "swept": self.swept, "temperatures": self.temperatures}

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates."""
        return [*self._fields.values(), self.table, self.chart]

    def show(self, session: Session, lab: Sampling) -> list[Any]:
        """Everything as it stands."""
        many = lab.many
        return [many.repeat, many.seeds, _columns(lab), many.temperatures, self._table(lab), self._chart(lab)]

    def _table(self, lab: Sampling) -> str:
        found = repeating.repeated(self._services, lab, "many")
        return str(variety.repeated(found) if found else variety.empty())

    def _chart(self, lab: Sampling) -> str:
        found = repeating.repeated(self._services, lab, "sweep")
        return str(variety.swept(found)) if found else ""

    def _drawn(self, lab: Sampling, kind: Kind) -> str:
        return self._table(lab) if kind == "many" else self._chart(lab)

    def wire(self, tab: gr.Tab, told: list[Any]) -> None:
        """Connect everything; ``told`` are the boxes of the system prompt and the prompt."""
        services, given = self._services, [self._shell.kept, self._lab, *told, *self._fields.values()]

        def chosen(lab: Any, values: tuple[Any, ...]) -> Sampling:
            now, (system, prompt, *rest) = services.labs.now(Sampling, lab), values
            many = dict(zip(self._fields, rest, strict=True))
            many |= {"repeat": int(many["repeat"]), "swept": int(many["swept"] or 0)}
            return now.to(system=system, prompt=prompt, many=many)

        def on_field(kept: Any, lab: Any, *values: Any) -> dict[str, Any]:
            return services.labs.keep(chosen(lab, values)).keep()

        def on_opened(lab: Any) -> Any:
            return _columns(services.labs.now(Sampling, lab))

        def begin(kind: Kind) -> Any:
            def on_run(kept: Any, lab: Any, *values: Any) -> Iterator[list[Any]]:
                now = chosen(lab, values)
                repeating.start(services, Session.restore(kept), now, kind)
                yield from once(
                    [services.labs.keep(now).keep()],
                    ([drawn] for drawn in services.measurements.drawn(now.work(kind), lambda: self._drawn(now, kind))),
                )

            return on_run

        def end(kind: Kind) -> Any:
            def on_stop(lab: Any) -> None:
                services.measurements.stop(services.labs.now(Sampling, lab).work(kind))

            return on_stop

        def going_on(kind: Kind) -> Any:
            """Draws that went on while nobody looked."""

            def on_return(lab: Any) -> Iterator[str]:
                now = services.labs.now(Sampling, lab)
                yield from services.measurements.drawn(now.work(kind), lambda: self._drawn(now, kind))

            return on_return

        wire([one.input for one in self._fields.values()], on_field, given, [self._lab], trigger_mode="always_last")
        wire([tab.select], on_opened, [self._lab], [self.swept])
        kinds: tuple[tuple[Kind, gr.Button, gr.Button, gr.HTML], ...] = (
            ("many", self.run, self.stop, self.table),
            ("sweep", self.sweep, self.halt, self.chart),
        )
        for kind, run, stop, shown in kinds:
            wire([run.click], begin(kind), given, [self._lab, shown])
            wire([stop.click], end(kind), [self._lab], [])
            wire([tab.select], going_on(kind), [self._lab], [shown])


def _columns(lab: Sampling) -> Any:
    """The menu of the columns that are shown."""
    letters = [(letter, at) for at, letter in enumerate(LETTERS[: lab.shown])]
    return gr.update(choices=letters, value=min(lab.many.swept, lab.shown - 1))
