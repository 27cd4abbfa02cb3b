"""Lists whose order never depends on the engine: equal scores are ordered by id."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.stores.base import Scored

#: Scores closer than this (relative above 1) are one score: float32 arithmetic can't tell them apart,
#: and two engines round the same product differently.
SAME = 1e-6

#: Asked for beyond the limit, so that a tie at the end of the list is usually seen at once.
SLACK = 16


def cut(fetch: Callable[[int], list[Scored]], limit: int) -> list[Scored]:
    """The best ``limit`` of a list, ties in order of id, also where the limit cuts through a tie.

    Args:
        fetch: Gives the best n points in any order among equals; fewer than n when there are no more.
        limit: Length of the list.
    """
    if limit < 1:
        return []
    wanted = limit + SLACK
    while True:
        found = fetch(wanted)
        groups = _groups(found)
        closed = len(found) - len(groups[-1]) if groups else 0
        if len(found) < wanted or closed >= limit:
            return [hit for group in groups for hit in group][:limit]
        wanted *= 4


def _groups(found: list[Scored]) -> list[list[Scored]]:
    """Runs of equal scores, best first; within a run the best score, and the order of ids."""
    groups: list[list[Scored]] = []
    top = 0.0
    for hit in sorted(found, key=lambda hit: -hit.score):
        if not groups or top - hit.score > SAME * max(1.0, abs(top)):
            top = hit.score
            groups.append([])
        groups[-1].append(Scored(hit.id, top))
    return [sorted(group, key=lambda hit: hit.id) for group in groups]
