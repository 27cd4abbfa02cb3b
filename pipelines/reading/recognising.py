"""OCR engines of the reading process, from the app's side: what every such reader's file has in common.

A reader's file brings a function for the process, ``(kept, request, send)``, which sends one frame: ``blocks``
(see :mod:`pipelines.reading.typesetting`), ``seconds``, ``load_s``, ``engine`` and ``notes``. What it cannot do it
raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Event as CancelFlag
from typing import Any

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.reading.base import Means, Sheet, Transcript
from pipelines.reading.typesetting import typeset


@dataclass(frozen=True)
class Recogniser:
    """A reader that runs in the reading process.

    Args:
        reader: The part's name.
        operation: The function that does it there, ``"module:function"``.
        means: Whose process it is.
        request: What the function is told beside the picture.
    """

    reader: str
    operation: str
    means: Means
    request: Mapping[str, Any] = field(default_factory=dict)

    def read(self, sheet: Sheet, *, seconds: float, cancel: CancelFlag | None = None) -> Iterator[Transcript]:
        """Read a picture; see :meth:`pipelines.reading.base.Reader.read`."""
        transcript = Transcript(self.reader, state="running")
        yield transcript
        named = f"page {sheet.page} of {sheet.name}" if sheet.source else sheet.name
        request = {**self.request, "name": named, "engine": self.reader, "dpi": sheet.dpi}
        try:
            found, _ = self.means.worker.ask(self.operation, request, sheet.png, seconds=seconds, cancel=cancel)
        except Cancelled:
            yield replace(transcript, state="stopped")
        except PlaygroundError as error:
            yield replace(transcript, state="failed", error=error)
        else:
            text, words = typeset(found["blocks"])
            yield replace(
                transcript,
                text=text,
                words=words,
                state="done",
                seconds=found["seconds"],
                load_s=found["load_s"],
                engine=found["engine"],
                notes=tuple(found["notes"]),
            )
