"""A long text as pieces that an embedding model reads whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.embedding.base import TokenRuler


def pieces(text: str, ruler: TokenRuler, window: int) -> list[str]:
    """Consecutive slices of at most ``window`` tokens, cut between words where there is a space.

    A text without tokens has none.
    """
    offsets = ruler.offsets(text)
    found = []
    start = 0
    while start < len(offsets):
        end = min(start + window, len(offsets))
        if end < len(offsets):
            spaced = (n for n in range(end, start, -1) if text[offsets[n][0] - 1].isspace())
            end = next(spaced, end)
        piece = text[offsets[start][0] : offsets[end - 1][1]]
        while end - start > 1 and ruler.count(piece) > window:  # a word cut in two may count more
            end -= 1
            piece = text[offsets[start][0] : offsets[end - 1][1]]
        found.append(piece)
        start = end
    return found
