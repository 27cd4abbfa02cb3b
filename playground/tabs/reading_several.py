"""Several pages: the readers of the columns over pages and levels of degradation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.lab.state import LETTERS
from playground.reading import several
from playground.reading.levels import NEUTRAL, PRESETS
from playground.reading.state import Many, Reading, readers
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.wishes import once
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
                many.pages, label="Pages of the document under “One page”", elem_id="several-pages", lines=1, scale=1,
                min_width=240, placeholder="1-3,7",
            )  # fmt: skip
            self.readers = gr.CheckboxGroup([], label="Readers", elem_id="several-readers", scale=2, min_width=220)
            self.run = gr.Button("Run", variant="primary", elem_id="several-run", scale=0, min_width=80)
            self.stop = gr.Button("Stop", elem_id="several-stop", scale=0, min_width=80)
        with gr.Row(elem_id="several-worse", elem_classes=["lab-source"]):
            self.preset = gr.Dropdown(
                [label for label, _ in PRESETS], value=PRESETS[0][0], label="Made worse by", elem_id="several-preset",
                filterable=False, scale=1, min_width=140,
            )  # fmt: skip
            self.worse = gr.Textbox(
                many.worse, label="Levels", elem_id="several-levels", lines=1, max_lines=4, scale=4, min_width=260,
                info=f"A semicolon between two, a comma between what is done at once. Known: {', '.join(NEUTRAL)}.",
            )  # fmt: skip
        self.board = panel("several-board")

    @property
    def _fields(self) -> list[Any]:
        return [self.pages, self.readers, self.worse]

    def _drawn(self, lab: Reading) -> str:
        found = several.several(self._services, lab)
        return str(view.several(found) if found else view.empty())

    def _followed(self, lab: Reading) -> Iterator[str]:
        return self._services.measurements.drawn(lab.work("many"), lambda: self._drawn(lab))

    def _chosen(self, lab: Any, pages: str, ticked: list[int], worse: str) -> Reading:
        now = self._services.labs.now(Reading, lab)
        without = [at for at in range(now.shown) if at not in ticked]
        return now.to(many={"pages": pages, "without": without, "worse": worse})

    def wire(self, tab: gr.Tab) -> None:
        """Connect everything."""
        services, fields = self._services, self._fields

        def on_field(lab: Any, *values: Any) -> list[Any]:
            now = services.labs.keep(self._chosen(lab, *values))
            return [now.keep(), preset_of(now)]

        def on_preset(lab: Any, name: str, pages: str, ticked: list[int]) -> list[Any]:
            worse = dict(presets(services.labs.now(Reading, lab)))[name]
            return [services.labs.keep(self._chosen(lab, pages, ticked, worse)).keep(), worse]

        def on_run(kept: Any, lab: Any, *values: Any) -> Iterator[list[Any]]:
            now = services.labs.keep(self._chosen(lab, *values))
            several.start(services, Session.restore(kept), now)
            yield from once([now.keep()], ([drawn] for drawn in self._followed(now)))

        def on_stop(lab: Any) -> None:
            services.measurements.stop(services.labs.now(Reading, lab).work("many"))

        def on_return(kept: Any, lab: Any) -> Iterator[list[Any]]:
            """The readers as they are now; and a run that went on while nobody looked."""
            now = services.labs.now(Reading, lab)
            menu = gr.update(choices=[label for label, _ in presets(now)], value=preset_of(now))
            first: list[Any] = [menu, now.many.pages, ticks(Session.restore(kept), now), now.many.worse]
            yield from once(first, ([drawn] for drawn in self._followed(now)))

        given, kept = [self._lab, *fields], self._shell.kept
        wire([one.input for one in fields], on_field, given, [self._lab, self.preset], trigger_mode="always_last")
        preset = [self._lab, self.preset, self.pages, self.readers]
        wire([self.preset.input], on_preset, preset, [self._lab, self.worse])
        wire([self.run.click], on_run, [kept, *given], [self._lab, self.board])
        wire([self.stop.click], on_stop, [self._lab], [])
        wire([tab.select], on_return, [kept, self._lab], [self.preset, *fields, self.board])


def presets(lab: Reading) -> list[tuple[str, str]]:
    """Levels to choose from, as (label, levels): what the sliders of “One page” do is one of them."""
    own = [] if lab.degrade.neutral else [("as under One page", f"none; {lab.degrade}")]
    return [*own, *PRESETS]


def preset_of(lab: Reading) -> str | None:
    """The label of the levels that stand there; None: they are a person's own."""
    return next((label for label, typed in presets(lab) if typed == lab.many.worse), None)


def ticks(session: Session, lab: Reading) -> Any:
    """Update of the readers to be ticked: those of the columns."""
    listed = [(f"{LETTERS[at]} {choice.name}", at) for at, choice in enumerate(readers(session, lab)[: lab.shown])]
    return gr.update(choices=listed, value=[at for _, at in listed if at not in lab.many.without])
