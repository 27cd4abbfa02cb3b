"""The recipes a command compares: which they are, what they are called, and what of them has no effect."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS
from playground.cli.console import warn


def grid(bases: Iterable[Recipe], variations: Sequence[str], turned: Sequence[str] = ()) -> list[Recipe]:
    """Every base with every combination of the values to vary, in the order given.

    Args:
        bases: Recipes to start from.
        variations: ``SECTION=a,b`` or ``SECTION.FIELD=a,b``.
        turned: ``SECTION.FIELD=VALUE``, for a part put in another's place too where it has the knob.

    Raises:
        UsageError: a variation of another form, or of what does not exist.
    """
    axes = []
    for text in variations:
        left, equals, values = text.partition("=")
        words = [value.strip() for value in values.split(",") if value.strip()]
        if not equals or not words:
            raise UsageError(f"--vary {text!r} names no values.", "Write --vary retriever.alpha=0.3,0.5,0.7.")
        axes.append([f"{left}={value}" for value in words])
    idle: dict[str, None] = {}
    made = [_varied(base, choice, turned, idle) for base in bases for choice in itertools.product(*axes)]
    for reason in idle:
        warn(reason)
    return made


def _varied(base: Recipe, choice: Sequence[str], turned: Sequence[str], idle: dict[str, None]) -> Recipe:
    """A base with a choice made, its new parts with their knobs turned; those they lack are noted in ``idle``."""
    recipe = base.set(choice)
    fitting = []
    for text in turned:
        section, _, knob = text.partition("=")[0].strip().partition(".")
        new = recipe.choice(section)
        if new.name == base.choice(section).name:
            continue
        if knob in type(new.params).model_fields:
            fitting.append(text)
        else:
            idle[f"{section}.{knob}: of no effect on {new.name}, which has no such knob."] = None
    return recipe.set([*fitting, *choice])


def warn_of_idle(recipes: Sequence[Recipe], deciding: Sequence[str], where: str) -> None:
    """Say so where recipes differ in what cannot change the result."""
    differing = {s for s in SECTIONS if any(r.choice(s) != recipes[0].choice(s) for r in recipes)}
    idle = sorted(differing - set(deciding))
    if idle:
        warn(f"{', '.join(idle)}: of no effect {where}.")


def label(recipe: Recipe, recipes: Sequence[Recipe], deciding: Sequence[str]) -> str:
    """A recipe by whatever of it differs from the others; by its chunker or retriever where nothing does."""
    differing = [s for s in deciding if any(r.choice(s) != recipe.choice(s) for r in recipes)]
    if not differing:
        return str(recipe.choice("chunker" if "chunker" in deciding else "retriever"))
    return " · ".join(_told(section, recipe, recipes) for section in differing)


def _told(section: str, recipe: Recipe, recipes: Sequence[Recipe]) -> str:
    """A part, and of its knobs those that somebody turned and that don't stand alike everywhere."""
    chosen = recipe.choice(section)
    every = [one.choice(section).params for one in recipes]
    turned = {knob for params in every for knob in params.model_dump(exclude_defaults=True)}
    values = [params.model_dump() for params in every]
    own = [
        f"{knob}={value}"
        for knob, value in chosen.params.model_dump().items()
        if knob in turned and any(knob in other and other[knob] != value for other in values)
    ]
    return chosen.name + (f"({', '.join(own)})" if own else "")
