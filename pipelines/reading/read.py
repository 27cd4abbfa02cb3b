"""Any reader by its choice: the one door, at which every error becomes the end of a transcript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines import registry
from pipelines.errors import Cancelled, PlaygroundError
from pipelines.reading.base import Means, Reader, Sheet, Transcript

if TYPE_CHECKING:
    from pipelines.recipe import Choice


def read_page(
    choice: Choice, sheet: Sheet, means: Means, *, seconds: float, cancel: CancelFlag | None = None
) -> Iterator[Transcript]:
    """Read a picture; every value is the transcript so far, the last one is "done", "stopped" or "failed".

    Args:
        choice: A part of the section "reader" and its knobs.
        sheet: The picture.
        means: What readers work with.
        seconds: Longest time it may take, its wait for other readings not counted.
        cancel: When set, it ends as "stopped".
    """
    last = Transcript(choice.name)
    yield last
    try:
        reader: Reader = registry.usable("reader", choice.name).build(choice.params, means)
        for last in reader.read(sheet, seconds=seconds, cancel=cancel):
            yield last
    except Cancelled:
        yield replace(last, state="stopped")
    except PlaygroundError as error:
        yield replace(last, state="failed", error=error)


def read_to_end(
    choice: Choice, sheet: Sheet, means: Means, *, seconds: float, cancel: CancelFlag | None = None
) -> Transcript:
    """What a reader made of a picture, at the end; see :func:`read_page`."""
    *_, last = read_page(choice, sheet, means, seconds=seconds, cancel=cancel)
    return last
