"""A second look at a page: what another way of laying it out finds where the first found nothing, or had doubts. Pure.

An engine divides a page into lines before it reads any, and reads nonsense where it divides wrongly: large figures
beside two small lines become one line, a lone number at the margin becomes none. Another way to divide errs elsewhere,
and the confidence of the words tells which of the two was right.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.loading.geometry import Box
from pipelines.reading.lines import Found, around, parted

_SURE = 0.7  # confidence below which words are doubted, and none are put where there was nothing
_SURER = 0.15  # by how much surer others have to be than words that are doubted
_AS_MUCH = 0.8  # share of the doubted letters and digits that others have to have at least
_CERTAIN = 0.9  # confidence of words that take the place of their fragments, or of a part of them
_FEW = 3  # most of such words: a whole line may reach over two columns
_SAME_PLACE = 0.3  # share of the smaller of two boxes that both cover, from which one of the words is wrong


def completed(lines: Sequence[Sequence[Found]], others: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """The lines of a first reading, some words replaced by those of another reading, some lines added from it.

    Args:
        lines: Of the first.
        others: Of the other, in the same pixels.
    """
    first = [list(line) for line in lines]
    for piece in (piece for line in others for piece in parted(line)):
        frame = around(piece)
        near = [word for line in first for word in line if _overlap(word.box, frame)]
        there = [word for word in near if any(_same_place(word, other) for other in piece)]
        if _is_better(piece, there):
            first = [[word for word in line if word not in there] for line in first]
            first.append(list(piece))
    return [line for line in first if line]


def _is_better(piece: Sequence[Found], there: Sequence[Found]) -> bool:
    """Whether words of the other reading are to stand where the first has ``there``."""
    sure, found, before = _confidence(piece), _signs(piece), _signs(there)
    if not there:
        is_stroke = found == 1 and not piece[0].text.isdigit()  # one letter alone is most often a part of a picture
        return sure >= _SURE and found > 0 and not is_stroke
    if (doubt := _confidence(there)) < _SURE:
        return sure >= doubt + _SURER and found >= _AS_MUCH * before
    is_whole = found > before or (found == before and len(piece) < len(there))
    return is_whole and sure >= _CERTAIN and len(piece) <= _FEW


def _signs(words: Sequence[Found]) -> int:
    """Letters and digits."""
    return sum(sign.isalnum() for word in words for sign in word.text)


def _confidence(words: Sequence[Found]) -> float:
    """Of the word that is least sure: a line divided wrongly has good words, too."""
    return min(word.confidence for word in words)


def _same_place(one: Found, other: Found) -> bool:
    both = _overlap(one.box, other.box)
    return both > 0 and both >= _SAME_PLACE * min(_area(one.box), _area(other.box))


def _overlap(one: Box, other: Box) -> float:
    """The area that both cover."""
    across, down = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
