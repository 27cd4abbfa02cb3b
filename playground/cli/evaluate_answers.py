"""``evaluate QUESTIONS --judge``: every question answered with every recipe, and the answers judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.errors import ModelMissing
from pipelines.recipe import Recipe
from playground.cli.console import table
from playground.shapes import answers_json

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.engines import Engines
    from pipelines.engines.writing import Writer
    from pipelines.evaluation.bootstrap import Interval
    from pipelines.evaluation.judging import Graded, OnProgress
    from pipelines.evaluation.questions import Question
    from pipelines.events import AskEvent
    from pipelines.loading.document import Document
    from pipelines.scratch import Scratch

#: Sections that decide an answer, besides those that decide what is retrieved.
DECIDING = ("prompt", "model", "sampling", "answer")


def judged(
    engines: Engines,
    recipe: Recipe,
    writer: Writer | None,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    scratch: Scratch,
    on_progress: OnProgress,
    cancel: CancelFlag | None = None,
) -> list[Graded]:
    """The answers of a recipe on its documents, judged; without a judge only what needs none is measured.

    Raises:
        Cancelled.
    """
    from pipelines.evaluation.judging import judge

    ask = _asking(recipe, list(documents.values()), scratch, engines)
    return list(judge(questions, ask, writer, on_progress, cancel))


def judge_of(engines: Engines, recipe: Recipe) -> tuple[Writer | None, list[str]]:
    """The model of a recipe as a judge; without one, what that means.

    Raises:
        EngineUnreachable: the judge asked for by name does not answer.
    """
    from pipelines.engines.writing import Memory, Writer

    try:
        return Writer.of(engines, recipe, Memory()), []
    except ModelMissing as error:
        return None, [f"No judge: {error} Faithfulness, relevancy and correctness are left out."]


def _asking(
    recipe: Recipe, documents: Sequence[Document], scratch: Scratch, engines: Engines
) -> Callable[[str], Iterator[AskEvent]]:
    """Asks as the library does, over these documents."""
    from pipelines.answering import Means, answer
    from pipelines.answering.citations import pages_of

    by_id = {document.id: document for document in documents}

    def ask(question: str) -> Iterator[AskEvent]:
        at_hand = None if recipe.answer.name == "quotes" else engines.resolve(recipe.choice("model"))
        engine, model = at_hand or (None, "")
        means = Means(
            search=lambda query: scratch.search(query, recipe, list(by_id.values())),
            embedder=scratch.embedder(recipe),
            page_text=lambda hit: pages_of(by_id[hit.document_id], hit),
            engine=engine,
            model=model,
        )
        yield from answer(question, recipe, means)

    return ask


def beside(rows: list[dict[str, Any]], answers: Sequence[Sequence[Graded]]) -> list[dict[str, Any]]:
    """Rows in JSON, each with its answers; as they are where nothing was answered."""
    if not answers:
        return rows
    return [{**row, "answers": answers_json(graded)} for row, graded in zip(rows, answers, strict=True)]


def show(out: Console, answers: Sequence[Sequence[Graded]], labels: Sequence[str]) -> None:
    """A metric a row, a recipe a column: means and their 95 % intervals; shares are 0 to 1, correctness 1 to 5."""
    from rich.text import Text

    from pipelines.evaluation.judging import METRICS, summary

    found = [summary(rows) for rows in answers]
    names = [name for name in METRICS if any(name in one for one in found)]
    lines = [[name, *(_interval(one.get(name)) for one in found)] for name in names]
    out.print(table(["answers", *labels], lines, right=list(labels)))
    judge = next((row.judge for rows in answers for row in rows), "")
    told = f"judged by {judge}: faithfulness, relevancy 0 or 1, correctness 1 to 5" if judge else "no judge"
    out.print(Text(f"Shares of 1, seconds in s; {told}", style="dim"))


def _interval(found: Interval | None) -> str:
    return f"{found.mean:.2f} ({found.low:.2f}–{found.high:.2f})" if found else ""
