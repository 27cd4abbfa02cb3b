"""A text measured once, so that a slider's move does not tokenise it again."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.embedding.base import TokenRuler


@dataclass(frozen=True)
class Measure:
    """Token places by one pass over the text, sizes of ranges by bisection."""

    text: str
    ruler: TokenRuler
    _weights: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def starts(self) -> list[int]:
        """Where each token begins."""
        return [start for start, _ in self.ruler.offsets(self.text)]

    def size(self, start: int, end: int) -> int:
        """Tokens that begin in a range.

        Exact where pieces are cut between words; a byte-pair tokenizer joins what stands at the border.
        """
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def weight(self, start: int, end: int) -> int:
        """Tokens of a range cut out and counted alone: what pieces are added up by.

        The same as :meth:`size` unless the tokenizer joins pieces (".\\n\\n" is one token of cl100k and two
        where a cut falls in it). Published chunk sizes are counted this way.
        """
        if not self.ruler.joins:
            return self.size(start, end)
        piece = self.text[start:end]
        if piece not in self._weights:
            self._weights[piece] = self.ruler.count(piece)
        return self._weights[piece]

    def reach(self, start: int, size: int) -> int:
        """The furthest end of a range from ``start`` that holds at most ``size`` tokens."""
        at = bisect_left(self.starts, start) + size
        return self.starts[at] if at < len(self.starts) else len(self.text)
