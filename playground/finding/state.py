"""What one browser tab has chosen in the retrieval lab. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipelines.errors import PlaygroundError, UsageError
from pipelines.evaluation.question_sets import MINE
from pipelines.recipe import Choice, Recipe, choose
from playground.finding.grid import Grid
from playground.lab.state import LETTERS
from playground.state import Kept, Session, recipe_of

#: Sections that the columns vary.
SECTIONS = ("retriever", "reranker")

#: What the columns start with, after the retriever in use.
_FIRST: tuple[dict[str, Any], ...] = (
    {"name": "semantic"},
    {"name": "keyword"},
    {"name": "hybrid", "params": {"fusion": "rrf"}},
    {"name": "hybrid"},
)


class Finding(Kept):
    """A person's choices in the lab: immutable plain data."""

    asked: str = ""
    documents: tuple[str, ...] = ()  # looked in; none: all of them
    pages: str = ""  # "1-3, 8"; empty: all
    answer: bool = False  # whether each column answers too
    shown: int = Field(default=3, ge=2, le=4)
    columns: tuple[dict[str, Any], ...] = ()  # of each column: section -> {"name", "params"}
    picked: str = ""  # id of the passage whose page is open
    zoom: int = 100
    questions: str = "samples"  # the set that is measured, or edited
    into: str = Field(default=MINE, max_length=80)  # the set that marked answers go to
    grid: Grid = Grid()  # what is measured

    def work(self, what: Literal["grid", "drafts", "answers"]) -> str:
        """Names this page's measurement, its drafted questions, or its graded answers."""
        return f"{self.id}:{what}"


def choices(session: Session, lab: Finding) -> tuple[dict[str, Choice], ...]:
    """Retriever and reranker of each of the four columns; what cannot be read takes its default."""
    base = recipe_of(session)
    first = base.choice("retriever")
    others = [one for one in (choose("retriever", value) for value in _FIRST) if one != first]
    made = [{section: base.choice(section) for section in SECTIONS}]
    made += [{"retriever": one, "reranker": choose("reranker", "none")} for one in others[: len(LETTERS) - 1]]
    for at, kept in enumerate(lab.columns[: len(LETTERS)]):
        for section in SECTIONS:
            try:
                made[at][section] = choose(section, kept[section])
            except (PlaygroundError, KeyError):
                continue
    return tuple(made)


def recipes(session: Session, lab: Finding) -> tuple[Recipe, ...]:
    """The recipe of each shown column: the session's, with the column's retriever and reranker."""
    base = recipe_of(session)
    return tuple(base.model_copy(update=one) for one in choices(session, lab)[: lab.shown])


def with_column(session: Session, lab: Finding, column: int, choice: Choice, section: str) -> Finding:
    """The lab with another retriever or reranker in a column."""
    every = [dict(one) for one in choices(session, lab)]
    every[column][section] = choice
    return lab.to(columns=tuple({name: one.model_dump(mode="json") for name, one in each.items()} for each in every))


def with_recipe(session: Session, lab: Finding, column: int, recipe: Recipe) -> Finding:
    """The lab with a recipe's retriever and reranker in a column."""
    for section in SECTIONS:
        lab = with_column(session, lab, column, recipe.choice(section), section)
    return lab


def use_in_chat(session: Session, lab: Finding, column: int) -> Session:
    """The session with a column's retriever and reranker in its recipe. Raises UsageError: no such column."""
    if not 0 <= column < lab.shown:
        raise UsageError("That column is not there any more.")
    return session.to(recipe=recipes(session, lab)[column].to_json())
