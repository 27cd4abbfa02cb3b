"""``pull``: fetch a model."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.engines.base import PullEvent
from playground.cli.console import Progress, Result
from playground.cli.options import Call, command


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "pull")(pull)


def pull(
    call: Call,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="`builtin` (the small one), `builtin/NAME`, or a model to pull into Ollama."
        ),
    ],
) -> Result:
    """Fetch a language model.

    Example: playground pull builtin
    """
    from pipelines.engines import Engines

    engines = Engines(call.settings)
    last = PullEvent("")
    try:
        with Progress() as progress:
            for last in engines.pull(name):
                progress.update(f"{name} · {describe(last)}")
    finally:
        engines.close()
    data = {"name": name, "status": last.status, "bytes": last.done_bytes}
    return Result(data, lambda out: out.print(f"{name} is ready."))


def describe(event: PullEvent) -> str:
    """One line: "downloading · 41 of 93 MB · 44 %"."""
    if not event.total_bytes:
        return event.status
    done, total = event.done_bytes / 1e6, event.total_bytes / 1e6
    return f"{event.status} · {done:.0f} of {total:.0f} MB · {100 * done / total:.0f} %"
