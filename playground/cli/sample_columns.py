"""The columns of ``sample``: what each is called, what was drawn with it, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe

if TYPE_CHECKING:
    from pipelines.evaluation.variety import Variety
    from pipelines.samples import Sample

#: Sections that decide what is drawn; of the prompt only the instructions, where the recipe has its own.
DECIDING = ("prompt", "model", "sampling")


@dataclass(frozen=True)
class Column:
    """One setting, and what was drawn with it."""

    name: str  # what tells it from the other columns; "" where there is one
    engine: str = ""
    version: str = ""
    model: str = ""
    system: str = ""
    values: Mapping[str, tuple[Any, str]] = field(default_factory=dict)  # option -> (value, origin)
    ignored: Mapping[str, str] = field(default_factory=dict)  # option -> why
    samples: tuple[Sample, ...] = ()
    variety: Variety | None = None
    error: PlaygroundError | None = None

    @property
    def title(self) -> str:
        """The column as told to people."""
        who = f"{self.model} ({self.engine})" if self.model else ""
        return " · ".join(filter(None, (self.name, who))) or "sample"

    def to_json(self) -> dict[str, Any]:
        """The column in the fields of the command line."""
        data: dict[str, Any] = {
            "name": self.name,
            "engine": self.engine,
            "version": self.version,
            "model": self.model,
            "sampling": {option: value for option, (value, _) in self.values.items()},
            "origins": {option: origin for option, (_, origin) in self.values.items()},
            "ignored": dict(self.ignored),
            "samples": [one.to_json() for one in self.samples],
            "variety": self.variety and self.variety.to_json(),
        }
        if self.system:
            data["system"] = self.system
        if self.error is not None:
            data["error"] = {"message": self.error.message, "fix": self.error.fix}
        return data


def name_of(recipe: Recipe, recipes: Sequence[Recipe]) -> str:
    """What tells a recipe from the others: "model=builtin, temperature=0.2"."""
    differing = {tuple(key.partition(".")[::2]) for one in recipes for key in recipe.diff(one)}
    keys = sorted((DECIDING.index(section), knob) for section, knob in differing if section in DECIDING)
    return ", ".join(_told(recipe, DECIDING[place], knob) for place, knob in keys)


def _told(recipe: Recipe, section: str, knob: str) -> str:
    chosen = recipe.choice(section)
    return f"{knob}={getattr(chosen.params, knob)}" if knob else f"{section}={chosen.name}"
