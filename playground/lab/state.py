"""What one browser tab has chosen in the chunking lab. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipelines.errors import PlaygroundError, UsageError
from pipelines.recipe import Choice, Recipe, choose
from playground.state import Kept, Session, recipe_of

LETTERS = "ABCD"

#: Longest pasted text, in characters: the browser keeps it.
MOST_PASTED = 200_000

#: What the columns start with, after the chunker in use: strategies that differ in kind.
_FIRST = ("fixed", "semantic", "structure")


class Lab(Kept):
    """A person's choices in the lab: immutable plain data."""

    document: str = ""  # of the library; empty: the pasted text
    pasted: str = Field(default="", max_length=MOST_PASTED)
    sheet: int = 1  # page of a PDF, part of a text
    view: Literal["page", "text"] = "page"
    zoom: int = 100
    shown: int = Field(default=2, ge=2, le=4)
    columns: tuple[dict[str, Any], ...] = ()  # chunker of each column: {"name", "params"}
    picked: str = ""  # "A:12": the thirteenth chunk of column A
    asked: str = ""
    questions: str = "samples"
    budget: int = Field(default=4000, ge=100, le=100_000)

    @property
    def picked_place(self) -> tuple[int, int] | None:
        """(column, chunk) of the chunk picked, both from 0."""
        letter, _, number = self.picked.partition(":")
        if letter not in list(LETTERS[: self.shown]) or not (number.isascii() and number.isdigit()):
            return None
        return LETTERS.index(letter), int(number)


def chunkers(session: Session, lab: Lab) -> tuple[Choice, ...]:
    """The chunker of each of the four columns; what cannot be read takes its default."""
    first = recipe_of(session).choice("chunker")
    made = [first, *(choose("chunker", name) for name in _FIRST)]
    if first.name in _FIRST:
        made[1 + _FIRST.index(first.name)] = choose("chunker", "sentence")
    for at, kept in enumerate(lab.columns[: len(LETTERS)]):
        try:
            made[at] = choose("chunker", kept)
        except PlaygroundError:
            continue
    return tuple(made)


def recipes(session: Session, lab: Lab) -> tuple[Recipe, ...]:
    """The recipe of each shown column: the session's, with the column's chunker."""
    base = recipe_of(session)
    return tuple(base.model_copy(update={"chunker": choice}) for choice in chunkers(session, lab)[: lab.shown])


def with_column(session: Session, lab: Lab, column: int, choice: Choice) -> Lab:
    """The lab with another chunker in a column; a chunk picked there is let go."""
    columns = [one.model_dump(mode="json") for one in chunkers(session, lab)]
    columns[column] = choice.model_dump(mode="json")
    place = lab.picked_place
    return lab.to(columns=tuple(columns), picked="" if place and place[0] == column else lab.picked)


def use_in_chat(session: Session, lab: Lab, column: int) -> Session:
    """The session with a column's chunker in its recipe.

    Raises:
        UsageError: there is no such column.
    """
    if not 0 <= column < lab.shown:
        raise UsageError("That column is not there any more.")
    return session.to(recipe=recipes(session, lab)[column].to_json())
