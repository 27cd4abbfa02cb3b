"""``sample``: texts drawn with one or more settings, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import UsageError
from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, problem, warn
from playground.cli.grid import grid, warn_of_idle
from playground.cli.options import Call, command
from playground.cli.sample_columns import DECIDING, Column
from playground.cli.sample_drawing import Step, check, drawing, draws_of, nothing_drawn
from playground.cli.sample_words import Teller, show_variety

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "sample")(sample)


def sample(
    call: Call,
    asked: Annotated[str, typer.Argument(metavar="PROMPT", help="What the model is asked.")],
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help="SECTION=a,b or SECTION.FIELD=a,b: a column each; repeatable.", metavar="VALUES"),
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", help="Texts a column, with seeds 1, 2, … unless --seeds.", min=1, metavar="N")
    ] = 1,
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="One a text: 1,2,3.", metavar="LIST", show_default=False)
    ] = None,
) -> Result:
    """Draw texts from a model, with every token's probability, and compare settings side by side. Only the model, the
    sampling and prompt.system count.

    Example: playground sample "Name a sea animal." --vary sampling.temperature=0,0.7,1.2 --repeat 5
    """
    from pipelines.embedding.builtin import BuiltinEmbedder
    from pipelines.engines import Engines
    from playground.runs import outcomes

    check(asked)
    recipes = grid(call.recipes, vary or (), call.turned)
    warn_of_idle(recipes, DECIDING, "on what is drawn")
    given = _numbers(seeds)
    draws = [draws_of(recipe, repeat, given) for recipe in recipes]
    embedder = BuiltinEmbedder(call.settings.threads)
    columns: list[Column] = []
    inputs = {"repeat": repeat, "seeds": list(given), "recipes": [one.to_json() for one in recipes]}
    begun = [Begun("sample", one.to_json(), asked, (), inputs, COMMAND_LINE) for one in recipes]
    with closing(Engines(call.settings)) as engines, Progress() as progress, call.recording(engines) as recorder:
        told = _told(drawing(engines, asked, recipes, draws, embedder), Teller(progress, live=not call.json))
        with recorder.together(begun) as runs:
            started = monotonic()
            for column, run in zip(told, runs, strict=True):
                columns.append(column)
                recorder.end(run, outcomes.of_samples(column.to_json(), monotonic() - started))
                started = monotonic()
    failed = _report(columns)
    data = {"columns": [column.to_json() for column in columns]}
    found = [(column.name or column.title, column.variety) for column in columns if column.variety is not None]
    return Result(data, lambda out: show_variety(out, found), int(failed > 0))


def _told(steps: Iterable[Step], teller: Teller) -> Iterator[Column]:
    """Tell of every step; the columns, each at its end."""
    for step in steps:
        for note in step.notes:
            warn(note)
        if step.done:
            yield step.column
        elif step.sample is None:
            teller.begin(step.column.title, step.column.values)
        else:
            teller.follow(step.sample, step.number, step.of)
            if step.ended:
                teller.end(step.sample)


def _report(columns: Sequence[Column]) -> int:
    """Say which columns failed, and how many.

    Raises:
        PlaygroundError: nothing could be drawn at all, for the same reason everywhere.
    """
    reason = nothing_drawn(columns)
    if reason is not None:
        raise reason
    failed = [column for column in columns if column.error is not None]
    for column in failed:
        problem(f"{column.title}: {column.error}")
    return len(failed)


def _numbers(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",") if word.strip()) if text else ()
    except ValueError as error:
        raise UsageError(f"--seeds {text!r} is not a list of numbers.", "Write --seeds 1,2,3.") from error
