"""Blocks that two texts share, wherever they stand: pure, on words as strings.

Long runs of equal words that occur once in each text are "tiles"; the heaviest series of them that is in order in both
is the spine, the others were moved.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: A run of so many equal words found elsewhere was moved, not left out and invented.
RUN = 5


@dataclass(frozen=True)
class Tile:
    """``left[i:i + size] == right[j:j + size]``."""

    i: int
    j: int
    size: int


@dataclass(frozen=True)
class Pair:
    """Words that are one another: ranges of the left and right words, either may be empty."""

    i1: int
    i2: int
    j1: int
    j2: int


def tiles_of(left: Sequence[str], right: Sequence[str]) -> list[Tile]:
    """Maximal runs of equal words around every run of ``RUN`` words that occurs once in each text; in left order."""
    mine, theirs = _once(left), _once(right)
    tiles: list[Tile] = []
    end = 0
    taken: set[int] = set()  # first places of the right's tiles' words
    for gram, i in mine.items():
        j = theirs.get(gram)
        if j is None or i < end or j in taken:
            continue
        while i > end and j > 0 and j - 1 not in taken and left[i - 1] == right[j - 1]:
            i, j = i - 1, j - 1
        size = 0
        while i + size < len(left) and j + size < len(right) and j + size not in taken:
            if left[i + size] != right[j + size]:
                break
            size += 1
        if size >= RUN:
            tiles.append(Tile(i, j, size))
            taken.update(range(j, j + size))
            end = i + size
    return tiles


def _once(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Runs of ``RUN`` words that occur once, and where."""
    grams = list(zip(*(words[k:] for k in range(RUN)), strict=False))
    counts = Counter(grams)
    return {gram: at for at, gram in enumerate(grams) if counts[gram] == 1}


def spine_of(tiles: Sequence[Tile]) -> list[Tile]:
    """The tiles, in left order already, that are in order on the right too and hold the most words together.

    The heaviest increasing subsequence in O(n log n): for each place on the right, the heaviest series that ends
    there or before; lighter series that end later are dropped.
    """
    ends: list[int] = []  # places on the right, rising, with rising weights
    series: list[tuple[int, Tile, object]] = []  # (weight, last tile, the series before it)
    for tile in tiles:
        at = bisect_left(ends, tile.j)
        before = series[at - 1] if at else None
        weight = tile.size + (before[0] if before else 0)
        drop = at
        while drop < len(ends) and series[drop][0] <= weight:
            drop += 1
        ends[at:drop] = [tile.j]
        series[at:drop] = [(weight, tile, before)]
    chosen: list[Tile] = []
    last: object = series[-1] if series else None
    while isinstance(last, tuple):
        chosen.append(last[1])
        last = last[2]
    return chosen[::-1]


def gaps_inside(tiles: Sequence[Tile]) -> list[tuple[list[int], list[int]]]:
    """The gaps between two tiles that are neighbours in both texts, moved or not."""
    in_right = sorted(tiles, key=lambda tile: tile.j)
    follows = dict(itertools.pairwise(in_right))
    return [
        (list(range(a.i + a.size, b.i)), list(range(a.j + a.size, b.j)))
        for a, b in itertools.pairwise(tiles)
        if follows.get(a) == b
    ]


def joined(moved: Sequence[Pair]) -> list[Pair]:
    """Moved runs as blocks: neighbours that moved together with no more than three words between are one."""
    blocks: list[Pair] = []
    for run in moved:
        last = blocks[-1] if blocks else None
        if last and 0 <= run.i1 - last.i2 <= 3 and 0 <= run.j1 - last.j2 <= 3:
            blocks[-1] = Pair(last.i1, run.i2, last.j1, run.j2)
        else:
            blocks.append(run)
    return blocks
