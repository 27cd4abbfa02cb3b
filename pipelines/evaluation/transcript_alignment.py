"""Which word of one transcript is which of another, blocks that stand elsewhere included: pure, on words as strings.

Blocks come first (transcript_blocks.py); what lies between them is aligned word by word.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.evaluation.transcript_blocks import Pair, Tile, gaps_inside, joined, spine_of, tiles_of

#: Words less alike than this are not misreadings of each other.
_ALIKE = 0.4

#: Larger gaps (left × right words) are aligned without regard to how alike words are.
_SMALL_GAP = 900


@dataclass(frozen=True)
class Alignment:
    """Every word of both texts, exactly once."""

    same: tuple[tuple[int, int], ...]  # equal words
    changed: tuple[Pair, ...]  # neither side is empty
    missing: tuple[int, ...]  # of the left, in no place of the right
    added: tuple[int, ...]  # of the right
    moved: tuple[Pair, ...]  # blocks off the spine; their words are also among the others


def align(left: Sequence[str], right: Sequence[str]) -> Alignment:
    """Align two texts.

    Args:
        left: Words, such that equal words are equal strings.
        right: The same of the other text.
    """
    work = _Work(left, right)
    tiles = tiles_of(left, right)
    spine = set(spine_of(tiles))
    for tile in tiles:
        work.take(tile)
    for i, j in gaps_inside(tiles):
        work.gap(i, j)
    moved = [work.extended(tile) for tile in tiles if tile not in spine]
    edges = [Tile(0, 0, 0), *(tile for tile in tiles if tile in spine), Tile(len(left), len(right), 0)]
    for before, after in itertools.pairwise(edges):
        work.gap(
            [i for i in range(before.i + before.size, after.i) if i in work.left_over],
            [j for j in range(before.j + before.size, after.j) if j in work.right_over],
        )
    return work.done(joined(moved))


class _Work:
    """What is left to align."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self._left, self._right = left, right
        self.left_over = dict.fromkeys(range(len(left)))
        self.right_over = dict.fromkeys(range(len(right)))
        self._same: list[tuple[int, int]] = []
        self._changed: list[Pair] = []

    def take(self, tile: Tile) -> None:
        """A run of equal words."""
        for k in range(tile.size):
            self._pair(tile.i + k, tile.j + k)

    def gap(self, i: Sequence[int], j: Sequence[int]) -> None:
        """Align the words at these places; those without a partner stay left over."""
        from rapidfuzz.distance import Levenshtein

        if not i or not j:
            return
        mine, theirs = [self._left[at] for at in i], [self._right[at] for at in j]
        i1 = j1 = 0
        for code in [*Levenshtein.opcodes(mine, theirs), None]:
            if code is not None and code.tag != "equal":
                continue
            i2, j2 = (len(i), len(j)) if code is None else (code.src_start, code.dest_start)
            self._replaced(i[i1:i2], j[j1:j2])
            if code is not None:
                for a, b in zip(
                    range(code.src_start, code.src_end), range(code.dest_start, code.dest_end), strict=True
                ):
                    self._pair(i[a], j[b])
                i1, j1 = code.src_end, code.dest_end

    def extended(self, tile: Tile) -> Pair:
        """A moved run with the words at its two ends that are equal or misreadings of each other."""
        first = self._grown(tile.i - 1, tile.j - 1, -1)
        last = self._grown(tile.i + tile.size, tile.j + tile.size, 1)
        return Pair(first[0] + 1, last[0], first[1] + 1, last[1])

    def _grown(self, i: int, j: int, step: int) -> tuple[int, int]:
        while i in self.left_over and j in self.right_over and self._alike(i, j) >= _ALIKE:
            self._pair(i, j)
            i, j = i + step, j + step
        return i, j

    def done(self, moved: Sequence[Pair]) -> Alignment:
        """What was found."""
        return Alignment(
            tuple(sorted(self._same)),
            tuple(sorted(self._changed, key=lambda pair: pair.i1)),
            tuple(self.left_over),
            tuple(self.right_over),
            tuple(moved),
        )

    def _pair(self, i: int, j: int) -> None:
        if self._left[i] == self._right[j]:
            self._same.append((i, j))
            del self.left_over[i], self.right_over[j]
        else:
            self._change([i], [j])

    def _change(self, i: Sequence[int], j: Sequence[int]) -> None:
        self._changed.append(Pair(i[0], i[-1] + 1, j[0], j[-1] + 1))
        for at in i:
            del self.left_over[at]
        for at in j:
            del self.right_over[at]

    def _alike(self, i: int, j: int) -> float:
        from rapidfuzz.distance import Levenshtein

        return float(Levenshtein.normalized_similarity(self._left[i], self._right[j]))

    def _replaced(self, i: Sequence[int], j: Sequence[int]) -> None:
        """Words between two equal ones: misreadings are paired, the rest is left over."""
        if not i or not j:
            return
        whole = i[-1] - i[0] == len(i) - 1 and j[-1] - j[0] == len(j) - 1
        if whole and (len(i) == len(j) == 1 or self._spaced(i, j)):
            self._change(i, j)
        elif len(i) * len(j) <= _SMALL_GAP:
            self._by_likeness(i, j)
        else:
            for a, b in zip(i, j, strict=False):
                if self._alike(a, b) >= _ALIKE:
                    self._pair(a, b)

    def _spaced(self, i: Sequence[int], j: Sequence[int]) -> bool:
        """The same letters with other spaces: "data base" and "database"."""
        return "".join(self._left[at] for at in i) == "".join(self._right[at] for at in j)

    def _by_likeness(self, i: Sequence[int], j: Sequence[int]) -> None:
        """The pairs in order whose likenesses have the greatest sum (Needleman and Wunsch 1970, gaps free)."""
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import cdist

        alike = cdist(
            [self._left[a] for a in i],
            [self._right[b] for b in j],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=_ALIKE,  # below it is 0
        ).tolist()
        best = [[0.0] * (len(j) + 1) for _ in range(len(i) + 1)]
        for a in range(len(i) - 1, -1, -1):
            for b in range(len(j) - 1, -1, -1):
                best[a][b] = max(best[a + 1][b], best[a][b + 1], best[a + 1][b + 1] + alike[a][b])
        a = b = 0
        while a < len(i) and b < len(j):
            if alike[a][b] and best[a][b] == best[a + 1][b + 1] + alike[a][b]:
                self._pair(i[a], j[b])
                a, b = a + 1, b + 1
            elif best[a][b] == best[a + 1][b]:
                a += 1
            else:
                b += 1
