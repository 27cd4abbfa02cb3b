"""The recipes a person has saved: one JSON file each in the data folder, readable by any program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from pipelines.errors import UsageError
from pipelines.named_files import NamedFiles, safe_name
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe

#: Longest note kept, in characters.
_LONGEST_NOTE = 500


@dataclass(frozen=True)
class Unreadable:
    """A file among them that is no recipe: changed by hand, or by a newer app."""

    name: str
    why: str


class SavedRecipes:
    """The recipes of one folder. Safe from any thread.

    Args:
        folder: Made when the first recipe is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._files = NamedFiles(folder, ".json")
        self._lock = Lock()

    @classmethod
    def of(cls, data_dir: Path) -> SavedRecipes:
        """Those of a data folder."""
        return cls(data_dir / "recipes")

    def names(self) -> list[str]:
        """Every name, sorted."""
        return self._files.names()

    def all(self) -> list[NamedRecipe | Unreadable]:
        """Every recipe, the newest first; files that are none come last, with the reason."""
        found: list[NamedRecipe] = []
        broken: list[Unreadable] = []
        for name in self.names():
            try:
                found.append(self._read(name))
            except UsageError as error:
                broken.append(Unreadable(name, str(error)))
        return [*sorted(found, key=lambda one: one.saved, reverse=True), *broken]

    def get(self, name: str) -> NamedRecipe:
        """One recipe. Raises UsageError: there is none of that name, or its file is no recipe."""
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise UsageError(f"There is no saved recipe {name!r}.", f"There is: {known}.")
        return self._read(name)

    def save(self, name: str, recipe: Recipe, *, note: str = "", origin: str = "", replace: bool = False) -> str:
        """Keep a recipe; returns the name it is kept under.

        Raises:
            UsageError: there is one of that name, and it is not to be replaced. StoreError: it cannot be written.
        """
        with self._lock:
            return self._save(safe_name(name, "recipe"), recipe, note, origin, replace)

    def bring(self, found: NamedRecipe, origin: str) -> str:
        """Keep a recipe that came from elsewhere; a name that is taken gets a number. Returns its name."""
        with self._lock:
            name = self._free(safe_name(found.name, "recipe"))
            return self._save(name, found.recipe, found.note, origin, replace=False)

    def rename(self, name: str, new: str) -> str:
        """Give a recipe another name; returns it as it is kept.

        Raises:
            UsageError: there is no such recipe, or one of the new name. StoreError: it cannot be written.
        """
        with self._lock:
            found, new = self.get(name), safe_name(new, "recipe")
            if new == name:
                return name
            if new.casefold() != name.casefold():
                self._vacant(new)
            self._files.rename(name, new)
            self._files.write(new, found.to(name=new).to_json())
        return new

    def delete(self, name: str) -> None:
        """Forget a recipe, or a file that is none. Raises UsageError: there is no such file."""
        with self._lock:
            if name not in self.names():
                raise UsageError(f"There is no saved recipe {name!r} any more.")
            self._files.delete(name)

    def _read(self, name: str) -> NamedRecipe:
        path = self._files.path(name)
        return NamedRecipe.from_file(path).to(name=name)  # whoever renames the file renames the recipe

    def _save(self, name: str, recipe: Recipe, note: str, origin: str, replace: bool) -> str:
        if not replace:
            self._vacant(name)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._files.write(name, NamedRecipe(name, recipe, note.strip()[:_LONGEST_NOTE], now, origin).to_json())
        return name

    def _vacant(self, name: str) -> None:
        if self._files.taken(name):
            raise UsageError(f"There is a recipe {name!r} already.", "Choose another name, or delete that one first.")

    def _free(self, name: str) -> str:
        numbered = (f"{name} {number}" for number in range(2, 10_000))
        return name if not self._files.taken(name) else next(one for one in numbered if not self._files.taken(one))
