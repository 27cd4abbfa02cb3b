"""The text a PDF brings along."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.errors import Cancelled, PlaygroundError, UsageError
from pipelines.reading.base import Means, Sheet, Transcript, Word
from pipelines.registry import PartParams, part

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.loading.wire import Frame


class TextLayerParams(PartParams):
    """No knobs: the text is what the file says."""


@part("reader", "text-layer", label="Text layer of the PDF", params=TextLayerParams, rank=10)
class TextLayer:
    """Takes the text the PDF itself holds: exact and fast; scans have none. It does not look at the picture."""

    def __init__(self, params: TextLayerParams, means: Means) -> None:
        self._means = means

    def read(self, sheet: Sheet, *, seconds: float, cancel: CancelFlag | None = None) -> Iterator[Transcript]:
        """Read a picture; see :meth:`pipelines.reading.base.Reader.read`."""
        transcript = Transcript("text-layer", state="running")
        yield transcript
        started = time.perf_counter()
        try:
            header, text = self._ask(sheet, seconds, cancel)
        except Cancelled:
            yield replace(transcript, state="stopped")
        except PlaygroundError as error:
            yield replace(transcript, state="failed", error=error)
        else:
            taken = time.perf_counter() - started
            yield _done(replace(transcript, state="done", seconds=taken, engine="pdfium"), header["words"], text)

    def _ask(self, sheet: Sheet, seconds: float, cancel: CancelFlag | None) -> Frame:
        if sheet.source is None:
            raise UsageError(f"{sheet.name} is a picture: it has no text layer.", "Choose a reader that does OCR.")
        frames: list[Frame] = []
        request = {
            "path": os.fspath(sheet.source),
            "name": sheet.name,
            "password": sheet.password,
            "page": sheet.page,
        }
        self._means.worker.pdf.call(
            "words", request, lambda *frame: frames.append(frame), seconds=seconds, cancel=cancel
        )
        return frames[0]


def _done(transcript: Transcript, found: list[Any], body: bytes) -> Transcript:
    text = body.decode()
    words = tuple(Word(text[start:end], start, tuple(box)) for start, end, box in found)
    notes = () if text.strip() else ("This page has no text of its own: it is a picture, or blank.",)
    return replace(transcript, text=text, words=words, notes=notes)
