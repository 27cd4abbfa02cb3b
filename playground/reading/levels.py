"""Levels of degradation as they are typed, and the axis they are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.errors import UsageError
from pipelines.reading.degrade import Degradation

#: Most levels of one run.
MOST = 8

#: What can be chosen instead of typing: (label, levels).
PRESETS = (
    ("blur", "none; blur=1; blur=2"),
    ("resolution", "none; dpi=150; dpi=100; dpi=70"),
    ("faded", "none; contrast=0.6; contrast=0.3; contrast=0.15"),
    ("noise", "none; noise=20; noise=40; noise=60"),
    ("JPEG", "none; jpeg=50; jpeg=20; jpeg=8"),
    ("turned", "none; rotation=1; rotation=3; rotation=6"),
    ("scan, copy, fax", "none; dpi=150,jpeg=40; dpi=90,blur=0.75,contrast=0.5; dpi=80,blur=0.75,contrast=0.6,noise=4"),
)

#: Where a knob stands while it does nothing, for the axis and the sliders.
NEUTRAL = {"rotation": 0, "dpi": 200, "blur": 0, "contrast": 1, "noise": 0, "jpeg": 100}


@dataclass(frozen=True)
class Axis:
    """How levels stand beside each other."""

    name: str  # of the one knob that differs, else "level"
    places: tuple[float, ...]  # the knob's values, else 1, 2, 3 …
    scaled: bool  # whether the places are values


def levels_of(text: str) -> tuple[Degradation, ...]:
    """Levels of "none; dpi=100; dpi=100,blur=1", each once. Raises UsageError, BadParameter."""
    typed = [piece.strip() for piece in text.replace("\n", ";").split(";") if piece.strip()]
    levels = tuple(dict.fromkeys(Degradation.parse(piece) for piece in typed))
    if not 1 <= len(levels) <= MOST:
        raise UsageError(f"A run takes 1 to {MOST} levels.", "Write them like this: none; dpi=100; dpi=100,blur=1.")
    return levels


def axis_of(levels: Sequence[Degradation]) -> Axis:
    """The axis: to scale where one knob alone rises or falls, else one step a level."""
    turned = [name for name in NEUTRAL if len({getattr(level, name) for level in levels}) > 1]
    if len(turned) == 1 and len({level.seed for level in levels}) == 1:
        places = tuple(float(_value(level, turned[0])) for level in levels)
        steps = {later > earlier for earlier, later in pairwise(places)}
        if len(steps) == 1 and len(set(places)) == len(places):
            return Axis(turned[0], places, True)
    return Axis("level", tuple(float(place) for place in range(1, len(levels) + 1)), False)


def _value(level: Degradation, name: str) -> float:
    value = getattr(level, name)
    return NEUTRAL[name] if value is None else value
