"""Recipes measured on labelled questions about documents of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pipelines.errors import UsageError
from pipelines.evaluation.grid import grid
from pipelines.evaluation.judging import Graded
from pipelines.evaluation.questions import Question, questions_of
from pipelines.evaluation.strategies import BUDGET, Row, answerable, compare
from pipelines.events import IndexProgress
from pipelines.loading.document import Document
from pipelines.recipe import Recipe
from pipelines.runs.run import Begun
from pipelines.scratch import Work
from playground.cli import evaluate_answers
from playground.cli.evaluate_questions import counted, notes_of, row_json
from playground.endpoints.streams import ENDPOINT, Stream, recipe_from, working
from playground.lab.measuring import SAMPLES, read_set
from playground.runs import outcomes
from playground.services import Services


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``evaluate``."""

    def evaluate(
        questions: list[dict[str, Any]] | None = None,
        question_set: str = SAMPLES,
        vary: list[str] | None = None,
        recipe: dict[str, Any] | None = None,
        budget: int = BUDGET,
        judge: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Measure recipes on questions, or on a set of the app by its name: a row as soon as it is done, then all in
        the shape of ``playground evaluate --json``. ``vary`` makes rows: ``["retriever=keyword,semantic"]``."""
        if budget < 1:
            raise UsageError(f"A budget of {budget} characters reads nothing.", "Give 1 or more.")
        recipes, notes = grid([recipe_from(recipe)], vary or ())
        asked = _asked(services, questions, question_set)
        names = dict.fromkeys(one.document for one in asked if one.document)
        documents = {name: services.library.document(name) for name in names}
        rows: list[Row] = []
        found: list[dict[str, Any]] = []
        begun = _begun(question_set if questions is None else "", recipes, budget)
        with services.recorder.together(begun) as runs:
            for place, (one, run) in enumerate(zip(recipes, runs, strict=True), 1):
                told = place, len(recipes)
                rows.append((yield from working(partial(_row, services, asked, documents, one, budget), told)))
                found.append(row_json(rows[-1], rows[0] if len(rows) > 1 else None))
                services.recorder.end(run, outcomes.of_row(found[-1], len(answerable(asked))))
                yield {"done": False, "row": found[-1]}
        answers: list[list[Graded]] = []
        if judge:
            answers, more = yield from _judged(services, recipes, asked, documents)
            notes += more
        notes += notes_of(rows, answers)
        yield {
            "done": True,
            **counted(asked, documents, budget),
            "rows": evaluate_answers.beside(found, answers),
            "notes": notes,
        }

    return [evaluate]


def _begun(name: str, recipes: list[Recipe], budget: int) -> list[Begun]:
    """A run a recipe. Of questions that are in no set only the results are kept."""
    inputs = {"budget": budget, "recipes": [one.to_json() for one in recipes], **({"set": name} if name else {})}
    return [Begun("evaluate", one.to_json(), name or "a list of questions", (), inputs, ENDPOINT) for one in recipes]


def _asked(services: Services, questions: list[dict[str, Any]] | None, name: str) -> list[Question]:
    """The questions given, else those of a set. Raises DamagedFile: one does not fit. UsageError: no such set."""
    if questions is None:
        return read_set(services, name)
    rows = (
        (f"question {number}", {str(key).lower(): value for key, value in row.items()})
        for number, row in enumerate(questions, 1)
    )
    return questions_of(rows, "The list of questions")


def _row(
    services: Services,
    questions: list[Question],
    documents: Mapping[str, Document],
    recipe: Recipe,
    budget: int,
    work: Work,
) -> Row:
    (row,) = compare(questions, documents, [recipe], services.library.scratch, budget=budget, work=work)
    return row


def _judged(
    services: Services, recipes: list[Recipe], questions: list[Question], documents: Mapping[str, Document]
) -> Stream[tuple[list[list[Graded]], list[str]]]:
    """The answers of every recipe, all judged by the first recipe's model; and notes."""
    engines, scratch = services.library.engines, services.library.scratch
    writer, notes = evaluate_answers.judge_of(engines, recipes[0])
    found: list[list[Graded]] = []
    for place, recipe in enumerate(recipes, 1):

        def grade(work: Work, recipe: Recipe = recipe) -> list[Graded]:
            def told(done: int, total: int) -> None:
                assert work.on_progress is not None
                work.on_progress(IndexProgress("answers", "asking", done, total))

            return evaluate_answers.judged(engines, recipe, writer, questions, documents, scratch, told, work.cancel)

        found.append((yield from working(grade, (place, len(recipes)))))
    return found, notes
