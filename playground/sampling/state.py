"""What one browser tab has chosen in the sampling lab. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.engines.base import Message, Role
from pipelines.engines.presets import applied
from pipelines.engines.sampling import sampling_of
from pipelines.errors import PlaygroundError, UsageError
from pipelines.recipe import Choice, Recipe, choose
from playground.lab.state import LETTERS
from playground.state import Kept, Session, recipe_of

#: Sections that a column has; only the sampling should differ.
SECTIONS = ("model", "sampling")

#: Knobs of the sampling section that the lab leaves to the recipe: another window would load the model again.
LEFT_OUT = ("num_ctx",)

#: What the columns start with, after the sampling in use: presets, from sure to daring.
_FIRST = ("greedy", "creative", "neutral")

#: What a token's colour stands for.
Tint = Literal["probability", "surprise", "entropy", "none"]

#: Whose order of samplers the lens follows.
Order = Literal["server", "llama", "go"]


class Lens(BaseModel):
    """The knobs a finished answer is looked at through; None is the column's own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    temperature: float | None = Field(default=None, ge=0)  # a model file may go beyond a column's bounds
    top_k: int | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, ge=0, le=1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    typical_p: float | None = Field(default=None, ge=0, le=1)
    order: Order = "server"


class Many(BaseModel):
    """How often each column is drawn."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    repeat: int = Field(default=5, ge=2, le=100)
    seeds: str = Field(default="", max_length=2000)  # "1, 2, 3"; empty: 1, 2, …
    temperatures: str = Field(default="0, 0.4, 0.8, 1.2, 1.6", max_length=400)
    swept: int = Field(default=0, ge=0, le=3)  # the column whose temperature is swept


class Sampling(Kept):
    """A person's choices in the lab: immutable plain data."""

    system: str = Field(default="", max_length=20_000)
    prompt: str = Field(default="", max_length=200_000)
    before: tuple[tuple[Role, str], ...] = ()  # earlier turns of the conversation a prompt was taken from
    shown: int = Field(default=2, ge=2, le=4)
    columns: tuple[dict[str, Any], ...] = ()  # of each column: section -> {"name", "params"}
    together: bool = False  # all columns at once, or one after the other
    tint: Tint = "probability"
    column: int = Field(default=0, ge=0, le=3)  # whose answer the lens is over
    token: int = Field(default=-1, ge=-1)  # which of its tokens is looked at; -1: none
    pair: tuple[int, int] = (0, 1)  # columns whose first difference is shown
    lens: Lens = Lens()
    many: Many = Many()

    def work(self, what: Literal["draw", "exact", "probe", "many", "sweep"]) -> str:
        """Names this page's drawing, its full distributions, its probe, its repeats, or its sweep."""
        return f"{self.id}:{what}"

    @property
    def messages(self) -> list[Message]:
        """What the model is told."""
        system = [Message("system", self.system)] if self.system.strip() else []
        return [*system, *(Message(role, text) for role, text in self.before), Message("user", self.prompt)]


def choices(session: Session, lab: Sampling) -> tuple[dict[str, Choice], ...]:
    """Model and sampling of each of the four columns; what cannot be read takes its default."""
    base = recipe_of(session)
    params = sampling_of(base.choice("sampling"))
    made = [{section: base.choice(section) for section in SECTIONS}]
    for name in _FIRST:
        sampling = Choice(name=base.choice("sampling").name, params=applied(params, name))
        made.append({"model": base.choice("model"), "sampling": sampling})
    for at, column in enumerate(lab.columns[: len(LETTERS)]):
        for section in SECTIONS:
            try:
                made[at][section] = choose(section, column[section])
            except (PlaygroundError, KeyError):
                continue
    return tuple(made)


def recipes(session: Session, lab: Sampling) -> tuple[Recipe, ...]:
    """The recipe of each shown column: the session's with the column's model and sampling, the window unchanged."""
    base = recipe_of(session)
    window = getattr(base.choice("sampling").params, "num_ctx", None)
    made = (base.model_copy(update=one) for one in choices(session, lab)[: lab.shown])
    return tuple(recipe.with_("sampling", num_ctx=window) for recipe in made)


def with_column(session: Session, lab: Sampling, column: int, choice: Choice, section: str) -> Sampling:
    """The lab with another model or sampling in a column."""
    every = [dict(one) for one in choices(session, lab)]
    every[column][section] = choice
    return lab.to(columns=tuple({name: one.model_dump(mode="json") for name, one in each.items()} for each in every))


def use_in_chat(session: Session, lab: Sampling, column: int) -> Session:
    """The session with a column's model and sampling in its recipe. Raises UsageError: no such column."""
    if not 0 <= column < lab.shown:
        raise UsageError("That column is not there any more.")
    return session.to(recipe=recipes(session, lab)[column].to_json())
