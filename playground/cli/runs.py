"""``runs``: every experiment that was kept; list, show, take along, clear."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground.cli.console import Result, clean, one_line, table, to_json, warn
from playground.cli.options import Call, command

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.runs.run import Details, Run
    from pipelines.runs.store import Runs

RunId = Annotated[str, typer.Argument(metavar="ID", help="As listed; its beginning will do.")]

_DAY_S = 86_400.0


class Format(StrEnum):
    """What a run is exported as."""

    json = "json"
    python = "python"
    html = "html"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Every experiment that was kept: list, show, export, prune.")
    command(group, "list")(listing)
    command(group, "show")(show)
    command(group, "export")(export)
    command(group, "prune")(prune)
    app.add_typer(group, name="runs")


def listing(
    call: Call,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="ask, search, chunk, sample, read, evaluate, index; repeatable.", metavar="KIND"),
    ] = None,
    text: Annotated[str, typer.Option("--text", help="Words that occur in it.", metavar="WORDS")] = "",
    starred: Annotated[bool, typer.Option("--starred", help="Only those with a star.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="Most runs listed.", min=1, metavar="N")] = 50,
) -> Result:
    """List runs, the newest first.

    Example: playground runs list --kind ask --text warranty
    """
    from pipelines.runs.filter import Filter

    which = Filter(kinds=_kinds(kind or ()), text=text, starred=starred)
    with _runs(call) as runs:
        for run in runs.interrupt():
            warn(f"{run.kind} {run.id} was cut off: its process ended before it did.")
        found, every = runs.find(which, limit), runs.count(which)
    return _listed(found, f"{every:,} runs" if every <= limit else f"the newest {limit} of {every:,} runs")


def show(call: Call, run: RunId) -> Result:
    """Show a run: what was asked of which recipe, what came out, with which versions.

    Example: playground runs show 3f2a
    """
    from playground.runs.exporting import run_json

    with _runs(call) as runs:
        found = runs.get(run)
        details = runs.details(found.id)
    return Result({"runs": [run_json(found, details)]}, lambda out: _show(out, found, details))


def export(
    call: Call,
    run: RunId,
    kind: Annotated[Format, typer.Option("--format", help="What is written.")] = Format.json,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it here instead of on stdout.", metavar="FILE")
    ] = None,
) -> Result | None:
    """Take a run along: as data, as a Python script that does it again, or as a page that opens anywhere.

    Example: playground runs export 3f2a --format html --output run.html
    """
    from playground.runs.exporting import run_json

    with _runs(call) as runs:
        found = runs.get(run)
        details = runs.details(found.id)
    data = {"runs": [run_json(found, details)]}
    text = _exported(call, found, details, kind)
    if output is not None:
        output.write_text(text, "utf-8")
        return Result({**data, "file": str(output)}, lambda out: out.print(f"Written to {output}."))
    if call.json:
        return Result(data if kind is Format.json else {**data, kind.value: text}, lambda out: None)
    sys.stdout.write(text)
    return None


def _exported(call: Call, run: Run, details: Details, kind: Format) -> str:
    from playground.runs.exporting import run_json
    from playground.runs.scripts import script
    from playground.views.shared import page

    match kind:
        case Format.json:
            return to_json(run_json(run, details)) + "\n"
        case Format.python:
            return script(run, details, call.settings)
        case Format.html:
            return page(run, details)


def prune(
    call: Call,
    days: Annotated[
        float | None, typer.Option("--days", help="Those older than so many days.", min=0, metavar="N")
    ] = None,
    mb: Annotated[
        float | None, typer.Option("--mb", help="The oldest, until the rest take so many MB.", min=0, metavar="N")
    ] = None,
) -> Result:
    """Delete old runs that nobody has named, starred or noted. Without an option: down to PLAYGROUND_RUNS_MB.

    Example: playground runs prune --days 90
    """
    most = call.settings.runs_mb if mb is None and days is None else mb
    with _runs(call) as runs:
        before = None if days is None else time.time() - days * _DAY_S
        gone = runs.prune(None if most is None else round(most * 1e6), before)
        runs.compact()
    return _listed(gone, f"{len(gone):,} runs deleted")


@contextmanager
def _runs(call: Call) -> Iterator[Runs]:
    from playground.runs.kept import open_runs

    with closing(open_runs(call.settings)) as runs:
        yield runs


def _kinds(given: Sequence[str]) -> tuple[Any, ...]:
    from pipelines.errors import UsageError
    from pipelines.runs.run import KINDS

    for kind in given:
        if kind not in KINDS:
            raise UsageError(f"There is no kind of run {kind!r}.", f"Kinds: {', '.join(KINDS)}.")
    return tuple(given)


def _listed(found: Sequence[Run], said: str) -> Result:
    from playground.runs.exporting import run_json

    return Result({"runs": [run_json(run) for run in found]}, lambda out: _show_list(out, found, said))


# for people ----------------------------------------------------------------------------------------------


def _show_list(out: Console, found: Sequence[Run], said: str) -> None:
    rows = [
        (run.id, _when(run.when), run.kind, _state(run), one_line(run.about)[:60], run.model, _few(run))
        for run in found
    ]
    if rows:
        out.print(table(("id", "when", "kind", "", "about", "model", "numbers"), rows))
    out.print(said, style="dim")


def _state(run: Run) -> str:
    return "★" * run.starred + ("" if run.state == "done" else run.state)


def _when(when: float) -> str:
    return datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M")


def _few(run: Run) -> str:
    from pipelines.runs.numbers import key_numbers
    from playground.runs.words import told

    return " · ".join(told(name, run.numbers[name], named=True) for name in key_numbers(run.kind, run.numbers))


def _show(out: Console, run: Run, details: Details) -> None:
    from rich.text import Text

    from pipelines.runs.numbers import in_order, number
    from playground.runs.words import told

    out.print(Text(clean(f"{run.kind} {run.id} · {_when(run.when)} · {run.state} · {run.origin}"), style="bold"))
    lines = [
        ("name", run.name),
        ("note", run.note),
        ("question", run.question),
        ("documents", ", ".join(run.documents)),
        ("recipe", run.summary),
        ("model", f"{run.model} ({run.engine})" if run.model else ""),
        ("error", run.error),
    ]
    out.print(table(("", ""), [line for line in lines if line[1]]))
    out.print(table(("number", "value"), [(number(name).label, told(name, run.numbers[name]))
                                          for name in in_order(set(run.numbers))], right=("value",)))  # fmt: skip
    if answer := str(details.outputs.get("answer") or details.outputs.get("text") or ""):
        out.print(Text(f"\n{clean(answer)}"))
    out.print(Text("\n" + " · ".join(f"{name} {value}" for name, value in details.versions.items()), style="dim"))
