"""Recipes one can call by name: a person's own, the standard one, the samples."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.recipes.saved import SavedRecipes


@cache
def standard() -> NamedRecipe:
    """What everybody starts with."""
    return NamedRecipe("Standard", Recipe(), "What the app starts with.")


@cache
def samples() -> tuple[NamedRecipe, ...]:
    """The recipes that come with the app."""
    from sample_docs import recipe_files

    return tuple(NamedRecipe.from_file(path) for path in recipe_files())


def named(name: str, saved: SavedRecipes) -> NamedRecipe:
    """A recipe by its name, whatever its capitals; a person's own comes before others of that name.

    Raises:
        UsageError: there is none; the message lists those there are. Or its file is no recipe.
    """
    own = saved.names()
    found = next((known for known in (name, *own) if known in own and known.casefold() == name.casefold()), None)
    if found is not None:
        return saved.get(found)
    others = (standard(), *samples())
    for one in others:
        if one.name.casefold() == name.casefold():
            return one
    known = ", ".join([*own, *(one.name for one in others)])
    raise UsageError(f"There is no recipe file and no recipe called {name!r}.", f"There is: {known}.")


def file_or_named(word: str, saved: SavedRecipes) -> NamedRecipe:
    """A recipe by the path of its file, or by its name.

    Raises:
        UsageError: neither, or the file is no recipe; the message names it.
    """
    path = Path(word)
    return NamedRecipe.from_file(path, word) if path.is_file() else named(word, saved)
