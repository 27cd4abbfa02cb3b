"""The recipes a command compares, and warnings of what of them has no effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.evaluation.grid import grid as combine
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS
from playground.cli.console import warn


def grid(bases: Iterable[Recipe], variations: Sequence[str], turned: Sequence[str] = ()) -> list[Recipe]:
    """The recipes of :func:`pipelines.evaluation.grid.grid`, its notes as warnings. Raises UsageError."""
    recipes, notes = combine(bases, variations, turned)
    for note in notes:
        warn(note)
    return recipes


def warn_of_idle(recipes: Sequence[Recipe], deciding: Sequence[str], where: str) -> None:
    """Say so where recipes differ in what cannot change the result."""
    differing = {s for s in SECTIONS if any(r.choice(s) != recipes[0].choice(s) for r in recipes)}
    idle = sorted(differing - set(deciding))
    if idle:
        warn(f"{', '.join(idle)}: of no effect {where}.")
