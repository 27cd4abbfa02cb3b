"""The contract of chunkers: a document in, pieces of its text out, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.chunking.measure import Measure
from pipelines.embedding.rulers import Unit, ruler
from pipelines.loading.document import Document
from pipelines.registry import PartParams, knob

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder, TokenRuler, Vectors


@dataclass(frozen=True, order=True)
class Span:
    """A range of a document's text, in characters."""

    start: int
    end: int


@dataclass(frozen=True)
class Parent:
    """A larger piece around some chunks, read in their place when enough of them are found."""

    span: Span
    children: int  # pieces of the level below that it holds


@dataclass(frozen=True)
class Chunk:
    """A piece of a document: ``span`` is searched; ``read`` is what an answer gets when it is found."""

    span: Span
    read: Span
    parents: tuple[Parent, ...] = ()  # smallest first
    header: str = ""  # title and headings, searched with the text and not part of it

    @classmethod
    def of(cls, piece: Span | Chunk) -> Chunk:
        """What a chunker returned; a plain span is searched and read."""
        return piece if isinstance(piece, Chunk) else cls(piece, piece)


#: What a chunker part is: (document, its params, what it may use) -> pieces in reading order.
Chunker = Callable[[Document, Any, "Bench"], Sequence[Span | Chunk]]


# The knobs that strategies share, one class each: a strategy's Params is put together from them, last one first.


class Sized(PartParams):
    """Cuts to a size."""

    size: int = knob(200, "Longest chunk, in the unit below.", minimum=8, maximum=8000, step=8, usual=1600)


class Overlapping(Sized):
    """Repeats the end of a chunk in the next one."""

    overlap: int = knob(
        20,
        "How much of a chunk the next one repeats; never more than half of its size.",
        minimum=0,
        maximum=4000,
        step=4,
        usual=400,
    )

    @property
    def repeated(self) -> int:
        """The overlap in force."""
        return min(self.overlap, self.size // 2)


class OverlappingInside(Overlapping):
    """Repeats only within a section or page, and not unless asked to."""

    overlap: int = knob(
        0,
        "How much of a chunk the next one of the same section or page repeats; never more than half of its size.",
        minimum=0,
        maximum=4000,
        step=4,
        usual=400,
        fold=True,
    )


class Counted(PartParams):
    """Counts sizes in a unit."""

    unit: Unit = knob(
        "tokens",
        "What sizes count: tokens of the embedding model, tokens of cl100k (GPT-4's tokenizer), or characters.",
    )


class Headed(PartParams):
    """May put a header before each chunk."""

    header: bool = knob(
        False,
        "Put the document's title and the path of headings before each chunk when it is searched.",
        source="contextual chunk headers",
        fold=True,
    )


class LimitParams(Headed, Counted, Sized):
    """The knobs of chunkers that cut to a size: size, unit, header."""


class SizeParams(Headed, Counted, Overlapping):
    """The knobs of chunkers whose chunks overlap: size, overlap, unit, header."""


class InsideParams(Headed, Counted, OverlappingInside):
    """The same, where chunks overlap only within a section or page."""


#: Vectors of texts, one row a text: float32, unit length. May report progress, and raise Cancelled.
Embed = Callable[[Sequence[str]], "Vectors"]


@dataclass(frozen=True)
class Bench:
    """What a chunker may use besides the document: the embedding model, its ruler, a place for remarks.

    Args:
        embedder: Whose tokens are counted.
        embed: How texts get their vectors (through a cache, with progress); None: the model, bare.
    """

    embedder: Embedder
    embed: Embed | None = None
    notes: list[str] = field(default_factory=list, compare=False)
    _measured: dict[tuple[str, str], Measure] = field(default_factory=dict, repr=False, compare=False)

    def ruler(self, unit: Unit) -> TokenRuler:
        """The ruler for a unit."""
        return ruler(unit, self.embedder.ruler)

    def measure(self, text: str, unit: Unit) -> Measure:
        """A text measured in a unit; tokenised once, however often it is asked for."""
        key = (unit, text)
        if key not in self._measured:
            self._measured[key] = Measure(text, self.ruler(unit))
        return self._measured[key]

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """A row a text; none may be longer than the model's window."""
        return self.embed(texts) if self.embed is not None else self.embedder.embed(texts)

    def note(self, text: str) -> None:
        """Leave a remark a person should read beside the cut."""
        self.notes.append(text)


def trimmed(text: str, spans: Iterable[Span]) -> list[Span]:
    """Spans without white space at their edges; those that then add nothing to the one before are dropped."""
    kept: list[Span] = []
    for span in spans:
        start, end = span.start, span.end
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end and not (kept and end <= kept[-1].end):
            kept.append(Span(start, end))
    return kept
