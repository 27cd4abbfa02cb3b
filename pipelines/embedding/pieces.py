"""A long text as pieces that an embedding model reads whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder, TokenRuler, Vectors


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


def embed_whole(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """One vector a text however long it is: the mean of its pieces' vectors, made a unit vector again.

    Returns:
        float32 array (len(texts), dimensions), rows of unit length, in the order of ``texts``.

    Raises:
        EngineError: as the embedder's ``embed``.
    """
    import numpy as np

    cut = {text: pieces(text, embedder.ruler, embedder.window) or [text] for text in texts}
    vectors = embedder.embed([piece for parts in cut.values() for piece in parts])
    found, start = {}, 0
    for text, parts in cut.items():
        mean = vectors[start : start + len(parts)].mean(axis=0)
        found[text] = mean / np.linalg.norm(mean)
        start += len(parts)
    return np.array([found[text] for text in texts], dtype=np.float32).reshape(len(texts), embedder.dimensions)
