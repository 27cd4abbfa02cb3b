"""Where pieces of a text stand in it, when all that is known of them is their own text and their order.

A search for each piece alone goes wrong as soon as the text repeats itself. Together the pieces say more: none
begins before the one before it, so each has an earliest and a latest place, nearly always the same one. Where
they differ (the text repeats itself), the pieces are laid one after the other with the least overlap that
lets all of them fit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from pipelines.chunking.base import Span


class NotThere(ValueError):
    """A piece does not stand in the text, or only before the piece it should follow."""

    def __init__(self, piece: str, index: int = 0) -> None:
        super().__init__(piece)
        self.piece = piece
        self.index = index


class Ground:
    """A text to place pieces in. Where the exact letters are not found, white space does not count.

    Args:
        text: Anything.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def bare(self) -> str:
        """The text without white space."""
        return _bare(self.text)

    @cached_property
    def _stands(self) -> list[int]:
        """For each character of the bare text, where it stands in the text."""
        return [at for at, character in enumerate(self.text) if not character.isspace()]

    def place(self, pieces: Sequence[str]) -> list[Span]:
        """The range of each piece, without white space at its edges; each begins where the one before does, or after.

        Args:
            pieces: In the order of the text; they may overlap and leave gaps, and none is blank.

        Raises:
            NotThere: names the first piece that cannot be placed.
        """
        try:
            exact = [piece.strip() for piece in pieces]
            starts = in_order(exact, self.text)
            return [Span(start, start + len(piece)) for start, piece in zip(starts, exact, strict=True)]
        except NotThere:
            return self._bent(pieces)

    def _bent(self, pieces: Sequence[str]) -> list[Span]:
        bare = [_bare(piece) for piece in pieces]
        try:
            starts = in_order(bare, self.bare)
        except NotThere as error:
            raise NotThere(pieces[error.index], error.index) from error
        return [self._span(start, len(piece)) for start, piece in zip(starts, bare, strict=True)]

    def around(self, piece: str, inner: Span) -> Span:
        """The range of a piece that holds another range; of several, the one with it nearest to its middle.

        Raises:
            NotThere: the piece does not stand around that range.
        """
        wanted = _bare(piece)
        first, past = bisect_left(self._stands, inner.start), bisect_left(self._stands, inner.end)
        middle = (first + past - len(wanted)) // 2
        left = self.bare.rfind(wanted, max(0, past - len(wanted)), middle + len(wanted))
        right = self.bare.find(wanted, max(0, middle), first + len(wanted))
        found = [at for at in (left, right) if at >= 0]
        if not found:
            raise NotThere(piece)
        return self._span(min(found, key=lambda at: abs(at - middle)), len(wanted))

    def _span(self, start: int, length: int) -> Span:
        return Span(self._stands[start], self._stands[start + length - 1] + 1)


def in_order(pieces: Sequence[str], text: str) -> list[int]:
    """Where each piece begins, exactly as it is.

    Raises:
        NotThere: names the first piece that is not after the others.
    """
    starts, latest = _earliest(pieces, text), _latest(pieces, text)
    first = 0
    while first < len(pieces):
        past = first
        while past < len(pieces) and starts[past] != latest[past]:
            past += 1
        before = (starts[first - 1], starts[first - 1] + len(pieces[first - 1])) if first else (0, 0)
        starts[first:past] = _least_overlap(pieces[first:past], text, before, latest[first:past])
        first = past + 1
    return starts


def _earliest(pieces: Sequence[str], text: str) -> list[int]:
    starts, at = [], 0
    for index, piece in enumerate(pieces):
        at = text.find(piece, at)
        if at < 0:
            raise NotThere(piece, index)
        starts.append(at)
    return starts


def _latest(pieces: Sequence[str], text: str) -> list[int]:
    starts, at = [], len(text)
    for piece in reversed(pieces):
        at = text.rfind(piece, 0, at + len(piece))
        starts.append(at)
    return starts[::-1]


def _least_overlap(pieces: Sequence[str], text: str, before: tuple[int, int], latest: Sequence[int]) -> list[int]:
    """A run of pieces as far to the right as ``latest`` allows, with the same limit on the overlap of all."""

    def walk(overlap: int) -> list[int] | None:
        starts, (start, end) = [], before
        for piece, last in zip(pieces, latest, strict=True):
            start = text.find(piece, max(start, end - overlap), last + len(piece))
            if start < 0:
                return None
            starts.append(start)
            end = start + len(piece)
        return starts

    longest = max([before[1] - before[0], *map(len, pieces)])
    least = bisect_left(range(longest), True, key=lambda overlap: walk(overlap) is not None)
    return walk(least) or []


def _bare(text: str) -> str:
    return "".join(text.split())
