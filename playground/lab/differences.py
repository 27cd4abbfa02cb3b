"""What differs between columns: the lab's promise that only one thing does, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from pipelines.recipe import Recipe
from playground.lab.state import LETTERS

#: What a strategy's chunks are made to be comparable by.
_COMPARABLE = ("size", "overlap", "unit", "header")


@dataclass(frozen=True)
class Differences:
    """What the strip above the columns says."""

    columns: tuple[str, ...]  # each chunker in a few words
    others: tuple[str, ...] = ()  # sections besides the chunker that differ: there should be none
    same: tuple[tuple[str, str], ...] = ()  # letters of columns that are equal
    mixed: tuple[str, ...] = ()  # knobs that differ besides the strategy


def differences(recipes: Sequence[Recipe]) -> Differences:
    """Compare the columns' recipes."""
    found: set[str] = set()
    same, strategies, knobs = [], set(), set()
    for (a, one), (b, other) in combinations(enumerate(recipes), 2):
        changed = one.diff(other)
        found |= {name.partition(".")[0] for name in changed}
        if not changed:
            same.append((LETTERS[a], LETTERS[b]))
        if one.choice("chunker").name != other.choice("chunker").name:
            strategies.add("strategy")
        knobs |= _unlike(one, other)
    return Differences(
        columns=tuple(str(recipe.choice("chunker")) for recipe in recipes),
        others=tuple(sorted(found - {"chunker"})),
        same=tuple(same),
        mixed=tuple(name for name in _COMPARABLE if name in knobs) if strategies else (),
    )


def _unlike(one: Recipe, other: Recipe) -> set[str]:
    """Knobs both chunkers have and set differently."""
    left, right = (recipe.choice("chunker").params.model_dump() for recipe in (one, other))
    return {name for name in left if name in right and left[name] != right[name]}
