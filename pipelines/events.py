"""What the pipelines report while they work: typed, never HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.engines.base import Stats, ThinkingEvent, TokenEvent
from pipelines.errors import PlaygroundError
from pipelines.retrieval.base import Hit

QuoteCheck = Literal["exact", "close", "none"]
IndexStatus = Literal["indexed", "unchanged", "replaced", "needs_ocr", "failed", "cancelled"]
Stage = Literal["reading", "cutting", "embedding", "writing", "asking"]


@dataclass(frozen=True)
class IndexProgress:
    """Where an indexing run stands."""

    document: str
    stage: Stage
    done: int  # pages while reading, chunks while embedding, questions while asking
    total: int
    file: int = 1  # of files
    files: int = 1
    rate: float | None = None  # done a second
    seconds_left: float | None = None  # an estimate


@dataclass(frozen=True)
class Indexed:
    """One document's outcome, in the fields of the command line."""

    document: str
    id: str
    status: IndexStatus
    reason: str = ""
    fix: str = ""
    pages: int = 0
    words: int = 0
    pages_without_text: int = 0
    garbled_pages: int = 0
    encrypted: bool = False
    chunks: int = 0
    seconds: float = 0.0
    reader: str = ""  # what read the pages without text; empty: nothing did
    embedded: int = 0  # texts whose vector this run needed
    cached: int = 0  # those of them that were known before


@dataclass(frozen=True)
class Condensed:
    """The follow-up as a question that stands alone."""

    question: str
    original: str


@dataclass(frozen=True)
class Retrieved:
    """The passages the answer may use."""

    hits: tuple[Hit, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class ContextShare:
    """One part of the prompt and what it costs."""

    name: str  # "instructions", "history", "passage 3", "question", "room for the answer"
    tokens: int
    kept: bool = True


@dataclass(frozen=True)
class ContextMeter:
    """Tokens of the prompt against the window; an estimate until the engine has counted."""

    shares: tuple[ContextShare, ...]
    num_ctx: int
    exact: bool
    counted: int | None = None  # the engine's own count of the prompt, after the answer

    @property
    def used(self) -> int:
        """Tokens of everything kept."""
        return sum(share.tokens for share in self.shares if share.kept)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of what did not fit."""
        return tuple(share.name for share in self.shares if not share.kept)


@dataclass(frozen=True)
class Prompted:
    """The prompt, exactly as sent, and its budget."""

    messages: tuple[tuple[str, str], ...]  # (role, content)
    meter: ContextMeter
    engine: str
    model: str


@dataclass(frozen=True)
class QuoteFound:
    """A sentence the answer quotes, looked up in the passage it cites."""

    text: str
    check: QuoteCheck
    start: int | None = None  # in the document's text
    end: int | None = None


@dataclass(frozen=True)
class Citation:
    """``[n]`` in the answer: the n-th passage of the prompt."""

    n: int
    hit: Hit
    quotes: tuple[QuoteFound, ...] = ()

    @property
    def check(self) -> QuoteCheck:
        """The best of its quotes."""
        checks = {quote.check for quote in self.quotes}
        return "exact" if "exact" in checks else "close" if "close" in checks else "none"


@dataclass(frozen=True)
class Answered:
    """The end of a good stream. ``engine`` is "none" where no model took part."""

    text: str
    style: Literal["generated", "quotes"]
    answerable: bool
    citations: tuple[Citation, ...]
    engine: str
    model: str
    stats: Stats
    meter: ContextMeter | None = None
    finish: str = "stop"
    confidence: float | None = None  # geometric mean probability of the answer's tokens, 0 to 1
    thinking: str = ""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Failed:
    """The end of a broken stream; the text so far is kept."""

    error: PlaygroundError
    partial: str = ""


AskEvent = Condensed | Retrieved | Prompted | TokenEvent | ThinkingEvent | Answered | Failed
