"""``evaluate QUESTIONS``: recipes compared on labelled questions about files, or documents of the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.evaluation.grid import label
from pipelines.recipe import Recipe
from playground.cli import evaluate_answers
from playground.cli.console import Progress, Result, table, warn
from playground.cli.documents import describe
from playground.cli.evaluate_documents import documents_of
from playground.cli.grid import warn_of_idle
from playground.cli.options import Call

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.evaluation.bootstrap import Interval
    from pipelines.evaluation.judging import Graded
    from pipelines.evaluation.strategies import Row
    from pipelines.events import IndexProgress
    from pipelines.scratch import Scratch
    from pipelines.settings import Settings

#: Sections that decide what is retrieved.
DECIDING = ("reader", "chunker", "embedder", "retriever", "reranker")

#: Most recipes that stand side by side.
_COLUMNS = 4

_SAME, _BETTER, _WORSE = "≈", "↑", "↓"


def on_questions(
    call: Call, path: Path, recipes: Sequence[Recipe], budget: int | None, password: str | None, judge: bool
) -> Result:
    """Compare recipes on the questions of a file; with ``judge`` their answers too."""
    from pipelines.evaluation.questions import read_questions
    from pipelines.evaluation.strategies import BUDGET, answerable, compare
    from pipelines.scratch import Work

    if not judge:
        warn_of_idle(recipes, DECIDING, "on what is retrieved")
    questions = read_questions(path)
    budget = budget or BUDGET
    with Progress() as progress, _scratch(call.settings) as scratch:
        documents = documents_of(questions, path, call.settings, recipes, password, progress)
        rows: list[Row] = []

        def told(event: IndexProgress) -> None:
            progress.update(describe(event, len(rows) + 1, len(recipes)))

        for recipe, collection in zip(recipes, documents, strict=True):
            rows += compare(questions, collection, [recipe], scratch, budget=budget, work=Work(told))
        answers: list[list[Graded]] = []
        if judge:
            answers = evaluate_answers.judged(call.settings, recipes, questions, documents, scratch, progress)
    notes = [note for row in rows for note in row.notes]
    notes += [note for graded in answers for row in graded for note in row.notes]
    for note in dict.fromkeys(notes):
        warn(note)
    asked = len(answerable(questions))
    counts = {
        "questions": asked,
        "unanswerable": len(questions) - asked,
        "documents": len(documents[-1]),
        "budget": budget,
    }
    found = as_json(rows)
    if answers:
        found = [{**row, "answers": evaluate_answers.as_json(one)} for row, one in zip(found, answers, strict=True)]
    return Result({**counts, "rows": found}, lambda out: _show_all(out, rows, counts, answers))


@contextmanager
def _scratch(settings: Settings) -> Iterator[Scratch]:
    from pipelines.embedding.cache import VectorCache
    from pipelines.scratch import Scratch

    with closing(VectorCache(settings.data_dir / "vectors.db")) as cache, closing(Scratch(settings, cache)) as scratch:
        yield scratch


# telling -------------------------------------------------------------------------------------------------


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows in the fields of the command line; all but the first say how they differ from it."""
    return [row_json(row, None if row is rows[0] else rows[0]) for row in rows]


def row_json(row: Row, baseline: Row | None = None) -> dict[str, Any]:
    """A row in the fields of the command line, and how it differs from a baseline."""
    known: dict[str, Any] = {
        "recipe": row.recipe.model_dump(mode="json"),
        "metrics": {name: vars(one) for name, one in row.metrics.items()},
        "latency_ms": {"p50": round(row.p50_ms, 3), "p95": round(row.p95_ms, 3)},
        "chunks": row.chunks,
        "vectors": row.vectors,
        "mean_tokens": round(row.mean_tokens, 2),
        "unit": row.unit,
        "seconds": {"cutting": round(row.cutting_s, 3), "embedding": round(row.embedding_s, 3)},
    }
    if baseline is not None:
        known["difference"] = {name: vars(one) for name, one in row.difference(baseline).items()}
        known["p"] = row.p_values(baseline)
    return known


def _show_all(
    out: Console, rows: Sequence[Row], counts: Mapping[str, int], answers: Sequence[Sequence[Graded]]
) -> None:
    show(out, rows, counts)
    if answers:
        recipes = [row.recipe for row in rows]
        deciding = (*DECIDING, *evaluate_answers.DECIDING)
        evaluate_answers.show(out, answers, [label(one, recipes, deciding) for one in recipes])


def show(out: Console, rows: Sequence[Row], counts: Mapping[str, int]) -> None:
    """Up to four recipes side by side; more of them one below the other."""
    from rich.text import Text

    labels = [label(row.recipe, [one.recipe for one in rows], DECIDING) for row in rows]
    marks = [_marks(row, rows[0]) for row in rows]
    headers, lines = (_columns if len(rows) <= _COLUMNS else _stacked)(rows, labels, marks)
    out.print(table(headers, lines, right=headers[1:]))
    left_out = f"; left out as unanswerable: {counts['unanswerable']}" if counts["unanswerable"] else ""
    out.print(Text(f"{counts['questions']} questions on {counts['documents']} documents{left_out}", style="dim"))
    budget = f"recall_at_budget: of the first {counts['budget']:,} characters read"
    out.print(Text(f"Per cent, with 95 % intervals (bootstrap); {budget}", style="dim"))
    if len(rows) > 1:
        legend = f"{_SAME} within noise (the paired difference may be 0)  {_BETTER} better  {_WORSE} worse"
        out.print(Text(f"Against {labels[0]}: {legend}", style="dim"))


def _marks(row: Row, first: Row) -> dict[str, str]:
    """How each metric compares with the first recipe's; nothing for the first itself."""
    if row is first:
        return dict.fromkeys(row.metrics, " ")
    found = row.difference(first)
    return {name: _SAME if one.holds() else _BETTER if one.mean > 0 else _WORSE for name, one in found.items()}


def _columns(
    rows: Sequence[Row], labels: Sequence[str], marks: Sequence[Mapping[str, str]]
) -> tuple[list[str], list[list[str]]]:
    """A metric a row, a recipe a column."""
    lines = []
    for name in dict.fromkeys(name for row in rows for name in row.metrics):
        found = [(row.metrics.get(name), mark.get(name, " ")) for row, mark in zip(rows, marks, strict=True)]
        lines.append([name, *(f"{100 * one.mean:.1f} ({_range(one)}) {mark}" if one else "" for one, mark in found)])
    lines.append(["chunks", *(f"{row.chunks:,}  " for row in rows)])
    lines.append(["tokens a chunk", *(f"{row.mean_tokens:.0f}  " for row in rows)])
    lines.append(["p50 ms", *(f"{row.p50_ms:.1f}  " for row in rows)])
    lines.append(["p95 ms", *(f"{row.p95_ms:.1f}  " for row in rows)])
    return ["metric", *labels], lines


def _stacked(
    rows: Sequence[Row], labels: Sequence[str], marks: Sequence[Mapping[str, str]]
) -> tuple[list[str], list[list[str]]]:
    """A recipe a row, a metric of quoted text a column: the mean above its interval. More would not fit a page."""
    from pipelines.evaluation.spans import METRICS

    names = [name.replace("_", "\n", 1).replace("_", " ") for name in METRICS]
    lines = []
    for row, label_, mark in zip(rows, labels, marks, strict=True):
        found = [f"{100 * one.mean:.1f} {mark[name]}\n{_range(one)}" for name in METRICS for one in [row.metrics[name]]]
        size, pace = f"{row.chunks:,}\n{row.mean_tokens:.0f}", f"{row.p50_ms:.1f}\n{row.p95_ms:.1f}"
        lines.append([label_, *found, size, pace])
    return ["recipe", *names, "chunks\ntokens each", "p50 ms\np95 ms"], lines


def _range(found: Interval) -> str:
    return f"{100 * found.low:.1f}–{100 * found.high:.1f}"
