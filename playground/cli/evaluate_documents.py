"""Where ``evaluate QUESTIONS`` finds the documents that questions are about."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe
from playground.cli.console import Progress, warn

if TYPE_CHECKING:
    from pipelines.evaluation.questions import Question
    from pipelines.loading.document import Document
    from pipelines.settings import Settings


def documents_of(
    questions: Sequence[Question],
    path: Path,
    settings: Settings,
    recipes: Sequence[Recipe],
    password: str | None,
    progress: Progress,
) -> list[dict[str, Document]]:
    """The documents that questions name, of each recipe; with the same reader neighbours share them.

    Raises:
        UsageError: a document is nowhere. StoreLocked: it may be in the library, which another process has open.
        DocumentError: a file cannot be read.
    """
    found: list[dict[str, Document]] = []
    for _, group in itertools.groupby(recipes, key=lambda recipe: recipe.reader):
        alike = list(group)
        found += [_find(questions, path, settings, alike[0], password, progress)] * len(alike)
    return found


def _find(
    questions: Sequence[Question],
    path: Path,
    settings: Settings,
    recipe: Recipe,
    password: str | None,
    progress: Progress,
) -> dict[str, Document]:
    """Files beside the questions' or in the working folder, else of the library."""
    from pipelines.loading import load

    names = list(dict.fromkeys(one.document for one in questions if one.document))
    files = {name: _file_of(name, path.parent) for name in names}
    missing = [name for name in names if files[name] is None]
    found = _of_library(missing, path, settings) if missing else {}
    for name, file in files.items():
        if file is None:
            continue
        found[name] = document = load(
            file,
            password=password,
            settings=settings,
            on_progress=partial(_show, progress, name),
        )
        for note in document.health.notes:
            warn(f"{name}: {note}")
    return {name: found[name] for name in names}


def _show(progress: Progress, name: str, done: int, total: int) -> None:
    progress.update(f"{name} · page {done} of {total}")


def _file_of(name: str, folder: Path) -> Path | None:
    """A file by its path, or by its name without extension, as Chroma's questions have it (in ``corpora``)."""
    from pipelines.loading.kinds import MARKDOWN, TEXT

    endings = ["", ".pdf", *sorted((MARKDOWN | TEXT) - {""})]
    places = [place / f"{name}{ending}" for ending in endings for place in (folder, folder / "corpora", Path())]
    return next((place for place in places if os.path.isfile(place)), None)


def _of_library(names: Sequence[str], path: Path, settings: Settings) -> dict[str, Document]:
    from pipelines.library import Library

    try:
        with Library.open(settings=settings) as library:
            return {name: library.document(name) for name in names}
    except PlaygroundError as error:
        which = ", ".join(names)
        raise type(error)(f"{which}: no file beside {path} or in this folder. {error.message}", error.fix) from error
