"""Answers of one recipe, judged on a set of questions in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import EngineError, UsageError
from pipelines.evaluation.judging import Graded, judge
from pipelines.events import AskEvent, IndexProgress
from pipelines.recipe import Recipe
from pipelines.scratch import Work
from playground.finding.state import Finding
from playground.lab.measuring import read_set
from playground.measurements import Growing
from playground.runs import labs
from playground.services import Services


@dataclass(frozen=True)
class Grading(Growing[Graded]):
    """What was graded so far."""

    label: str = ""
    asked: int = 0
    judge: str = ""  # who grades; "": nobody, only what needs no judge is told
    missing: str = ""  # why there is no judge


def start(services: Services, lab: Finding, recipe: Recipe, label: str) -> None:
    """Ask and grade in the background, with the recipe's model as judge where there is one.

    Raises:
        UsageError: the set is empty, or none of its documents is here.
    """
    here = {document.document for document in services.library.documents()}
    questions = [one for one in read_set(services, lab.questions) if not one.document or one.document in here]
    if not questions:
        raise UsageError("No question of this set is about a document that is here.", "Add its documents.")
    by, missing = "", ""
    try:
        by = services.library.aids.writer(recipe).by
    except EngineError as error:
        missing = str(error)
    first = Grading(label=label, asked=len(questions), judge=by, missing=missing)

    def source(work: Work) -> Iterator[Graded]:
        writer = services.library.aids.writer(recipe, work.cancel) if by else None

        def ask(question: str) -> Iterator[AskEvent]:
            return services.library.ask(question, recipe, cancel=work.cancel)

        def told(done: int, total: int) -> None:
            if work.on_progress is not None:
                work.on_progress(IndexProgress(label, "asking", done, total))

        services.library.prepare(recipe, on_progress=work.on_progress, cancel=work.cancel)
        told(0, len(questions))
        rows = judge(questions, ask, writer, told, work.cancel)
        yield from labs.graded(services, lab.questions, recipe, rows)

    services.measurements.start(lab.work("answers"), first, source)
