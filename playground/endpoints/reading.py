"""A page as a reader reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pipelines.evaluation.reading_runs import judged, sheets
from pipelines.evaluation.transcript_flags import ink_of
from pipelines.reading.base import Transcript
from pipelines.reading.degrade import Degradation
from pipelines.reading.read import read_page
from pipelines.runs.run import Begun
from playground.answers import paced
from playground.cli.reading_pages import reader_of
from playground.endpoints.streams import ENDPOINT, recipe_from, stopping
from playground.runs import outcomes
from playground.runs.words import what_was_read
from playground.services import Services
from playground.shapes import reading_json


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``read``."""

    def read(
        document: str,
        page: int = 1,
        reader: str = "",
        degrade: str = "",
        truth: str | None = None,
        seconds: float = 120,
        recipe: dict[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read a page of a PDF of the library: the text as it grows, then all in the shape of ``playground read
        --json``. ``reader`` may bring knobs ("tesseract:page_mode=block"); ``degrade`` is "dpi=100,blur=1"."""
        base = recipe_from(recipe)
        choice = reader_of(reader, base) if reader else base.choice("reader")
        degradation = Degradation.parse(degrade or "none")
        means = services.library.reading
        due = paced()
        inputs = {"document": document, "page": page, "degrade": degrade, "seconds": seconds}
        recorded = base.model_copy(update={"reader": choice}).to_json()
        begun = Begun("read", recorded, what_was_read([page], degrade), (document,), inputs, ENDPOINT)
        with stopping() as flag, services.recorder.together([begun]) as (run,):
            draw = partial(services.library.sheet, document, cancel=flag)
            clean, sheet = sheets(draw, page, degradation, means, flag)
            last = Transcript(choice.name)
            for last in read_page(choice, sheet, means, seconds=seconds, cancel=flag):
                if last.state == "running" and due():
                    yield {"done": False, "text": last.text}
            row = judged(choice, page, degradation, last, truth, ink_of(clean.png))
            services.recorder.end(run, outcomes.of_reading(row))
        if last.error is not None and not last.text:
            raise last.error
        notes = [*last.notes, *(one.sentence for one in row.flags)]
        yield {"done": True, **reading_json(row), "notes": notes}

    return [read]
