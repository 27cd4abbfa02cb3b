"""The process that opens pictures and runs OCR, seen from the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.loading.process import Flag, PdfWorker, Wording, Worker

if TYPE_CHECKING:
    from pipelines.loading.wire import Frame
    from pipelines.settings import Settings

_WORDING = Wording(
    parser="the picture reader",
    work="read",
    too_slow="Take a smaller picture, a faster reader, or more time.",
    too_large="Take a smaller picture, or raise PLAYGROUND_READ_MEMORY_MB.",
    crashed="Try another reader, or save the picture anew as PNG.",
)


class ReadingWorker(Worker):
    """Owns the one process that touches pictures; the process that draws PDFs goes with it as ``pdf``.

    Operations are functions by name, ``"module:function"``, called there as ``(kept, request, send)``: a reader's
    file brings its own. One call runs at a time, so that the seconds of two engines can be compared.

    Args:
        seconds: Longest time one call may take, where the call does not say.
        memory_mb: Most memory the process may hold.
        pdf: The process that draws pages of PDFs.
        module: The program to run.
    """

    def __init__(
        self,
        *,
        seconds: float = 50,
        memory_mb: float = 2200,
        pdf: PdfWorker | None = None,
        module: str = "pipelines.reading.process",
    ) -> None:
        super().__init__(module, seconds=seconds, memory_mb=memory_mb, wording=_WORDING)
        self.pdf = pdf or PdfWorker()

    @classmethod
    def from_settings(cls, settings: Settings) -> ReadingWorker:
        """Processes with the limits a person set."""
        pdf = PdfWorker.from_settings(settings)
        return cls(seconds=settings.parse_seconds, memory_mb=settings.read_memory_mb, pdf=pdf)

    def close(self) -> None:
        """End both processes now, whatever they are doing."""
        super().close()
        self.pdf.close()

    def ask(
        self,
        operation: str,
        request: Mapping[str, Any],
        body: bytes = b"",
        *,
        seconds: float | None = None,
        cancel: Flag | None = None,
    ) -> Frame:
        """Have one operation done that answers with one frame; arguments and errors as of :meth:`call`."""
        frames: list[Frame] = []
        self.call(
            operation,
            request,
            lambda header, part: frames.append((header, part)),
            body=body,
            seconds=seconds,
            cancel=cancel,
        )
        return frames[0]
