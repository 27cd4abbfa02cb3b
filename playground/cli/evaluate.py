"""``evaluate``: recipes compared, on labelled questions or on a public collection."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import UsageError
from pipelines.evaluation.grid import label
from pipelines.recipe import Recipe
from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, table
from playground.cli.grid import grid, warn_of_idle
from playground.cli.options import Call, Password, command

if TYPE_CHECKING:
    from rich.console import Console

#: Sections that decide a ranking of whole documents; a collection's text is given, its pieces too.
DECIDING = ("embedder", "retriever", "reranker")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "evaluate")(evaluate)


def _file(name: str, what: str) -> Any:
    return typer.Option(f"--{name}", help=what, metavar="FILE", exists=True, dir_okay=False, show_default=False)


def evaluate(
    call: Call,
    questions: Annotated[
        Path | None,
        typer.Argument(
            metavar="QUESTIONS", help="Questions with quotes: YAML, JSON, CSV.", exists=True, dir_okay=False
        ),
    ] = None,
    corpus: Annotated[Path | None, _file("corpus", "JSON lines with _id, title, text.")] = None,
    queries: Annotated[Path | None, _file("queries", "JSON lines with _id, text.")] = None,
    qrels: Annotated[Path | None, _file("qrels", "Query, document, grade: tab-separated, with a header.")] = None,
    run_file: Annotated[
        Path | None, typer.Option("--run-file", help="Write the rankings here, as TREC does.", metavar="FILE")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help="SECTION=a,b or SECTION.FIELD=a,b: compare them; repeatable.", metavar="VALUES"),
    ] = None,
    budget: Annotated[
        int | None, typer.Option("--budget", help="Characters read for recall_at_budget; 4000 unless said.", min=1)
    ] = None,
    password: Password = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="Answer the QUESTIONS too; the first recipe's model judges the answers.")
    ] = False,
) -> Result:
    """Measure retrieval: on your own QUESTIONS, whose answers are exact quotes from documents beside their file (or
    in the library), or on a public collection in the BEIR layout. --recipe may be repeated.

    Example: playground evaluate sample_docs/questions.yaml --vary chunker=sentence,recursive

    Example: playground evaluate --corpus corpus.jsonl --queries queries.jsonl --qrels test.tsv
    --vary retriever=keyword,semantic,hybrid
    """
    from playground.cli.evaluate_questions import on_questions

    collection = {"--corpus": corpus, "--queries": queries, "--qrels": qrels}
    _check_form(
        questions,
        {**collection, "--run-file": run_file},
        {"--budget": budget, "--password": password, "--judge": judge or None},
    )
    recipes = grid(call.recipes, vary or (), call.turned)
    if questions is not None:
        known = {"questions": str(questions.resolve()), "budget": budget, "judge": judge}
        on_all = partial(on_questions, call, questions, recipes, budget, password, judge)
        return _recorded(call, questions.name, recipes, known, on_all)
    assert corpus is not None, "checked above"
    assert queries is not None, "checked above"
    assert qrels is not None, "checked above"
    if run_file is not None:
        _check_run_file(run_file, len(_by_embedder(recipes)))
    known = {"corpus": str(corpus.resolve()), "queries": str(queries.resolve()), "qrels": str(qrels.resolve())}
    on_all = partial(on_collection, call, (corpus, queries, qrels), recipes, run_file)
    return _recorded(call, queries.name, recipes, known, on_all)


def _recorded(
    call: Call, asked: str, recipes: Sequence[Recipe], inputs: dict[str, Any], work: Callable[[], Result]
) -> Result:
    """Do the work, and keep what each recipe scored as a run."""
    from playground.runs import outcomes

    inputs["recipes"] = [one.to_json() for one in recipes]
    begun = [Begun("evaluate", one.to_json(), asked, (), inputs, COMMAND_LINE) for one in recipes]
    with call.recording() as recorder, recorder.together(begun) as runs:
        result = work()
        for run, row in zip(runs, result.data["rows"], strict=True):
            recorder.end(run, outcomes.of_row(row, result.data["questions"]))
    return result


def _check_form(questions: Path | None, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Either QUESTIONS with its options, or a collection with its own."""
    stray = [name for name, value in (theirs if questions else ours).items() if value is not None]
    missing = [name for name in ("--corpus", "--queries", "--qrels") if theirs[name] is None]
    how = "Give QUESTIONS, or --corpus, --queries and --qrels."
    if questions is None and len(missing) == 3:
        raise UsageError("There is nothing to measure on.", how)
    if stray:
        side = f"questions ({questions})" if questions else "a public collection"
        raise UsageError(f"{', '.join(stray)} cannot be used with {side}.", how)
    if questions is None and missing:
        raise UsageError(f"A public collection needs {' and '.join(missing)} too.", how)


def on_collection(
    call: Call, files: tuple[Path, Path, Path], recipes: Sequence[Recipe], run_file: Path | None
) -> Result:
    """Compare recipes on a corpus, its queries and their judgements."""
    from pipelines import registry
    from pipelines.evaluation.beir import evaluate_beir

    warn_of_idle(recipes, DECIDING, "on a public collection, whose text is ranked by whole documents")
    rows: list[dict[str, Any]] = []
    questions = 0
    with Progress() as progress:
        for group in _by_embedder(recipes):
            chosen = group[0].choice("embedder")
            found = evaluate_beir(
                *files,
                group,
                settings=call.settings,
                embedder=registry.get("embedder", chosen.name).build(chosen.params, call.settings),
                run_file=run_file,
                on_progress=lambda what, done, total: progress.update(f"{what} {done} of {total}"),
            )
            questions = found["questions"]
            rows += found["rows"]
    return Result({"questions": questions, "rows": rows}, lambda out: show(out, questions, rows, recipes))


def _by_embedder(recipes: Sequence[Recipe]) -> list[list[Recipe]]:
    return [list(group) for _, group in itertools.groupby(recipes, key=lambda recipe: recipe.embedder)]


def _check_run_file(path: Path, models: int) -> None:
    """Refuse before the long work what would fail after it."""
    if models > 1:
        raise UsageError("--run-file takes the rankings of one embedding model.", "Run evaluate once for each.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--run-file {path}: the folder {path.parent} does not exist.", "Make it, or choose another.")


def show(out: Console, questions: int, rows: Sequence[dict[str, Any]], recipes: Sequence[Recipe]) -> None:
    """A metric a row, a recipe a column, so that it fits a terminal: means, 95 % intervals, time of a query."""
    from rich.text import Text

    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    lines = [(name, *(_interval(row["metrics"].get(name)) for row in rows)) for name in names]
    for quantile in ("p50", "p95"):
        lines.append((f"{quantile} ms", *(f"{row['latency_ms'][quantile]:.1f}" for row in rows)))
    headers = ("metric", *(label(recipe, recipes, DECIDING) for recipe in recipes))
    out.print(table(headers, lines, right=headers[1:]))
    out.print(Text(f"{questions} questions · mean and its 95 % interval (bootstrap)", style="dim"))


def _interval(found: dict[str, float] | None) -> str:
    return f"{found['mean']:.3f} ({found['low']:.2f}–{found['high']:.2f})" if found else ""
