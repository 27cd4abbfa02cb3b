"""What differs between columns: the lab's promise that only one thing does, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipelines.recipe import Recipe
from playground.lab.state import LETTERS

#: What parts are made to be comparable by, by what a lab varies.
_COMPARABLE = {
    "chunker": ("size", "overlap", "unit", "header"),
    "retriever": ("k", "depth", "threshold"),
    "reranker": ("depth",),
}


@dataclass(frozen=True)
class Differences:
    """What the strip above the columns says."""

    what: str  # the sections that differ, in words; "" where none does
    columns: tuple[str, ...]  # each column's choice in a few words
    others: tuple[str, ...] = ()  # sections besides the lab's that differ: there should be none
    same: tuple[tuple[str, str], ...] = ()  # letters of columns that are equal
    mixed: tuple[str, ...] = ()  # what differs besides the first thing


def differences(
    recipes: Sequence[Recipe],
    sections: Sequence[str] = ("chunker",),
    words: Callable[[Recipe], str] | None = None,
) -> Differences:
    """Compare the columns' recipes.

    Args:
        recipes: One a column.
        sections: Those the lab varies.
        words: A column in a few words; without it, its choices as they print.
    """
    found: set[str] = set()
    same, parts, knobs = [], set(), set()
    for (a, one), (b, other) in combinations(enumerate(recipes), 2):
        changed = one.diff(other)
        found |= {name.partition(".")[0] for name in changed}
        if not changed:
            same.append((LETTERS[a], LETTERS[b]))
        for section in sections:
            if one.choice(section).name != other.choice(section).name:
                parts.add(section)
            knobs |= _unlike(one, other, section)
    own = [section for section in sections if section in found]
    mixed = [name for section in sections for name in _COMPARABLE.get(section, ()) if name in knobs] if parts else []
    return Differences(
        what=" and the ".join(own),
        columns=tuple(words(recipe) if words else _told(recipe, sections) for recipe in recipes),
        others=tuple(sorted(found - set(sections))),
        same=tuple(same),
        mixed=tuple(dict.fromkeys(mixed)),
    )


def _told(recipe: Recipe, sections: Sequence[str]) -> str:
    told = [str(recipe.choice(section)) for section in sections]
    return " → ".join(words for at, words in enumerate(told) if at == 0 or words != "none")


def _unlike(one: Recipe, other: Recipe, section: str) -> set[str]:
    """Knobs both have and set differently."""
    left, right = (recipe.choice(section).params.model_dump() for recipe in (one, other))
    return {name for name in left if name in right and left[name] != right[name]}
