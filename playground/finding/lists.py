"""Lists kept while a person moves sliders: one memory a question, collection and filter."""

from __future__ import annotations

from pipelines.recipe import INDEX_SECTIONS, Recipe
from pipelines.remembered import Remembered
from pipelines.retrieval.remembering import Fetched

#: Questions remembered.
_QUESTIONS = 24


class Lists:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._kept: Remembered[Fetched] = Remembered(_QUESTIONS)

    def of(self, question: str, recipe: Recipe, held: tuple[str, ...], pages: str) -> Fetched:
        """The memory of a question in one collection.

        Args:
            held: Names what the collection holds and where it is looked: another name, another memory.
        """
        return self._kept.get((question, recipe.fingerprint(INDEX_SECTIONS), pages, *held), Fetched)
