"""What each lab keeps as runs: the columns that were compared, in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.recipe import Choice, Recipe
from pipelines.runs.run import DECIDING, Begun, Ended, Kind
from playground.runs import outcomes
from playground.runs.words import what_was_read
from playground.shapes import chunk_json

if TYPE_CHECKING:
    from pipelines.evaluation.judging import Graded
    from pipelines.evaluation.reading_runs import PageRead
    from pipelines.evaluation.strategies import Row
    from pipelines.loading.document import Document
    from pipelines.reading.base import Transcript
    from pipelines.samples import Sample
    from playground.finding.column import Found
    from playground.finding.state import Finding
    from playground.lab.column import Column
    from playground.lab.state import Lab
    from playground.reading.several import Several
    from playground.reading.state import Reading
    from playground.sampling.drawing import Answer
    from playground.services import Services

CHUNKING, RETRIEVAL, SAMPLING, READING = "chunking lab", "retrieval lab", "sampling lab", "reading lab"


# cuts and searches: kept when the lab has settled ---------------------------------------------------------


def settled_cuts(
    services: Services, lab: Lab, document: Document, recipes: Sequence[Recipe], columns: Sequence[Column]
) -> None:
    """The cuts of the chunking lab, and what a question found in them."""
    asked = lab.asked.strip()
    shown = [document.id, asked, *(_fingerprint(recipe, "search" if asked else "chunk") for recipe in recipes)]
    keep = partial(_keep_cuts, services, lab, document, recipes, columns)
    services.settled.later(lab.id, "\n".join(shown), keep)


def _keep_cuts(
    services: Services, lab: Lab, document: Document, recipes: Sequence[Recipe], columns: Sequence[Column]
) -> None:
    from pipelines.chunking.figures import counted_by
    from pipelines.retrieval.base import Retrieval

    batch, searches = uuid4().hex[:12], uuid4().hex[:12]
    inputs = {"document": lab.document, "document_id": document.id, "text": "" if lab.document else lab.pasted}
    for recipe, column in zip(recipes, columns, strict=False):
        if column.made is None:
            continue
        ruler = counted_by(recipe.choice("chunker"), services.library.scratch.embedder(recipe))
        chunks = [chunk_json(chunk, document, ruler) for chunk in column.made.chunks]
        begun = partial(
            Begun, recipe=recipe.to_json(), documents=(document.name,), inputs=inputs, origin=CHUNKING
        )  # fmt: skip
        cut = outcomes.of_chunks(len(document.text), chunks, column.made.seconds)
        services.recorder.add(begun("chunk", batch=batch), cut)
        if column.found is not None:
            found = outcomes.of_search(Retrieval(lab.asked, column.found), None)
            services.recorder.add(begun("search", question=lab.asked.strip(), batch=searches), found)


def settled_searches(services: Services, lab: Finding, columns: Sequence[Found]) -> None:
    """The searches of the retrieval lab, or its answers where each column answers."""
    kind: Kind = "ask" if lab.answer else "search"
    shown = [lab.asked, *lab.documents, lab.pages, *(_fingerprint(one.recipe, kind) for one in columns)]
    services.settled.later(lab.id, "\n".join(shown), partial(_keep_searches, services, lab, columns))


def _keep_searches(services: Services, lab: Finding, columns: Sequence[Found]) -> None:
    from pipelines.loading.page_numbers import page_numbers

    batch = uuid4().hex[:12]
    inputs = {"documents": list(lab.documents) or None, "pages": page_numbers(lab.pages)}
    for one in columns:
        begun = partial(Begun, recipe=one.recipe.to_json(), question=lab.asked.strip(), documents=lab.documents,
                        inputs=inputs, origin=RETRIEVAL, batch=batch)  # fmt: skip
        if one.turn is not None:
            services.recorder.add(begun("ask"), outcomes.of_turn(one.turn, sum(one.seconds.values())))
        elif one.error is not None:
            services.recorder.add(begun("search"), outcomes.failed(one.error))
        elif one.ranking is not None:
            services.recorder.add(begun("search"), outcomes.of_found(one.hits, one.seconds, one.shared, one.ranking))


def _fingerprint(recipe: Recipe, kind: Kind) -> str:
    return recipe.fingerprint(DECIDING[kind])


# what takes long: kept as it ends -------------------------------------------------------------------------


def measured(
    services: Services, origin: str, questions: str, recipes: Sequence[Recipe], asked: int, rows: Iterator[Row]
) -> Iterator[Row]:
    """Rows of a measurement, passed on as they come; each is a run."""
    from playground.cli.evaluate_questions import row_json

    inputs = {"set": questions, "recipes": [one.to_json() for one in recipes]}
    begun = [Begun("evaluate", one.to_json(), questions, (), inputs, origin) for one in recipes]
    yield from services.recorder.each(begun, rows, lambda row: outcomes.of_row(row_json(row), asked))


def graded(services: Services, questions: str, recipe: Recipe, rows: Iterator[Graded]) -> Iterator[Graded]:
    """Graded answers, passed on as they come; all of them are one run."""
    begun = Begun("evaluate", recipe.to_json(), questions, (), {"set": questions, "judged": True}, RETRIEVAL)
    done: list[Graded] = []
    with services.recorder.together([begun]) as (run,):
        for row in rows:
            done.append(row)
            yield row
        services.recorder.end(run, outcomes.of_graded(done))


def sampled(recipe: Recipe, messages: Sequence[Any], prompt: str, batch: str) -> Begun:
    """A text that a column of the sampling lab is about to draw."""
    inputs = {"messages": [[one.role, one.content] for one in messages]}
    return Begun("sample", recipe.to_json(), prompt, (), inputs, SAMPLING, batch)


def column_json(answer: Answer) -> dict[str, Any]:
    """A column of the sampling lab in the fields of the command line."""
    from playground.cli.sample_columns import Column

    sample, facts = answer.sample, answer.facts
    assert sample is not None
    column = Column("", sample.engine, sample.version, sample.model, samples=(sample,))
    return (replace(column, values=facts.values, ignored=facts.ignored) if facts else column).to_json()


def repeated(samples: Sequence[Sample], seconds: float) -> Ended:
    """Texts drawn with one setting and several seeds."""
    from playground.cli.sample_columns import Column

    last = samples[-1]
    column = Column("", last.engine, last.version, last.model, samples=tuple(samples))
    return outcomes.of_samples(column.to_json(), seconds)


def reading(services: Services, lab: Reading, choice: Choice, batch: str) -> Begun:
    """A page that a column of the reading lab is about to read."""
    inputs = {"document": lab.page.document, "page": lab.page.number, "degrade": str(lab.degrade),
              "seconds": lab.seconds}  # fmt: skip
    what = what_was_read([lab.page.number], str(lab.degrade))
    return Begun("read", _reading_recipe(choice), what, (_read_name(lab),), inputs, READING, batch)


def read(lab: Reading, choice: Choice, transcript: Transcript, layer: str) -> PageRead:
    """What it read, as a row with its metrics where the lab has a truth.

    Args:
        lab: What was read.
        choice: The reader.
        transcript: What it made of the page.
        layer: Text of the page's own text layer.
    """
    from pipelines.evaluation.reading_runs import PageRead
    from pipelines.evaluation.transcripts import measure

    truth = {"pasted": lab.pasted, "text layer": layer}.get(lab.truth, "").strip()
    metrics = measure(truth, transcript.text, lab.normalising) if transcript.state == "done" and truth else None
    return PageRead(choice, lab.page.number, lab.degrade, transcript, metrics)


def several(services: Services, lab: Reading, run: Several) -> None:
    """Pages read with several strengths of a degradation: a run for each reader and strength."""
    from pipelines.evaluation.reading_runs import summaries
    from playground.cli.compare_readers import row_json, summary_json

    batch = uuid4().hex[:12]
    for summary in summaries(run.rows):
        rows = [row for row in run.rows if (row.reader, row.degradation) == (summary.reader, summary.degradation)]
        pages, degrade = [row.page for row in rows], str(summary.degradation)
        inputs = {"document": lab.page.document, "pages": pages, "degrade": degrade}
        what = what_was_read(pages, degrade)
        begun = Begun("read", _reading_recipe(summary.reader), what, (run.name,), inputs, READING, batch)
        services.recorder.add(begun, outcomes.of_summary(summary_json(summary), [row_json(row) for row in rows]))


def _reading_recipe(choice: Choice) -> str:
    return Recipe().model_copy(update={"reader": choice}).to_json()


def _read_name(lab: Reading) -> str:
    return lab.page.document or lab.page.name
