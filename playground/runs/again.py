"""A run made again: the same recipe, inputs and seeds, on the documents as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.runs.reproducing import Verdict, verdict
from pipelines.runs.run import Begun, Details, Ended, Run
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.runs import outcomes
from playground.shapes import chunk_json

if TYPE_CHECKING:
    from pipelines.loading.document import Document
    from playground.services import Services

ORIGIN = "run again"


@dataclass(frozen=True, kw_only=True)
class Again(Growing[str]):
    """A run being made again; its row is the id of the new run."""

    of: str  # the id of the old one


def start(services: Services, page: str, run: Run, details: Details) -> None:
    """Make a run again in the background.

    Raises:
        UsageError: it cannot be made again here, or another one is under way.
    """
    recipe = run.known_recipe
    if recipe is None:
        raise UsageError("This run's recipe names parts that this app does not have.", "Install what it lacks.")
    if run.kind not in ("ask", *_MADE):
        raise UsageError("Indexing is not made again from here.", "Add the file again in the sidebar.")
    begun = Begun(run.kind, run.recipe, run.question, run.documents, details.inputs, ORIGIN, run.batch, run.owner)

    def source(work: Work) -> Iterator[str]:
        if run.kind == "ask":
            yield _ask(services, recipe, begun, work)
            return
        with services.recorder.together([begun]) as (made,):
            began = monotonic()
            ended = _MADE[run.kind](services, recipe, Old(run, details), work)
            services.recorder.end(made, ended(monotonic() - began))
        yield made

    services.measurements.start(page, Again(of=run.id), source)


def reproduced(services: Services, old: str, new: str) -> Verdict:
    """Whether two runs of the same gave the same. Raises UsageError: one is gone."""
    run, recipe = services.runs.get(old), services.runs.get(old).known_recipe
    before, after = services.runs.details(old), services.runs.details(new)
    failed = services.runs.get(new)
    if failed.state != "done":
        return Verdict(False, f"It did not end this time: {failed.error or failed.state}")
    return verdict(run.kind, before.outputs, after.outputs, recipe is None or _without_chance(recipe, run))


def _without_chance(recipe: Recipe, run: Run) -> bool:
    """Whether words are drawn without chance, if any are."""
    params = recipe.choice("sampling").params
    drawn = run.kind == "sample" or (run.kind == "ask" and run.engine not in ("", "none"))
    return not drawn or getattr(params, "seed", None) is not None or getattr(params, "temperature", None) == 0


@dataclass(frozen=True)
class Old:
    """The run that is made again."""

    run: Run
    details: Details

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What it was given."""
        return self.details.inputs


#: Does the work, and tells how it ended once it is known how long it took.
Make = Callable[["Services", Recipe, Old, Work], Callable[[float], Ended]]


def _ask(services: Services, recipe: Recipe, begun: Begun, work: Work) -> str:
    from pipelines.engines.base import Message

    inputs = begun.inputs
    events = services.library.ask(
        begun.question,
        recipe,
        history=[Message(role, text) for role, text in inputs.get("history", ())],
        documents=inputs.get("documents"),
        pages=inputs.get("pages"),
        cancel=work.cancel,
    )
    made: list[str] = []
    for _ in services.recorder.answering(begun, events, made.append):
        pass
    return made[0]


def _search(services: Services, recipe: Recipe, old: Old, work: Work) -> Callable[[float], Ended]:
    if "document_id" in old.inputs:  # in one document alone, as the chunking lab does
        found = services.library.scratch.search(old.run.question, recipe, [_document(services, old)])
    else:
        inputs = old.inputs
        found = services.library.search(old.run.question, recipe, inputs.get("documents"), inputs.get("pages"))
    return lambda seconds: outcomes.of_search(found, seconds)


def _chunk(services: Services, recipe: Recipe, old: Old, work: Work) -> Callable[[float], Ended]:
    from pipelines.chunking.figures import counted_by

    document, scratch = _document(services, old), services.library.scratch
    made = scratch.cut(document, recipe, work)
    ruler = counted_by(recipe.choice("chunker"), scratch.embedder(recipe))
    chunks = [chunk_json(chunk, document, ruler) for chunk in made.chunks]
    return lambda seconds: outcomes.of_chunks(len(document.text), chunks, seconds)


def _sample(services: Services, recipe: Recipe, old: Old, work: Work) -> Callable[[float], Ended]:
    from pipelines.engines.base import Message
    from pipelines.engines.sampling import sampling_of
    from pipelines.samples import draw
    from playground.cli.sample_columns import Column
    from playground.cli.sample_drawing import messages_of

    engine, model = services.library.engines.required(recipe.choice("model"), "to draw from")
    given = old.inputs.get("messages")
    messages = [Message(role, text) for role, text in given] if given else messages_of(recipe, old.run.question)
    samples = []
    for one in old.details.outputs["columns"][0]["samples"]:
        params = sampling_of(recipe.choice("sampling")).model_copy(update={"seed": one["seed"]})
        *_, last = draw(engine, model, messages, params, cancel=work.cancel)
        samples.append(last)
    column = Column("", engine.name, engine.version, model, samples=tuple(samples)).to_json()
    return lambda seconds: outcomes.of_samples(column, seconds)


def _read(services: Services, recipe: Recipe, old: Old, work: Work) -> Callable[[float], Ended]:
    from pipelines.evaluation.reading_runs import Draw, read_pages, summaries
    from pipelines.reading.degrade import Degradation
    from playground.cli.compare_readers import row_json, summary_json
    from playground.cli.reading_pages import drawing

    inputs, library = old.inputs, services.library
    pages = inputs.get("pages") or [inputs["page"]]
    draw: Draw
    if inputs.get("document"):
        name = str(inputs["document"])
        draw = lambda page, dpi: library.sheet(name, page, cancel=work.cancel)  # noqa: E731
    else:
        draw = drawing(_file(old), None, library.reading)
    how, seconds = Degradation.parse(inputs.get("degrade") or "none"), float(inputs.get("seconds", 120))
    rows = list(read_pages(pages, [recipe.choice("reader")], [how], draw, library.reading, {}, seconds=seconds,
                           cancel=work.cancel))  # fmt: skip
    if len(rows) == 1:
        return lambda seconds: outcomes.of_reading(rows[0])
    (summary,) = summaries(rows)
    return lambda seconds: outcomes.of_summary(summary_json(summary), [row_json(row) for row in rows])


def _evaluate(services: Services, recipe: Recipe, old: Old, work: Work) -> Callable[[float], Ended]:
    from pipelines.evaluation.strategies import compare
    from playground.cli.evaluate_questions import row_json
    from playground.lab.measuring import choose

    if "set" not in old.inputs or old.inputs.get("judged"):
        raise UsageError("This one was measured in another way.", "Export it as Python, and run that.")
    chosen = choose(services, str(old.inputs["set"]))
    (row,) = compare(chosen.questions, chosen.documents, [recipe], services.library.scratch, work=work)
    return lambda seconds: outcomes.of_row(row_json(row), len(chosen.questions))


#: How each kind is made again, but for "ask", which is recorded as it streams.
_MADE: Mapping[str, Make] = {
    "search": _search,
    "chunk": _chunk,
    "sample": _sample,
    "read": _read,
    "evaluate": _evaluate,
}


def _document(services: Services, old: Old) -> Document:
    """What was cut: of the library, pasted, or a file."""
    from pipelines.loading import load
    from playground.lab.sheets import pasted_document

    if name := old.inputs.get("document"):
        return services.library.document(str(name))
    if text := old.inputs.get("text"):
        return pasted_document(str(text))
    return load(_file(old), settings=services.settings)


def _file(old: Old) -> Path:
    """The file of the run. Raises UsageError: it is gone, was locked, or was never kept."""
    name = ", ".join(old.run.documents) or "The file"
    if not old.inputs.get("path"):
        raise UsageError(f"{name} was uploaded and is not kept.", "Add it again in the reading lab.")
    path = Path(str(old.inputs["path"]))
    if not path.is_file():
        raise UsageError(f"{name} is not at {path} any more.", "Put it back, or add it to the library.")
    if old.inputs.get("encrypted"):
        raise UsageError(f"{name} needs its password, which is never kept.", "Run the command again.")
    return path
