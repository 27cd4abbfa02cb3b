"""What one browser tab looks at among the recipes, and the names by which the page calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.errors import UsageError
from pipelines.recipes.named import NamedRecipe
from pipelines.recipes.saved import Unreadable
from playground.recipes.known import samples, standard
from playground.services import Services
from playground.state import Kept, Session, recipe_of

Kind = Literal["now", "standard", "own", "sample"]

NOW = "now:"
STANDARD = "standard:Standard"


class Comparing(Kept):
    """Which two recipes are compared."""

    a: str = NOW
    b: str = STANDARD


@dataclass(frozen=True)
class Entry:
    """A recipe of the page, and what kind it is."""

    kind: Kind
    named: NamedRecipe

    @property
    def key(self) -> str:
        """How the page calls it."""
        return f"{self.kind}:{self.named.name}"

    @property
    def label(self) -> str:
        """What a person reads; the recipe in use has no name."""
        return self.named.name or "In use now"


def entries(services: Services, session: Session) -> list[Entry]:
    """Every recipe there is: the one in use, a person's own, the standard one, the samples."""
    own = [one for one in services.recipes.all() if isinstance(one, NamedRecipe)]
    return [
        Entry("now", NamedRecipe("", recipe_of(session))),
        *(Entry("own", one) for one in own),
        Entry("standard", standard()),
        *(Entry("sample", one) for one in samples()),
    ]


def unreadable(services: Services) -> list[Unreadable]:
    """Files among a person's recipes that are none."""
    return [one for one in services.recipes.all() if isinstance(one, Unreadable)]


def find(known: Sequence[Entry], key: str) -> Entry:
    """One of them. Raises UsageError: it is not there any more."""
    found = next((one for one in known if one.key == key), None)
    if found is None:
        raise UsageError(f"The recipe {key.partition(':')[2]!r} is not there any more.", "Choose another.")
    return found


def two(known: Sequence[Entry], state: Comparing) -> tuple[Entry, Entry]:
    """The two that are compared; one that is gone makes place for its default."""
    keys = {one.key: one for one in known}
    return keys.get(state.a, keys[NOW]), keys.get(state.b, keys[STANDARD])
