"""Many questions: a set asked with every combination of parts, measured as information retrieval measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from playground import forms
from playground.finding import grading
from playground.finding import grid as measuring
from playground.finding.grid import Grid, combinations
from playground.finding.state import Finding
from playground.lab.measuring import menu_of
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.shell import Shell, panel, wire
from playground.views import evaluated, graded
from playground.views.html import el
from playground.views.words import count

#: The grid's fields that are lists to tick, with the label of each.
_AXES = {
    "retrievers": "Retriever",
    "fusions": "Fusion (hybrid)",
    "ks": "k",
    "rerankers": "Reranker",
    "chunkers": "Chunker (none: the recipe’s)",
}


def size(session: Session, grid: Grid) -> str:
    """How much there is to do, said before it is done."""
    recipes, notes = combinations(session, grid)
    told = f"{count(len(recipes), 'recipe')}, each asked every question once."
    return str(el("p", told, *[f" {note}" for note in notes], class_="facts"))


def empty() -> str:
    """Before anything was measured."""
    words = (
        "Which way of searching is better is a matter of numbers, not of one question. Choose a set of labelled "
        "questions, tick what to compare, press Measure. Try first: the three retrievers on the sample questions."
    )
    return str(el("div", el("p", words), class_="desk empty"))


def shown(services: Services, lab: Finding) -> list[str]:
    """The table and the questions as they stand."""
    found = services.measurements.peek(lab.work("grid"))
    if found is None:
        return [empty(), ""]
    return [str(evaluated.table(found, lab.grid)), str(evaluated.questions(found, lab.grid))]


def answers(services: Services, lab: Finding) -> str:
    """The grades of answers as they stand; "" before the first."""
    found = services.measurements.peek(lab.work("answers"))
    return str(graded.graded(found)) if found else ""


def grade(services: Services, session: Session, lab: Finding, at: int) -> None:
    """Grade the answers of a row. Raises UsageError: it is gone, or grading is still under way."""
    found = services.measurements.peek(lab.work("grid"))
    if found is None or not 0 <= at < len(found.recipes):
        raise UsageError("That row is not here any more.", "Press Measure again.")
    recipe = recipe_of(in_chat(session, found.recipes[at]))
    grading.start(services, lab, recipe, measuring.labels(found.recipes)[at])


def row_of(services: Services, lab: Finding, at: int) -> Recipe | None:
    """The recipe of a row."""
    found = services.measurements.peek(lab.work("grid"))
    return found.recipes[at] if found and 0 <= at < len(found.recipes) else None


class Evaluating:
    """The components and their wiring.

    Args:
        services: The process.
        shell: The session.
        lab: The lab's state.
    """

    def __init__(self, services: Services, shell: Shell, lab: gr.BrowserState) -> None:
        self._services, self._shell, self._lab = services, shell, lab
        grid = Grid()
        with gr.Row(elem_id="grid-head", elem_classes=["lab-source"]):
            self.set = gr.Dropdown([], label="Questions", elem_id="grid-questions", filterable=False, scale=2)
            self.level = gr.Radio(
                list(evaluated.LEVELS), value=grid.level, label="What counts as found", elem_id="grid-level", scale=2,
                info="Words of the quoted answer, its page, or its document.",
            )  # fmt: skip
            self.run = gr.Button("Measure", variant="primary", elem_id="grid-run", scale=0, min_width=100)
            self.stop = gr.Button("Stop", elem_id="grid-stop", scale=0, min_width=80)
        choices: dict[str, list[Any]] = {
            "retrievers": forms.menu("retriever"),
            "fusions": ["relative", "rrf", "dbsf"],
            "ks": [("1", 1), ("3", 3), ("5", 5), ("10", 10), ("20", 20)],
            "rerankers": forms.menu("reranker"),
            "chunkers": forms.menu("chunker"),
        }
        with gr.Row(elem_id="grid-axes"):
            self.axes: dict[str, Any] = {
                field: gr.CheckboxGroup(
                    choices[field], value=list(getattr(grid, field)), label=label, elem_id=f"grid-{field}"
                )
                for field, label in _AXES.items()
            }
        self.size, self.table = panel("grid-size"), panel("grid-table")
        self.answers_stop = gr.Button("Stop grading", elem_id="grid-answers-stop", size="sm", min_width=80)
        self.answers, self.each = panel("grid-answers"), panel("grid-each")

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`show` updates."""
        return [self.set, self.level, *self.axes.values(), self.size, self.table, self.each, self.answers]

    def show(self, session: Session, lab: Finding) -> list[Any]:
        """Everything as it stands."""
        ticked = [list(getattr(lab.grid, field)) for field in self.axes]
        told = size(session, lab.grid)
        results = [*shown(self._services, lab), answers(self._services, lab)]
        return [self.menu(lab), lab.grid.level, *ticked, told, *results]

    def menu(self, lab: Finding) -> Any:
        """The sets there are, the lab's chosen."""
        named, chosen = menu_of(self._services, lab.questions)
        return gr.update(choices=named, value=chosen)

    def follow(self, lab: Finding) -> Iterator[list[str]]:
        """The result as it grows."""
        for _ in self._services.measurements.follow(lab.work("grid")):
            yield shown(self._services, lab)

    def follow_answers(self, lab: Finding) -> Iterator[str]:
        """The grades as they come."""
        for _ in self._services.measurements.follow(lab.work("answers")):
            yield answers(self._services, lab)

    def wire(self, tab: gr.Tab) -> None:
        """Connect everything but the trace, which is the board's; the menu of sets is new whenever ``tab`` opens."""
        services, kept, lab = self._services, self._shell.kept, self._lab
        given = [kept, lab, self.set, *self.axes.values()]

        def chosen(lab: Any, name: str | None, ticked: tuple[Any, ...]) -> Finding:
            now = services.labs.now(Finding, lab)
            values = dict(zip(self.axes, ticked, strict=True))
            return now.to(questions=name or now.questions, grid={**now.grid.model_dump(), **values})

        def on_axes(kept: Any, lab: Any, name: str | None, *ticked: Any) -> list[Any]:
            now = chosen(lab, name, ticked)
            return [services.labs.keep(now).keep(), size(Session.restore(kept), now.grid)]

        def on_run(kept: Any, lab: Any, name: str | None, *ticked: Any) -> Iterator[list[Any]]:
            now = chosen(lab, name, ticked)
            now = now.to(grid={**now.grid.model_dump(), "baseline": 0, "against": -1})
            measuring.start(services, Session.restore(kept), now.work("grid"), now.questions, now.grid)
            yield [services.labs.keep(now).keep(), *shown(services, now)]
            for markup in self.follow(now):
                yield [gr.skip(), *markup]

        def on_level(lab: Any, level: str) -> list[Any]:
            now = services.labs.now(Finding, lab)
            now = now.to(grid={**now.grid.model_dump(), "level": level})
            return [services.labs.keep(now).keep(), *shown(services, now)]

        def on_table(kept: Any, lab: Any, event: gr.EventData) -> list[Any]:
            now, what, target = services.labs.now(Finding, lab), event._data["act"], event._data["arg"]
            if what not in ("metric", "baseline", "against"):
                return [gr.skip()] * 3
            value = target if what == "metric" else int(target)
            if what == "against" and value == now.grid.against:
                value = -1
            now = now.to(grid={**now.grid.model_dump(), what: value})
            return [services.labs.keep(now).keep(), *shown(services, now)]

        def on_opened(lab: Any) -> Any:
            return self.menu(services.labs.now(Finding, lab))

        def on_stop(lab: Any) -> None:
            services.measurements.stop(services.labs.now(Finding, lab).work("grid"))

        def on_grade(kept: Any, lab: Any, event: gr.EventData) -> Iterator[Any]:
            now = services.labs.now(Finding, lab)
            if event._data["act"] != "grade":
                yield gr.skip()
                return
            grade(services, Session.restore(kept), now, int(event._data["arg"]))
            yield from self.follow_answers(now)

        def on_answers_stop(lab: Any) -> None:
            services.measurements.stop(services.labs.now(Finding, lab).work("answers"))

        results = [lab, self.table, self.each]
        wire([self.table.click], on_grade, [kept, lab], [self.answers])
        wire([self.answers_stop.click], on_answers_stop, [lab], [])
        wire([one.input for one in (self.set, *self.axes.values())], on_axes, given, [lab, self.size])
        wire([tab.select], on_opened, [lab], [self.set])
        wire([self.run.click], on_run, given, results)
        wire([self.level.input], on_level, [lab, self.level], results)
        wire([self.table.click], on_table, [kept, lab], results)
        wire([self.stop.click], on_stop, [lab], [])


def in_chat(session: Session, recipe: Recipe) -> Session:
    """The session with what a row varied in its recipe: chunker, retriever, reranker."""
    changed = {name: recipe.choice(name) for name in ("chunker", "retriever", "reranker")}
    return session.to(recipe=recipe_of(session).model_copy(update=changed).to_json())
