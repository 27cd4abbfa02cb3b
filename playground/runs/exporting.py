"""Runs as plain data, for the command line and for files."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pipelines.runs.run import Details, Run


def run_json(run: Run, details: Details | None = None) -> dict[str, Any]:
    """A run in the fields of the command line; opened, also its inputs, outputs and versions."""
    known = asdict(run)
    recipe = json.loads(run.recipe) if run.recipe else None
    first = {"id": run.id, "kind": run.kind, "when": iso(run.when), "recipe": recipe, "numbers": dict(run.numbers)}
    rest = {name: value for name, value in known.items() if name not in first and name != "summary"}
    return {**first, **rest, "documents": list(run.documents), **(asdict(details) if details else {})}


def iso(when: float) -> str:
    """Seconds since 1970 as ISO 8601, in UTC."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
