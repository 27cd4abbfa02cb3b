"""Recipes: save the one in use, put another to use, bring one, take one elsewhere, compare two."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import escape

from pipelines.named_files import LONGEST
from playground.recipes import acting
from playground.recipes.state import Comparing, Entry, entries, find, two, unreadable
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.shell import Shell, panel, wire
from playground.tabs.sidebar import Sidebar, bare_name, file_box
from playground.views import recipes as view
from playground.views.html import el

#: What can be pressed in a row that changes the chat, and what only this tab shows.
_USE = "use"

_FORMAT = "The format is published:"


class RecipesTab:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        side: Its forms follow what is put to use.
        state: What the tab compares.
    """

    def __init__(self, services: Services, shell: Shell, side: Sidebar, state: gr.BrowserState) -> None:
        self._services, self._shell, self._side, self._state = services, shell, side, state
        self._drawn = gr.State("")  # fingerprint of the recipe in use, as the page shows it
        self._components()

    def _components(self) -> None:
        self.now = panel("recipes-now")
        with gr.Row(elem_classes=["lab-source"], elem_id="recipes-save"):
            self.name = gr.Textbox(
                label="Save the recipe in use as", placeholder="A name", max_length=LONGEST, lines=1, scale=2,
                min_width=200, elem_id="recipes-name",
            )  # fmt: skip
            self.note = gr.Textbox(
                label="Note", placeholder="What it is good for", max_length=500, lines=1, scale=3,
                min_width=200, elem_id="recipes-note",
            )  # fmt: skip
            self.save = gr.Button("Save", variant="primary", elem_id="recipes-save-run", scale=0, min_width=90)
        with gr.Row(elem_id="recipes-desk"):
            with gr.Column(elem_id="recipes-left"):
                self.listed = panel("recipes-list")
            with gr.Column(elem_id="recipes-right"):
                gr.HTML("<h2>Compare two</h2>", apply_default_css=False)
                with gr.Row(elem_classes=["lab-source"]):
                    self.a = gr.Dropdown([], label="A", elem_id="recipes-a", filterable=False, min_width=120)
                    self.b = gr.Dropdown([], label="B", elem_id="recipes-b", filterable=False, min_width=120)
                self.compared = panel("recipes-compared")
                gr.HTML("<h2>Import one</h2>", apply_default_css=False)
                self.box = file_box(label="Recipe files (JSON)", show_label=False, height=42, elem_id="recipes-file")
                self.pasted = gr.Textbox(
                    label="Or paste it",
                    placeholder='{"version": 1, …}',
                    lines=3,
                    max_lines=12,
                    elem_id="recipes-pasted",
                )
                with gr.Row(elem_classes=["lab-source"]):
                    self.bring = gr.Button("Import", elem_id="recipes-bring", scale=0, min_width=100)
                link = el("a", "JSON schema", href="recipe.schema.json", download="recipe.schema.json")
                gr.HTML(str(el("p", _FORMAT, " ", link, class_="facts")), apply_default_css=False)

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`_show` updates."""
        return [self._state, *self._panels]

    @property
    def _panels(self) -> list[Any]:
        return [self._drawn, self.now, self.listed, self.a, self.b, self.compared]

    def _show(self, session: Session, state: Comparing) -> list[Any]:
        """Everything as it stands, kept."""
        return [self._services.labs.keep(state).keep(), *self._draw(session, state)]

    def _draw(self, session: Session, state: Comparing) -> list[Any]:
        services, known = self._services, entries(self._services, session)
        asked = acting.question(services, session)

        def program(entry: Entry) -> str:
            return acting.program(services, session, entry, asked)

        now, *others = known
        same = [one.label for one in others if one.named.recipe == now.named.recipe]
        menu = [(one.label, one.key) for one in known]
        pair = two(known, state)
        return [
            now.named.recipe.fingerprint(),
            str(view.in_use(now, same, program)),
            str(view.recipe_list(known, unreadable(services), asked, program)),
            *(gr.update(choices=menu, value=one.key) for one in pair),
            str(view.comparison(*pair)),
        ]

    def _now(self, kept: Any, state: Any) -> tuple[Session, Comparing]:
        return Session.restore(kept), self._services.labs.now(Comparing, state)

    def wire(self, tab: gr.Tab) -> None:
        """Connect everything."""
        self._wire_looking(tab)
        self._wire_keeping()
        self._wire_rows()

    def _wire_looking(self, tab: gr.Tab) -> None:
        def on_open(kept: Any, state: Any) -> list[Any]:
            return self._show(*self._now(kept, state))

        def on_knob(kept: Any, state: Any, drawn: str) -> list[Any]:
            """What is in use may be another recipe. The state is not kept: a page that loads reports it late."""
            session, now = self._now(kept, state)
            if not drawn or recipe_of(session).fingerprint() == drawn:
                return [gr.skip()] * len(self._panels)
            return self._draw(session, now)

        def on_pair(kept: Any, state: Any, a: str, b: str) -> list[Any]:
            session, now = self._now(kept, state)
            return self._show(session, now.to(a=a, b=b))

        known = [self._shell.kept, self._state]
        wire([tab.select], on_open, known, self.outputs)
        wire([self._shell.kept.change], on_knob, [*known, self._drawn], self._panels, trigger_mode="always_last")
        wire([self.a.input, self.b.input], on_pair, [*known, self.a, self.b], self.outputs)

    def _wire_keeping(self) -> None:
        def on_save(kept: Any, state: Any, name: str, note: str) -> list[Any]:
            session, now = self._now(kept, state)
            kept_as = acting.save(self._services, session, name, note)
            gr.Info(f"Kept as “{escape(kept_as)}”.", title="Saved", duration=5)
            return ["", "", *self._show(session, now)]

        def on_files(files: Any, kept: Any, state: Any) -> list[Any]:
            names = acting.bring_files(self._services, [(path, bare_name(name)) for path, name in files or []])
            return [None, *self._brought(kept, state, names)]

        def on_paste(text: str, kept: Any, state: Any) -> list[Any]:
            return ["", *self._brought(kept, state, [acting.bring_text(self._services, text)])]

        known = [self._shell.kept, self._state]
        saved = [*known, self.name, self.note]
        wire(
            [self.save.click, self.name.submit, self.note.submit], on_save, saved, [self.name, self.note, *self.outputs]
        )
        wire([self.box.upload], on_files, [self.box, *known], [self.box, *self.outputs])
        wire([self.bring.click], on_paste, [self.pasted, *known], [self.pasted, *self.outputs])

    def _brought(self, kept: Any, state: Any, names: list[str]) -> list[Any]:
        """After recipes came from elsewhere: the last one is compared with the one in use."""
        session, now = self._now(kept, state)
        if names:
            gr.Info(f"Kept as “{escape('”, “'.join(names))}”.", title="Imported", duration=5)
            now = now.to(a="now:", b=f"own:{names[-1]}")
        return self._show(session, now)

    def _wire_rows(self) -> None:
        known = [self._shell.kept, self._state]
        used = [self._shell.kept, *self._side.outputs]

        def on_row(kept: Any, state: Any, event: gr.EventData) -> list[Any]:
            (session, now), data = self._now(kept, state), event._data
            act, name = data["act"], data["arg"]
            if act == _USE:
                return [gr.skip()] * len(self.outputs)
            if act == "compare":
                return self._show(session, now.to(a="now:", b=name))
            new = acting.act(self._services, session, act, name, data.get("value", ""))
            return self._show(session, _following(now, f"own:{name}", f"own:{new}"))

        def on_use(kept: Any, event: gr.EventData) -> list[Any]:
            if event._data["act"] != _USE:
                return [gr.skip()] * len(used)
            session = Session.restore(kept)
            chosen = find(entries(self._services, session), event._data["arg"])
            session = acting.use_in_chat(session, chosen.named.recipe)
            gr.Info(f"Chat now works with “{escape(chosen.label)}”.", title="In use", duration=5)
            return [session.keep(), *self._side.draw(session)]

        # one act after the other counts, also before the page has heard of the first
        wire([self.listed.click], on_row, known, self.outputs, trigger_mode="multiple")
        wire([self.listed.click], on_use, [self._shell.kept], used)


def _following(state: Comparing, old: str, new: str) -> Comparing:
    """The comparison after a recipe got another name."""
    return state.to(**{side: new for side in ("a", "b") if getattr(state, side) == old})


def build(services: Services, shell: Shell, side: Sidebar, tab: gr.Tab, state: gr.BrowserState) -> None:
    """Draw the tab and wire it; ``state`` is what it compares."""
    RecipesTab(services, shell, side, state).wire(tab)
