"""Where the runs of a data folder are."""

from __future__ import annotations

from pipelines.runs.store import Runs
from pipelines.settings import Settings


def open_runs(settings: Settings) -> Runs:
    """The runs of a data folder. Raises StoreError: the file cannot be used."""
    return Runs(settings.data_dir / "runs.sqlite", settings.runs_mb * 10**6)
