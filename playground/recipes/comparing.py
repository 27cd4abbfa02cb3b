"""What differs between two recipes, choice by choice, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS

#: Longest value told as it is; a longer one is a text to unfold.
SHORT = 60


@dataclass(frozen=True)
class Change:
    """One choice that two recipes make differently."""

    place: str  # "chunker", "retriever.k"
    a: str
    b: str
    by: str = ""  # how much greater the second is, of numbers


def changes(one: Recipe, other: Recipe) -> list[Change]:
    """Every difference, in the order of the flow; of another part with the knobs it turns."""
    found = []
    for place, (a, b) in one.diff(other).items():
        if place in SECTIONS:
            found.append(Change(place, str(one.choice(place)), str(other.choice(place))))
        else:
            found.append(Change(place, _told(a), _told(b), _by(a, b)))
    return found


def sections_that_differ(one: Recipe, other: Recipe) -> tuple[str, ...]:
    """The sections with a difference."""
    return tuple(dict.fromkeys(place.partition(".")[0] for place in one.diff(other)))


def in_short(recipe: Recipe) -> list[str]:
    """What makes a recipe itself: each difference to the standard one, in a few words."""
    told = []
    for change in changes(Recipe(), recipe):
        value = change.b if len(change.b) <= SHORT else "changed"
        told.append(f"{change.place} {value}")
    return told


def _told(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(repr, value)) or "none"
    return str(value) if value != "" else "empty"


def _by(a: Any, b: Any) -> str:
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (a, b))
    return f"{b - a:+,.6g}".replace("-", "−") if numbers else ""
