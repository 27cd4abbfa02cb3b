"""Recipes to compare: every combination of what is varied, and what each is called among the others."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from pipelines.errors import UsageError
from pipelines.recipe import Recipe


def grid(
    bases: Iterable[Recipe], variations: Sequence[str], turned: Sequence[str] = ()
) -> tuple[list[Recipe], list[str]]:
    """Every base with every combination of the values to vary, in the order given, equal recipes once.

    A knob has no effect on a part that lacks it: ``retriever=hybrid,keyword`` with
    ``retriever.fusion=relative,rrf`` makes three recipes.

    Args:
        bases: Recipes to start from.
        variations: ``SECTION=a,b`` or ``SECTION.FIELD=a,b``.
        turned: ``SECTION.FIELD=VALUE``, for a part put in another's place too where it has the knob.

    Returns:
        The recipes; and a sentence for every knob that some of their parts lack.

    Raises:
        UsageError: a variation of another form, or of what does not exist: a knob that no recipe has, too.
    """
    axes = [_values(text) for text in variations]
    fitted = _Fitted()
    made: list[Recipe] = []
    for base in bases:
        for choice in itertools.product(*axes):
            recipe = _varied(base, choice, turned, fitted)
            if recipe not in made:
                made.append(recipe)
    for knob in itertools.chain.from_iterable(axes) if made else ():
        if _is_knob(knob) and _name(knob) not in fitted.taken:
            made[0].set([knob])  # says what there is
    return made, list(fitted.notes())


def label(recipe: Recipe, recipes: Sequence[Recipe], deciding: Sequence[str]) -> str:
    """A recipe by whatever of it differs from the others; by its chunker or retriever where nothing does.

    Args:
        recipe: One of ``recipes``.
        recipes: Those that stand side by side.
        deciding: Sections that matter there.
    """
    differing = [s for s in deciding if any(r.choice(s) != recipe.choice(s) for r in recipes)]
    if not differing:
        return str(recipe.choice("chunker" if "chunker" in deciding else "retriever"))
    return " · ".join(_told(section, recipe, recipes) for section in differing)


class _Fitted:
    """Which knobs some part took, and which parts lack which."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._lacking: dict[str, dict[str, None]] = {}

    def choose(self, texts: Iterable[str], recipe: Recipe) -> list[str]:
        """The assignments that a recipe's parts have a knob for."""
        fitting = []
        for text in texts:
            section, _, knob = _name(text).partition(".")
            chosen = recipe.choice(section)
            if knob in type(chosen.params).model_fields:
                self.taken.add(_name(text))
                fitting.append(text)
            else:
                self._lacking.setdefault(_name(text), {})[chosen.name] = None
        return fitting

    def notes(self) -> Iterator[str]:
        """A sentence a knob."""
        for knob, parts in self._lacking.items():
            have = "has" if len(parts) == 1 else "have"
            yield f"{knob}: of no effect on {', '.join(parts)}, which {have} no such knob."


def _varied(base: Recipe, choice: Sequence[str], turned: Sequence[str], fitted: _Fitted) -> Recipe:
    """A base with a choice made, its new parts with their knobs turned."""
    recipe = base.set(text for text in choice if not _is_knob(text))
    new = {s for s in map(_section, turned) if recipe.choice(s).name != base.choice(s).name}
    kept = fitted.choose((text for text in turned if _section(text) in new), recipe)
    return recipe.set([*kept, *fitted.choose(filter(_is_knob, choice), recipe)])


def _values(text: str) -> list[str]:
    """``a.b=1,2`` as ``a.b=1`` and ``a.b=2``; a JSON list or object is one value."""
    left, equals, values = text.partition("=")
    words = [value.strip() for value in _split(values) if value.strip()]
    if not equals or not words:
        raise UsageError(f"--vary {text!r} names no values.", "Write --vary retriever.alpha=0.3,0.5,0.7.")
    return [f"{left.strip()}={value}" for value in words]


def _split(values: str) -> list[str]:
    """The values between commas, those inside balanced brackets not counted."""
    found, depth, quoted = [""], 0, False
    for at, character in enumerate(values):
        if depth and character == '"' and values[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth = max(0, depth + (character in "[{") - (character in "]}"))
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return values.split(",") if depth else found


def _name(text: str) -> str:
    return text.partition("=")[0].strip()


def _section(text: str) -> str:
    return _name(text).partition(".")[0]


def _is_knob(text: str) -> bool:
    return "." in _name(text)


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
