"""``read``: one page by one reader, and how near it is to the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, clean, one_line, table, warn
from playground.cli.options import Call, Password, command
from playground.cli.reading_pages import degradations_of, drawing, means_of, reader_of, truths_in
from playground.shapes import reading_json

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.evaluation.reading_runs import PageRead
    from pipelines.evaluation.transcript_differences import Differences
    from pipelines.evaluation.transcripts import TextMetrics

#: Differences shown to people before "and … more".
_SHOWN = 20

File = Annotated[
    Path, typer.Argument(metavar="PATH", help="A PDF, or a picture.", exists=True, dir_okay=False, show_default=False)
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="What it says, as plain text.", metavar="FILE", exists=True, dir_okay=False),
]
Seconds = Annotated[float, typer.Option("--seconds", help="Longest time for one page.", min=0.1, metavar="S")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "read", without=("reader",))(read)


def read(
    call: Call,
    path: File,
    chosen: Annotated[  # not "reader": the common options hold a part's bare name under that
        str | None,
        typer.Option(
            "--reader", help="Which one, with knobs if you like: tesseract:page_mode=block.", metavar="READER"
        ),
    ] = None,
    page: Annotated[int, typer.Option("--page", help="Physical page, from 1.", min=1, metavar="N")] = 1,
    degrade: Annotated[
        str | None,
        typer.Option("--degrade", help="Make the picture worse first: dpi=100,blur=1.", metavar="LIST"),
    ] = None,
    truth: Truth = None,
    seconds: Seconds = 120,
    password: Password = None,
) -> Result:
    """Read a page with OCR or a vision model; with --truth also say how near it is. Pages of PDFs are drawn at 200 dpi
    unless --degrade says another; pictures keep their own pixels.

    Example: playground read scan.pdf --page 2 --reader tesseract --degrade dpi=100,blur=1
    """
    from pipelines.evaluation.reading_runs import read_pages
    from pipelines.evaluation.transcript_differences import differences
    from playground.runs import outcomes
    from playground.runs.words import what_was_read

    choice = reader_of(chosen, call.recipe) if chosen else call.recipe.choice("reader")
    degradations = degradations_of([degrade] if degrade else [])
    truths = truths_in(truth, [page]) if truth else {}
    inputs = {"path": str(path.resolve()), "page": page, "degrade": degrade or "", "seconds": seconds,
              "truth_file": str(truth.resolve()) if truth else "", "encrypted": password is not None}  # fmt: skip
    recipe = call.recipe.with_("reader", choice.name, **choice.params.model_dump())
    begun = Begun("read", recipe.to_json(), what_was_read([page], degrade), (path.name,), inputs, COMMAND_LINE)
    with (
        means_of(call.settings) as means,
        Progress() as progress,
        call.recording(means.engines) as recorder,
        recorder.together([begun]) as (run,),
    ):
        progress.update(f"{path.name} · page {page} · {choice}")
        draw = drawing(path, password, means)
        (row,) = read_pages([page], [choice], degradations, draw, means, truths, seconds=seconds)
        recorder.end(run, outcomes.of_reading(row))
    failed = row.transcript.error
    if failed is not None and not row.transcript.text:
        raise failed
    for note in [*row.transcript.notes, *(flag.sentence for flag in row.flags)]:
        warn(note)
    if failed is not None:
        warn(str(failed))
    told = differences(truths[page], row.transcript.text) if row.metrics is not None else None
    return Result(reading_json(row), lambda out: _show(out, row, told), int(not row.done))


def numbers_of(metrics: TextMetrics) -> list[tuple[str, str]]:
    """The metrics for people: name and value."""
    from pipelines.evaluation.transcripts import MEASURED

    return [(name.replace("_", " "), percent(getattr(metrics, name))) for name in MEASURED]


def percent(value: float | None) -> str:
    """A share in per cent."""
    return "–" if value is None else f"{100 * value:.1f} %"


def _show(out: Console, row: PageRead, told: Differences | None) -> None:
    from rich.text import Text

    out.print(Text(clean(row.transcript.text)))
    spent = "" if row.transcript.seconds is None else f" · {row.transcript.seconds:.1f} s"
    engine = f" · {row.transcript.engine}" if row.transcript.engine else ""
    out.print(Text(f"\n{row.reader} · page {row.page} · {row.degradation}{engine}{spent}", style="dim"))
    if row.metrics is None or told is None:
        return
    out.print(table(("metric", "value"), numbers_of(row.metrics), right=("value",)))
    if row.metrics.note:
        out.print(Text(row.metrics.note))
    found = [one for one in told.items if one.kind != "form"]
    if found:
        out.print()
        lines = [(one.kind, one.left or "–", one.right or "–", one_line(one.before)[-40:]) for one in found[:_SHOWN]]
        out.print(table(("differs", "truth", "read", "after the words"), lines))
    if len(found) > _SHOWN:
        out.print(Text(f"and {len(found) - _SHOWN} more", style="dim"))
    for block in told.moved:
        out.print(Text(clean(f"moved: {block.words} words, “{block.text[:60]}…”"), style="dim"))
