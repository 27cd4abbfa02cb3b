"""The tab of runs: every experiment that was kept, opened, compared, made again, put back into chat or lab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import escape

from playground.runs import acting, board, loading
from playground.runs.state import Looking
from playground.services import Services
from playground.state import Session
from playground.tabs.recipe import summary
from playground.tabs.shell import Shell, panel, user_of, wire
from playground.tabs.sidebar import Sidebar

#: What a menu says where it narrows nothing.
_ALL = ""

#: What is pressed on the board that changes something besides the tab.
ELSEWHERE = ("use", "load", "stop")


@dataclass(frozen=True)
class Parts:
    """The components."""

    kept: gr.BrowserState
    text: gr.Textbox
    model: gr.Dropdown
    document: gr.Dropdown
    filters: gr.HTML
    table: gr.HTML
    below: gr.HTML

    @property
    def menus(self) -> list[Any]:
        """What is typed or chosen above the table."""
        return [self.text, self.model, self.document]

    @property
    def panels(self) -> list[Any]:
        """In the order of :meth:`Board.markup`."""
        return [self.filters, self.table, self.below]


def components(kept: gr.BrowserState) -> Parts:
    """Draw the tab."""
    with gr.Row(elem_id="runs-source", elem_classes=["lab-source"]):
        text = gr.Textbox(label="Search", placeholder="Words of a question, an answer, a name", elem_id="runs-text",
                          lines=1, scale=3)  # fmt: skip
        model = gr.Dropdown([("all models", _ALL)], value=_ALL, label="Model", elem_id="runs-model", scale=1)
        document = gr.Dropdown(
            [("all documents", _ALL)], value=_ALL, label="Document", elem_id="runs-document", scale=2
        )
    filters, below, table = panel("runs-filters"), panel("runs-opened"), panel("runs-table")
    return Parts(kept, text, model, document, filters, table, below)


class Wiring:
    """What happens when; every handler ends in a redrawn board."""

    def __init__(
        self, services: Services, shell: Shell, side: Sidebar, parts: Parts, labs: Mapping[str, gr.BrowserState]
    ) -> None:
        self._services, self._shell, self._side, self._parts, self._labs = services, shell, side, parts, labs

    def _seen(self, request: gr.Request) -> Services:
        """The services as the person of a request sees them."""
        return self._services.seen_by(user_of(self._services, request))

    def redraw(self, services: Services, now: Looking) -> list[Any]:
        """The state and the panels, for a person; of two acts at once, the one that is drawn last shows both."""
        now = services.labs.keep(now)
        while True:
            drawn, newest = board.draw(services, now), services.labs.now(Looking, now.keep())
            if newest.revision == now.revision:
                return [now.keep(), *drawn.markup()]
            now = newest

    def menus(self, services: Services, now: Looking) -> list[Any]:
        """What is typed or chosen, with what there is to choose for a person."""
        models, documents = services.runs.values("model"), services.runs.values("documents")
        return [
            now.text,
            gr.update(choices=[("all models", _ALL), *((one, one) for one in models)], value=now.model),
            gr.update(choices=[("all documents", _ALL), *((one, one) for one in documents)], value=now.document),
        ]

    def board(self) -> None:
        """Buttons of the board, and what narrows the table."""
        parts = self._parts
        outputs = [parts.kept, *parts.panels]

        def on_board(kept: Any, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
            services = self._seen(request)
            data, now = event._data, services.labs.now(Looking, kept)
            if data["act"] in ELSEWHERE:
                return
            now = acting.act(services, now, data["act"], data["arg"], data.get("value", ""))
            typed = self.menus(services, now) if data["act"] == "clear" else [gr.skip()] * len(parts.menus)
            yield [*typed, *self.redraw(services, now)]
            if data["act"] == "again":
                yield from self.follow(services, now)

        def on_menu(kept: Any, text: str, model: str | None, document: str | None, request: gr.Request) -> list[Any]:
            services = self._seen(request)
            now = services.labs.now(Looking, kept)
            said = {"text": text or "", "model": model or "", "document": document or ""}
            if all(getattr(now, name) == value for name, value in said.items()):
                return [gr.skip()] * len(outputs)  # the page was told this, it does not tell it
            return self.redraw(services, now.to(**said, first=0))

        def on_stop(kept: Any, event: gr.EventData) -> None:
            if event._data["act"] == "stop":
                self._services.measurements.stop(self._services.labs.now(Looking, kept).again)

        for clicked in parts.panels:
            wire([clicked.click], on_board, [parts.kept], [*parts.menus, *outputs], trigger_mode="multiple")
        wire([parts.below.click], on_stop, [parts.kept], [], trigger_mode="multiple")
        given = [parts.kept, *parts.menus]
        # A pasted text is a change but no input.
        wire([parts.text.change, parts.model.input, parts.document.input], on_menu, given, outputs,
             trigger_mode="always_last")  # fmt: skip

    def follow(self, services: Services, now: Looking) -> Iterator[list[Any]]:
        """A run being made again, to its end; then the table has it too."""
        same = [gr.skip()] * (len(self._parts.menus) + 1)
        for _ in services.measurements.follow(now.again):
            yield [*same, gr.skip(), gr.skip(), str(board.below(services, now))]
        yield [*same, *board.draw(services, services.labs.now(Looking, now.keep())).markup()]

    def using(self, tabs: gr.Tabs) -> None:
        """A run's recipe into the chat, or the run into its lab."""
        kept, forms = self._shell.kept, self._side.forms
        states = list(self._labs.values())
        chat = [kept, self._shell.words, *(one for form in forms.values() for one in form.outputs)]

        def on_load(choices: Any, event: gr.EventData, request: gr.Request, *sent: Any) -> list[Any]:
            services = self._seen(request)
            if event._data["act"] != "load":
                return [gr.skip()] * (len(states) + 1)
            run, labs = services.runs.get(event._data["arg"]), dict(zip(self._labs, sent, strict=True))
            tab, lab = loading.in_lab(services, Session.restore(choices), run, services.runs.details(run.id), labs)
            return [gr.update(selected=tab), *(lab.keep() if name == tab else gr.skip() for name in self._labs)]

        def on_use(choices: Any, event: gr.EventData, request: gr.Request) -> list[Any]:
            if event._data["act"] != "use":
                return [gr.skip()] * len(chat)
            run = self._seen(request).runs.get(event._data["arg"])
            session, recipe = loading.in_chat(Session.restore(choices), run), loading.recipe_of_run(run)
            gr.Info(f"Chat now works with {escape(summary(session))}.", title="In use", duration=5)
            shown = (update for section, form in forms.items() for update in form.show(recipe.choice(section)))
            return [session.keep(), summary(session), *shown]

        wire([self._parts.below.click], on_load, [kept, *states], [tabs, *states], trigger_mode="multiple")
        wire([self._parts.below.click], on_use, [kept], chat, trigger_mode="multiple")

    def opening(self, tab: gr.Tab) -> None:
        """The first look, and every later one: runs were made meanwhile."""
        parts = self._parts

        def on_open(kept: Any, request: gr.Request) -> Iterator[list[Any]]:
            services = self._seen(request)
            now = services.labs.now(Looking, kept)
            yield [*self.menus(services, now), *self.redraw(services, now)]
            if services.measurements.peek(now.again) is not None:
                yield from self.follow(services, now)

        wire([tab.select], on_open, [parts.kept], [*parts.menus, parts.kept, *parts.panels])


def build(
    services: Services,
    shell: Shell,
    side: Sidebar,
    tab: gr.Tab,
    tabs: gr.Tabs,
    kept: gr.BrowserState,
    labs: Mapping[str, gr.BrowserState],
) -> None:
    """Draw the tab and wire it.

    Args:
        services: Of the process.
        shell: Of the page.
        side: Whose forms show the recipe.
        tab: The tab it stands in.
        tabs: All tabs of the page.
        kept: What the tab looks at.
        labs: Tab -> the state of its lab.
    """
    wiring = Wiring(services, shell, side, components(kept), labs)
    wiring.board()
    wiring.using(tabs)
    wiring.opening(tab)
