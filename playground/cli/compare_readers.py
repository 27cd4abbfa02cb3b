"""``compare-readers``: pages by readers by degradations, against a truth."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from pipelines.errors import UsageError
from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, clean, problem, table, warn
from playground.cli.options import Call, Password, command
from playground.cli.read import Seconds, Truth, percent
from playground.cli.reading_pages import degradations_of, drawing, means_of, pages_of_file, reader_of, truths_in
from playground.shapes import reading_error

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.evaluation.reading_runs import Draw, PageRead, Summary
    from pipelines.evaluation.transcripts import Spread
    from pipelines.reading.base import Means
    from pipelines.reading.degrade import Degradation
    from pipelines.recipe import Choice

_LAYER = "text layer"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "compare-readers", without=("reader",))(compare_readers)


def compare_readers(
    call: Call,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="PDFs or pictures.", exists=True, dir_okay=False)
    ],
    readers: Annotated[
        list[str],
        typer.Option(
            "--reader", help="Repeatable; with knobs if you like: tesseract:page_mode=block.", metavar="READER"
        ),
    ],
    pages: Annotated[str, typer.Option("--pages", help="Physical pages of each: 1-3,7, or all.", metavar="LIST")] = "1",
    degrade: Annotated[
        list[str] | None,
        typer.Option("--degrade", help="dpi=100,blur=1, or none; repeatable: a level each.", metavar="LIST"),
    ] = None,
    truth: Truth = None,
    seconds: Seconds = 120,
    password: Password = None,
) -> Result:
    """Measure readers on pages, each page as it is or made worse. The truth is --truth (a form feed between pages) or
    the PDF's own text.

    Example: playground compare-readers report.pdf --pages 1-3 --reader tesseract --reader rapidocr
    --degrade none --degrade dpi=100,blur=1
    """
    choices = list({str(one): one for one in (reader_of(text, call.recipe) for text in readers)}.values())
    plan = _Plan(choices, degradations_of(degrade or ()), pages, seconds)
    if truth is not None and len(paths) > 1:
        raise UsageError(f"--truth {truth} is of one file, and {len(paths)} are compared.", "Compare them one by one.")
    with means_of(call.settings) as means, Progress() as progress:
        made = [_rows(path, plan, truth, password, means, progress) for path in paths]
    named = truth.name if truth is not None else f"{_LAYER} of {', '.join(path.name for path in paths)}"
    documents = list(zip((path.name for path in paths), made, strict=True))
    result = _result(named, documents)
    _record(call, {path.name: str(path.resolve()) for path in paths}, choices, result.data)
    return result


def _record(call: Call, paths: Mapping[str, str], choices: Sequence[Choice], data: Mapping[str, Any]) -> None:
    """A run for every reader, degradation and file."""
    from playground.runs import outcomes
    from playground.runs.words import what_was_read

    batch, readers = uuid4().hex[:12], {str(one): one for one in choices}
    with call.recording() as recorder:
        for summary in data["summary"]:
            keys = ("document", "reader", "degrade")
            rows = [row for row in data["rows"] if all(row[key] == summary[key] for key in keys)]
            reader = readers[summary["reader"]]
            recipe = call.recipe.with_("reader", reader.name, **reader.params.model_dump())
            pages, degrade = [row["page"] for row in rows], summary["degrade"]
            inputs = {"path": paths[summary["document"]], "pages": pages, "degrade": degrade, "truth": data["truth"]}
            what, documents = what_was_read(pages, degrade), (summary["document"],)
            begun = Begun("read", recipe.to_json(), what, documents, inputs, COMMAND_LINE, batch)
            recorder.add(begun, outcomes.of_summary(summary, rows))


@dataclass(frozen=True)
class _Plan:
    """What is done with each file."""

    readers: Sequence[Choice]
    degradations: Sequence[Degradation]
    pages: str  # as typed
    seconds: float


def _rows(
    path: Path, plan: _Plan, truth: Path | None, password: str | None, means: Means, progress: Progress
) -> list[PageRead]:
    """Read the pages of one file."""
    from pipelines.evaluation.reading_runs import read_pages

    draw = drawing(path, password, means)
    pages = pages_of_file(plan.pages, path, password, means)
    truths = truths_in(truth, pages) if truth else _layer(pages, draw, means, plan.seconds, path.name)
    total = len(pages) * len(plan.readers) * len(plan.degradations)
    progress.update(f"{path.name} · reading 1 of {total}")
    rows: list[PageRead] = []
    for row in read_pages(pages, plan.readers, plan.degradations, draw, means, truths, seconds=plan.seconds):
        rows.append(row)
        progress.clear()
        _tell(path.name, row)
        if len(rows) < total:
            progress.update(f"{path.name} · reading {len(rows) + 1} of {total}")
    return rows


def _result(truth: str, documents: Sequence[tuple[str, Sequence[PageRead]]]) -> Result:
    from pipelines.evaluation.reading_runs import summaries

    found = [(name, summary) for name, rows in documents for summary in summaries(rows)]
    data = {
        "truth": truth,
        "rows": [{"document": name, **row_json(row)} for name, rows in documents for row in rows],
        "summary": [{"document": name, **summary_json(one)} for name, one in found],
    }
    failed = any(not row.done for _, rows in documents for row in rows)
    return Result(data, lambda out: _show(out, found, truth), int(failed))


def _layer(pages: Sequence[int], draw: Draw, means: Means, seconds: float, name: str) -> dict[int, str]:
    """The text layer of each page as the truth."""
    from pipelines.evaluation.reading_runs import text_layer_truths
    from pipelines.loading.health import garbled
    from pipelines.reading.pictures import DPI

    if draw(pages[0], DPI).source is None:
        raise UsageError(f"{name} is a picture: it has no text layer to compare with.", "Give the text with --truth.")
    truths = text_layer_truths(pages, draw, means, seconds=seconds)
    warn(f"The truth is the {_LAYER} of {name}; where its order is not the page's, believe f1 and not cer.")
    for page, text in truths.items():
        if garbled(text):
            warn(f"The {_LAYER} of page {page} looks garbled: numbers of that page say little.")
    return truths


def _tell(name: str, row: PageRead) -> None:
    """One row on stderr as soon as it is read."""
    where = f"{name} · {row.reader} · page {row.page} · {row.degradation}"
    if not row.done:
        problem(f"{where}: {reading_error(row.transcript)}")
        return
    spent = "" if row.transcript.seconds is None else f" · {row.transcript.seconds:.1f} s"
    rate = "" if row.metrics is None else f" · CER {percent(row.metrics.cer)}"
    problem(f"{where}{rate}{spent}", "read")
    for flag in row.flags:
        warn(f"{where}: {flag.sentence}")


def row_json(row: PageRead) -> dict[str, Any]:
    """A page in the fields of the command line."""
    return {
        "reader": str(row.reader),
        "page": row.page,
        "degrade": str(row.degradation),
        "seconds": row.transcript.seconds,
        "metrics": row.metrics.to_json() if row.metrics is not None else None,
        "flags": [flag.name for flag in row.flags],
        "words": len(row.transcript.text.split()),
        "text": row.transcript.text,
        **({"error": reading_error(row.transcript)} if not row.done else {}),
    }


def summary_json(found: Summary) -> dict[str, Any]:
    """A summary in the fields of the command line."""
    spreads = {**found.metrics, "seconds": found.seconds}
    return {
        "reader": str(found.reader),
        "degrade": str(found.degradation),
        "pages": found.pages,
        "failed": found.failed,
        **{name: asdict(spread) if spread is not None else None for name, spread in spreads.items()},
        "flags": dict(found.flags),
    }


def _show(out: Console, found: Sequence[tuple[str, Summary]], truth: str) -> None:
    from rich.text import Text

    headers = ["degraded", "reader", "CER", "least–most", "WER", "F1", "order", "numbers", "s a page", "flags"]
    lines = [
        [
            str(one.degradation),
            str(one.reader),
            _median(one.metrics["cer"]),
            _range(one.metrics["cer"]),
            *(_median(one.metrics[name]) for name in ("wer", "f1", "order", "numbers")),
            f"{one.seconds.median:.1f}" if one.seconds else "–",
            ", ".join([*(f"{name} {count}" for name, count in one.flags.items()), *_failed(one)]),
        ]
        for _, one in found
    ]
    for name, group in itertools.groupby(zip(found, lines, strict=True), key=lambda pair: pair[0][0]):
        out.print(Text(clean(name), style="bold"))
        out.print(table(headers, [line for _, line in group], right=headers[2:9]))
    pages = max(one.pages for _, one in found)
    out.print(Text(f"Medians over {pages} page{'s' * (pages != 1)}, per cent; truth: {clean(truth)}", style="dim"))


def _failed(found: Summary) -> list[str]:
    return [f"{found.failed} failed"] if found.failed else []


def _median(spread: Spread | None) -> str:
    return "–" if spread is None else f"{100 * spread.median:.1f}"


def _range(spread: Spread | None) -> str:
    return "–" if spread is None else f"{100 * spread.low:.1f}–{100 * spread.high:.1f}"
