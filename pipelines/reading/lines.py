"""Lines of words as an engine found them, set in the order of :mod:`pipelines.reading.columns`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.loading.geometry import Box
from pipelines.reading.columns import reading_order

_SURE_MARK = 0.8  # confidence below which a line of marks alone is a speck
_EDGES = set("_|")  # what drawn lines are read as
_APART = 1.5  # widest space between two words, in heights of a line: more is another cell or column


@dataclass(frozen=True)
class Found:
    """A word, where it stands, and how sure the engine is of it (0 to 1)."""

    text: str
    box: Box  # x0, y0, x1, y1 in pixels, y down
    confidence: float


def in_order(lines: Sequence[Sequence[Found]]) -> list[list[list[Found]]]:
    """Paragraphs of lines of words, as a person reads them.

    Args:
        lines: Words of each line, from the left; a line may reach over several columns. The page is level.
    """
    pieces = [piece for line in lines for piece in parted(line)]
    order = reading_order([around(piece) for piece in pieces])
    return [[[word for index in row for word in pieces[index]] for row in paragraph] for paragraph in order]


def is_speck(text: str, confidence: float) -> bool:
    """Whether a line has no letter and no digit and is not sure: a spot, a rule, the edge of a picture."""
    return confidence < _SURE_MARK and not any(sign.isalnum() for sign in text)


def parted(line: Sequence[Found]) -> list[list[Found]]:
    """A line in pieces, where more than a space or a drawn line lies between two words."""
    pieces: list[list[Found]] = []
    for word in line:
        if set(word.text) <= _EDGES and is_speck(word.text, word.confidence):
            continue  # the edge of a picture, or a rule between columns
        if pieces and _beside(pieces[-1][-1].box, word.box):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return pieces


def _beside(left: Box, right: Box) -> bool:
    height = max(left[3] - left[1], right[3] - right[1])
    return left[0] <= right[0] and right[0] - left[2] < _APART * height


def around(words: Sequence[Found]) -> Box:
    """The box of several words."""
    lefts, tops, rights, bottoms = zip(*(word.box for word in words), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
