"""The contract of chunkers: a document in, ranges of its text out, in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.embedding.rulers import Unit, ruler
from pipelines.loading.document import Document
from pipelines.registry import PartParams, knob

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder, TokenRuler


@dataclass(frozen=True, order=True)
class Span:
    """A range of a document's text, in characters."""

    start: int
    end: int


#: What a chunker part is: (document, its params, what it may use) -> spans in reading order.
Chunker = Callable[[Document, Any, "Bench"], list[Span]]


class SizeParams(PartParams):
    """The knobs of every chunker that cuts to a size."""

    size: int = knob(200, "Longest chunk, in the unit below.", minimum=8, maximum=8000, step=8)
    overlap: int = knob(
        20,
        "How much of a chunk the next one repeats; never more than half of its size.",
        minimum=0,
        maximum=4000,
        step=4,
    )
    unit: Unit = knob(
        "tokens",
        "What sizes count: tokens of the embedding model, tokens of cl100k (GPT-4's tokenizer), or characters.",
    )

    @property
    def repeated(self) -> int:
        """The overlap in force."""
        return min(self.overlap, self.size // 2)


@dataclass(frozen=True)
class Bench:
    """What a chunker may use besides the document: the embedding model and its ruler."""

    embedder: Embedder
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


@dataclass(frozen=True)
class Measure:
    """A text measured once: token places by one pass, sizes of ranges by bisection.

    A range's size is the number of tokens that begin in it. That is exact where pieces are cut between
    words; a byte-pair tokenizer may count a piece cut out of its text one token longer.
    """

    text: str
    ruler: TokenRuler

    @cached_property
    def starts(self) -> list[int]:
        """Where each token begins."""
        return [start for start, _ in self.ruler.offsets(self.text)]

    def size(self, start: int, end: int) -> int:
        """Tokens in a range."""
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def reach(self, start: int, size: int) -> int:
        """The furthest end of a range from ``start`` that holds at most ``size`` tokens."""
        at = bisect_left(self.starts, start) + size
        return self.starts[at] if at < len(self.starts) else len(self.text)

    def back(self, end: int, size: int) -> int:
        """The earliest start of a range up to ``end`` that holds at most ``size`` tokens."""
        at = bisect_left(self.starts, end) - size
        return self.starts[at] if at > 0 else 0


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
