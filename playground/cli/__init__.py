"""The command line: ``playground`` starts the app, ``playground COMMAND`` works without one.

Nothing heavy is imported before a command needs it: help and ``parts`` answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from playground.cli import exits


def build() -> typer.Typer:
    """The whole command line as a Typer application."""
    from playground.cli import (
        ask,
        chunk,
        compare_readers,
        doctor,
        documents,
        evaluate,
        parts,
        pull,
        read,
        runs,
        sample,
        start,
    )

    app = typer.Typer(
        name="playground",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module in (start, documents, ask, chunk, sample, read, compare_readers, parts, evaluate, runs, pull, doctor):
        module.add_to(app)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    given = list(sys.argv[1:] if arguments is None else arguments)
    return exits.exit_code(lambda: build()(given, prog_name="playground", standalone_mode=False) or 0)
