"""``evaluate``: recipes compared on a public collection."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS
from playground.cli.console import Progress, Result, table, warn
from playground.cli.options import Call, command

if TYPE_CHECKING:
    from rich.console import Console

#: Sections that decide a ranking of whole documents; the collection's text is given, its pieces too.
DECIDING = ("embedder", "retriever", "reranker")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "evaluate")(evaluate)


def _file(name: str, what: str) -> Any:
    return typer.Option(f"--{name}", help=what, metavar="FILE", exists=True, dir_okay=False)


def evaluate(
    call: Call,
    corpus: Annotated[Path, _file("corpus", "JSON lines with _id, title, text.")],
    queries: Annotated[Path, _file("queries", "JSON lines with _id, text.")],
    qrels: Annotated[Path, _file("qrels", "Query, document, grade: tab-separated, with a header.")],
    run_file: Annotated[
        Path | None, typer.Option("--run-file", help="Write the rankings here, as TREC does.", metavar="FILE")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help="SECTION=a,b or SECTION.FIELD=a,b: compare them; repeatable.", metavar="VALUES"),
    ] = None,
) -> Result:
    """Measure retrieval on a public collection in the BEIR layout; --recipe may be repeated.

    Example: playground evaluate --corpus corpus.jsonl --queries queries.jsonl --qrels test.tsv
    --vary retriever=keyword,semantic,hybrid
    """
    from pipelines import registry
    from pipelines.evaluation.beir import evaluate_beir

    recipes = grid(call.recipes, vary or ())
    _warn_of_idle(recipes)
    groups = [list(group) for _, group in itertools.groupby(recipes, key=lambda recipe: recipe.embedder)]
    if run_file is not None:
        _check_run_file(run_file, len(groups))
    rows: list[dict[str, Any]] = []
    questions = 0
    with Progress() as progress:
        for group in groups:
            chosen = group[0].choice("embedder")
            found = evaluate_beir(
                corpus,
                queries,
                qrels,
                group,
                settings=call.settings,
                embedder=registry.get("embedder", chosen.name).build(chosen.params, call.settings),
                run_file=run_file,
                on_progress=lambda what, done, total: progress.update(f"{what} {done} of {total}"),
            )
            questions = found["questions"]
            rows += found["rows"]
    return Result({"questions": questions, "rows": rows}, lambda out: show(out, questions, rows, recipes))


def grid(bases: Iterable[Recipe], variations: Sequence[str]) -> list[Recipe]:
    """Every base with every combination of the values to vary, in the order given.

    Raises:
        UsageError: a variation that is not ``SECTION=a,b`` or ``SECTION.FIELD=a,b``, or an unknown one.
    """
    axes = []
    for text in variations:
        left, equals, values = text.partition("=")
        words = [value.strip() for value in values.split(",") if value.strip()]
        if not equals or not words:
            raise UsageError(f"--vary {text!r} names no values.", "Write --vary retriever.alpha=0.3,0.5,0.7.")
        axes.append([f"{left}={value}" for value in words])
    return [base.set(choice) for base in bases for choice in itertools.product(*axes)]


def _check_run_file(path: Path, models: int) -> None:
    """Refuse before the long work what would fail after it."""
    if models > 1:
        raise UsageError("--run-file takes the rankings of one embedding model.", "Run evaluate once for each.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--run-file {path}: the folder {path.parent} does not exist.", "Make it, or choose another.")


def _warn_of_idle(recipes: Sequence[Recipe]) -> None:
    """Say so where recipes differ in what cannot change the ranking here."""
    differing = {s for s in SECTIONS if any(r.choice(s) != recipes[0].choice(s) for r in recipes)}
    idle = sorted(differing - set(DECIDING))
    if idle:
        warn(f"{', '.join(idle)}: of no effect on a public collection, whose text is ranked by whole documents.")


def label(recipe: Recipe, recipes: Sequence[Recipe]) -> str:
    """A recipe by its retriever, and whatever else of it differs from the others."""
    differing = [s for s in DECIDING if any(r.choice(s) != recipe.choice(s) for r in recipes)]
    return " · ".join(str(recipe.choice(section)) for section in differing or ["retriever"])


def show(out: Console, questions: int, rows: Sequence[dict[str, Any]], recipes: Sequence[Recipe]) -> None:
    """A metric a row, a recipe a column, so that it fits a terminal: means, 95 % intervals, time of a query."""
    from rich.text import Text

    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    lines = [(name, *(_interval(row["metrics"].get(name)) for row in rows)) for name in names]
    for quantile in ("p50", "p95"):
        lines.append((f"{quantile} ms", *(f"{row['latency_ms'][quantile]:.1f}" for row in rows)))
    headers = ("metric", *(label(recipe, recipes) for recipe in recipes))
    out.print(table(headers, lines, right=headers[1:]))
    out.print(Text(f"{questions} questions · mean and its 95 % interval (bootstrap)", style="dim"))


def _interval(found: dict[str, float] | None) -> str:
    return f"{found['mean']:.3f} ({found['low']:.2f}–{found['high']:.2f})" if found else ""
