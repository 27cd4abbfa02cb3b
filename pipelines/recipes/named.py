"""A recipe with a name: what is saved, exported and brought back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.parsing import parse, read_text
from pipelines.recipes.versions import VERSION


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe and what is told about it; only the recipe decides what happens."""

    name: str
    recipe: Recipe
    note: str = ""
    saved: str = ""  # when: ISO 8601 in UTC; "" where nobody saved it
    origin: str = ""  # where it came from, in words

    def to_json(self) -> str:
        """The file: a recipe file as :meth:`Recipe.from_json` reads it, with name and note."""
        told = {"name": self.name, "note": self.note, "saved": self.saved, "origin": self.origin}
        about = {field: value for field, value in told.items() if value}
        data = {"version": VERSION, **about, **self.recipe.model_dump(mode="json")}
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, otherwise: str = "") -> NamedRecipe:
        """Read a recipe file; ``otherwise`` is its name where it tells none.

        Raises:
            UsageError: as :meth:`Recipe.from_json`.
        """
        sections, about = parse(text)
        told = {field: about.get(field, "") for field in ("note", "saved", "origin")}
        return cls(about.get("name") or otherwise, Recipe.from_sections(sections), **told)

    @classmethod
    def from_file(cls, path: Path, called: str = "") -> NamedRecipe:
        """Read a recipe file; ``called`` is its name where the path's means nothing.

        Raises:
            UsageError: unreadable, too large, not a recipe; the message names the file.
        """
        called = called or path.name
        text = read_text(path, called)
        try:
            return cls.from_json(text, called.removesuffix(".json"))
        except UsageError as error:
            raise type(error)(f"{called}: {error.message}", error.fix) from error

    def to(self, **changes: str) -> NamedRecipe:
        """A copy with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]
