"""The contract of readers: the picture of a page in, a transcript out, as a value that may grow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Literal, Protocol

from pipelines.engines.base import FinishReason
from pipelines.errors import PlaygroundError

if TYPE_CHECKING:
    from pipelines.engines.detect import Engines
    from pipelines.reading.worker import ReadingWorker
    from pipelines.settings import Settings

State = Literal["waiting", "running", "done", "stopped", "failed"]

#: Left, top, right, bottom, as shares of the picture's width and height, origin at the top left.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Word:
    """A word and where it stands: ``transcript.text[start:start + len(text)]``."""

    text: str
    start: int
    box: Box
    confidence: float | None = None  # 0 to 1, by the engine's own measure: not comparable between engines


@dataclass(frozen=True)
class Sheet:
    """What a reader gets: a picture, and where it came from, for the reader that takes the file's own text."""

    png: bytes
    width: int  # pixels
    height: int
    name: str  # of the file, for messages
    source: Path | None = None  # the PDF it was drawn from
    page: int = 1  # physical, from 1
    password: str | None = None
    dpi: float | None = None  # pixels an inch of the paper, where known
    notes: tuple[str, ...] = ()  # what was done to the picture: scaled down, first frame, …

    @cached_property
    def digest(self) -> str:
        """Names the picture, by its bytes."""
        return hashlib.sha256(self.png).hexdigest()[:16]


@dataclass(frozen=True)
class Transcript:
    """What a reader made of a picture, so far."""

    reader: str
    text: str = ""
    words: tuple[Word, ...] | None = None  # None: this reader does not say where words stand
    state: State = "waiting"
    seconds: float | None = None  # reading alone; loading is told apart
    load_s: float | None = None
    generation_s: float | None = None  # of language models: writing alone, without taking the picture in
    engine: str = ""  # what ran: "tesseract 5.5.1", "ollama 0.32.15"
    model: str = ""
    prompt_tokens: int | None = None  # pictures count
    completion_tokens: int | None = None
    finish: FinishReason | None = None  # of language models
    thinking: str = ""
    notes: tuple[str, ...] = ()  # what a person must know before trusting it
    error: PlaygroundError | None = None  # the text so far is kept

    @property
    def tokens_per_s(self) -> float | None:
        """Generation speed of a language model."""
        return self.completion_tokens / self.generation_s if self.completion_tokens and self.generation_s else None


@dataclass(frozen=True)
class Means:
    """What readers work with."""

    settings: Settings
    engines: Engines
    worker: ReadingWorker  # the process that opens pictures and runs OCR


class Reader(Protocol):
    """What a part of the section "reader" builds from its knobs: ``build(params, means)``."""

    def read(self, sheet: Sheet, *, seconds: float, cancel: CancelFlag | None = None) -> Iterator[Transcript]:
        """Read a picture; every value yielded is the transcript so far, the last one says how it ended.

        Errors end it as "failed" with the text so far; they are never raised.

        Args:
            sheet: The picture.
            seconds: Longest time it may take.
            cancel: When set, it ends as "stopped".
        """
        ...
