"""Numbers and units that were run together, parted where the picture shows a space: "1.62m" is "1.62 m".

Typesetters put a narrow space before a unit or a per cent sign, which Tesseract takes for none. It is looked for only
between a digit and a unit, and only in words whose every character stands apart in the picture, so that it is
known which gap lies between which two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from pipelines.reading.lines import Found

if TYPE_CHECKING:
    from PIL.Image import Image

_SIGNS = "%‰°×€£$"  # what units begin with beside letters
_GAP = 0.3  # narrowest space, in heights of the word
_WIDER = 1.6  # and by the usual gap between its characters
_CONTRAST = 60  # grey levels between ink and paper below which nothing is looked for
_INK = 0.4  # how far from the paper towards the ink a pixel is ink


def units_apart(grey: Image, word: Found) -> list[Found]:
    """A word in its parts; in one where there is no space to be seen.

    Args:
        grey: The picture in which the word stands.
        word: Its box in that picture's pixels.
    """
    borders = [at for at, (left, right) in enumerate(pairwise(word.text), 1) if left.isdigit() and _begins_unit(right)]
    if not borders or not word.box[0] < word.box[2] or not word.box[1] < word.box[3]:
        return [word]
    runs = _ink(grey, word)
    if len(runs) != len(word.text):
        return [word]
    gaps = [right[0] - left[1] for left, right in pairwise(runs)]
    least = _GAP * (word.box[3] - word.box[1])
    spaces = [at for at in borders if gaps[at - 1] >= max(least, _WIDER * _usual(gaps, at - 1))]
    if not spaces:
        return [word]
    left, top, _, bottom = word.box
    return [
        Found(word.text[start:stop], (left + runs[start][0], top, left + runs[stop - 1][1], bottom), word.confidence)
        for start, stop in pairwise([0, *spaces, len(word.text)])
    ]


def _begins_unit(sign: str) -> bool:
    return sign.isalpha() or sign in _SIGNS


def _usual(gaps: Sequence[int], but: int) -> float:
    others = [gap for at, gap in enumerate(gaps) if at != but]
    return median(others) if others else 0.0


def _ink(grey: Image, word: Found) -> list[tuple[int, int]]:
    """Columns of a word's box with ink in them, as runs from the left: (first, past the last)."""
    import numpy as np

    left, top, right, bottom = (round(side) for side in word.box)
    pixels: Any = np.asarray(grey.crop((left, top, right, bottom)), np.int16)
    paper = np.median(np.concatenate([pixels[0], pixels[-1]]))
    strength = np.abs(pixels - paper)
    if strength.max() < _CONTRAST:
        return []
    inked = (strength > _INK * strength.max()).any(axis=0).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], inked, [0])))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
