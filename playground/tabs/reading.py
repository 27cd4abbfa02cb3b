"""The reading lab: one page, classical OCR and vision models side by side, and what each made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import escape

from playground.lab.state import LETTERS
from playground.reading import acting, board, running
from playground.reading.levels import NEUTRAL
from playground.reading.state import Page, Reading, readers, use
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.reading_asking import ACTS, Asking
from playground.tabs.reading_columns import Columns
from playground.tabs.reading_parts import Parts, components, degradation
from playground.tabs.reading_several import SeveralTab
from playground.tabs.reading_truth import Truth
from playground.tabs.recipe import summary
from playground.tabs.shell import Shell, wire
from playground.tabs.sidebar import Sidebar, bare_name
from playground.tabs.wishes import Wishes, once

#: What can be pressed on the board that does not draw it anew.
ELSEWHERE = ("use", *ACTS)


class Wiring:
    """What happens when; every handler ends in a redrawn board."""

    def __init__(self, services: Services, shell: Shell, parts: Parts) -> None:
        self._services, self._shell, self._parts = services, shell, parts
        self.wishes = Wishes(services.tasks, shell.kept, parts.lab, parts.moment, parts.outputs, _id_of, ELSEWHERE)

    def _now(self, lab: Any) -> Reading:
        return self._services.labs.now(Reading, lab)

    def redraw(self, session: Session, lab: Reading, made: float) -> Iterator[list[Any]]:
        """The state at once, then each panel as it changes."""
        lab = self._services.labs.keep(lab, made)

        def boards(flag: Any) -> Iterator[list[str | None]]:
            return (now.markup() for now in board.draw(self._services, session, lab, flag))

        yield from self.wishes.redraw(lab.id, made, [lab.keep()], boards)

    def source(self) -> None:
        """Which page; Run and Stop."""
        parts, services = self._parts, self._services

        def paged(lab: Reading, name: str | None, number: float) -> Reading:
            """The lab at the page that is typed."""
            if not name or name.startswith(acting.UPLOADED):
                return lab.to(page=lab.page.model_copy(update={"number": max(1, int(number or 1))}))
            return lab.to(page=Page(document=name, number=acting.page_of(services, name, lab, number)))

        def on_document(kept: Any, lab: Any, made: float, name: str | None, number: float) -> Iterator[list[Any]]:
            now = paged(self._now(lab), name, number)
            turned = gr.update(value=now.page.number) if now.page.number != number else gr.skip()
            yield from once([turned], self.redraw(Session.restore(kept), now, made))

        def on_upload(kept: Any, lab: Any, made: float, files: Any) -> Iterator[list[Any]]:
            if not files:
                return
            path, name = files[0]
            shown = bare_name(name) or Path(path).name
            page = Page(upload=services.sheets.upload(Path(path), shown), name=shown)
            now = self._now(lab).to(page=page)
            first: list[Any] = [None, menu(services, now), 1]
            yield from once(first, self.redraw(Session.restore(kept), now, made))

        def on_run(
            kept: Any, lab: Any, made: float, name: str | None, number: float, seconds: float, *shown: Any
        ) -> Iterator[list[Any]]:
            """Reads what stands above: the lab may not have heard of the last move of a slider yet."""
            session, page = Session.restore(kept), paged(self._now(lab), name, number)
            now = page.to(degrade=self._degradation(shown), seconds=int(seconds or page.seconds))
            now = services.labs.keep(now, made)
            running.start(services, session, now)
            yield from self.redraw(session, now, made)

        def on_seconds(lab: Any, seconds: float) -> dict[str, Any]:
            now = self._now(lab)
            return services.labs.keep(now.to(seconds=int(seconds or now.seconds))).keep()

        def on_stop(lab: Any) -> None:
            services.measurements.stop(self._now(lab).work("read"))

        chosen = [parts.document, parts.number]
        self.wishes.wire(
            [parts.document.input, parts.number.blur, parts.number.submit], on_document, chosen, [parts.number]
        )
        self.wishes.wire([parts.upload.upload], on_upload, [parts.upload], [parts.upload, *chosen])
        self.wishes.wire([parts.run.click], on_run, [*chosen, parts.seconds, *parts.sliders.values()])
        wire([parts.seconds.blur], on_seconds, [parts.lab, parts.seconds], [parts.lab])
        wire([parts.stop.click], on_stop, [parts.lab], [])

    def _degradation(self, shown: tuple[Any, ...]) -> dict[str, Any]:
        return degradation(dict(zip(self._parts.sliders, shown, strict=True))).model_dump()

    def degrading(self) -> None:
        """The sliders: what the readers get is what is shown."""
        parts = self._parts

        def on_slider(kept: Any, lab: Any, made: float, *shown: Any) -> Iterator[list[Any]]:
            now = self._now(lab).to(degrade=self._degradation(shown))
            yield from self.redraw(Session.restore(kept), now, made)

        sliders = list(parts.sliders.values())
        self.wishes.wire([slider.input for slider in sliders], on_slider, sliders)

    def board(self) -> None:
        """Buttons of the board."""
        parts = self._parts

        def on_board(kept: Any, lab: Any, made: float, event: gr.EventData) -> Iterator[list[Any]]:
            session, before = Session.restore(kept), self._now(lab)
            what, target = event._data["act"], event._data["arg"]
            if what in ELSEWHERE:
                return
            if what == "again":
                running.start(self._services, session, before)
            now = acting.act(before, what, target)
            areas = [
                gr.update(visible=at < now.shown) if what == "columns" else gr.skip() for at in range(len(LETTERS))
            ]
            for update in self.redraw(session, now, made):
                yield [*areas, *update]
                areas = [gr.skip()] * len(LETTERS)

        for clicked in (parts.toolbar, parts.page, *parts.heads, *parts.bodies, parts.differences):
            self.wishes.wire([clicked.click], on_board, [], parts.areas, pressed=True)

    def using(self) -> None:
        """The button that makes a column's reader the recipe's."""
        kept = self._shell.kept

        def on_head(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] != "use":
                return [gr.skip()] * 2
            session = use(Session.restore(kept), self._now(lab), int(event._data["arg"]))
            told = recipe_of(session).choice("reader")
            gr.Info(f"Documents added from now on are read by {escape(str(told))} where they have no text.",
                    title="In use", duration=6)  # fmt: skip
            return [session.keep(), summary(session)]

        for head in self._parts.heads:
            wire([head.click], on_head, [kept, self._parts.lab], [kept, self._shell.words])

    def opening(self, tab: gr.Tab) -> None:
        """The first look: nothing of the lab is computed before."""
        parts, services = self._parts, self._services

        def on_open(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            session, now = Session.restore(kept), acting.with_page(services, self._now(lab))
            chosen = readers(session, now)
            how = now.degrade.model_dump()
            first = [
                menu(services, now),
                now.page.number,
                *(NEUTRAL[name] if how[name] is None else how[name] for name in parts.sliders),
                now.truth,
                [name for name, value in now.normalising.model_dump().items() if value],
                gr.update(visible=now.truth == "pasted"),
                now.pasted,
                now.seconds,
                *(gr.update(visible=at < now.shown) for at in range(len(LETTERS))),
                *(form.value(chosen[at]) for at, form in enumerate(parts.forms)),
            ]
            yield from once(first, self.redraw(session, now, made))

        opened = [
            parts.document, parts.number, *parts.sliders.values(), parts.truth, parts.ignore, parts.pasting,
            parts.pasted, parts.seconds, *parts.areas, *(form.html for form in parts.forms),
        ]  # fmt: skip
        self.wishes.wire([tab.select], on_open, [], opened)


def menu(services: Services, lab: Reading) -> Any:
    """Update of the menu of documents, the lab's chosen."""
    listed, value = acting.entries(services, lab)
    return gr.update(choices=listed, value=value or None)


def _id_of(lab: Any) -> str:
    return Reading.restore(lab).id


def build(services: Services, shell: Shell, side: Sidebar, tab: gr.Tab, lab: gr.BrowserState) -> None:
    """Draw the tab and wire it; ``lab`` is its state."""
    with gr.Tabs(elem_id="read-tabs", selected="one"):
        with gr.Tab("One page", id="one"):
            parts = components(services, lab)
            Asking(services, shell, lab).wire(tab, parts.heads)
        with gr.Tab("Several pages", id="several") as many:
            SeveralTab(services, shell, lab).wire(many)
    wiring = Wiring(services, shell, parts)
    wiring.source()
    wiring.degrading()
    Truth(services, parts, wiring.wishes, wiring.redraw).wire()
    wiring.board()
    Columns(services, shell, side, parts, wiring.wishes, wiring.redraw).wire()
    wiring.using()
    wiring.opening(tab)
