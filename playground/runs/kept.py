"""Where the runs of a data folder are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.errors import StoreError
from pipelines.runs.run import Kind, Run
from pipelines.runs.store import Runs
from pipelines.settings import Settings

#: What a run was doing -> the way to do it again.
_CUT_OFF: dict[Kind, tuple[str, str]] = {
    "ask": ("answering", "ask again"),
    "search": ("searching", "search again"),
    "chunk": ("cutting", "cut it again in the chunking lab"),
    "sample": ("drawing", "draw it again in the sampling lab"),
    "read": ("reading", "read it again in the reading lab"),
    "evaluate": ("measuring on", "measure again"),
    "index": ("indexing", "add it again"),
}

_MOST_TOLD = 5


def open_runs(settings: Settings) -> Runs:
    """The runs of a data folder. Raises StoreError: the file cannot be used."""
    return Runs(settings.data_dir / "runs.sqlite", settings.runs_mb * 10**6)


def start_runs(settings: Settings, tell: Callable[..., None]) -> Runs:
    """The runs of the app. What was cut off when it ended is marked and told.

    A file that cannot be used keeps nobody from asking: then runs are kept in memory, and that is told.

    Args:
        settings: Name the data folder.
        tell: Takes a title and lines.
    """
    try:
        runs = open_runs(settings)
        try:
            if cut := runs.interrupt():
                tell("Cut off before the end", *cut_off(cut))
        except StoreError:
            runs.close()
            raise
    except StoreError as error:
        tell("Runs are kept in memory only", str(error), "What is made now is gone when the app ends.")
        return Runs(None)
    return runs


def cut_off(runs: Sequence[Run]) -> list[str]:
    """What each was doing and how to do it again, a line each."""
    lines = []
    for run in runs[:_MOST_TOLD]:
        doing, again = _CUT_OFF[run.kind]
        about = f"a question of {run.owner}" if run.owner else " ".join(run.about.split())[:80]
        lines.append(f"{doing.capitalize()} {about}: {again}.")
    return lines + (
        [f"And {len(runs) - _MOST_TOLD:,} more: the Runs tab lists them."] if len(runs) > _MOST_TOLD else []
    )
