"""What is measured: a set of questions over every combination of the chosen parts and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import UsageError
from pipelines.evaluation.grid import grid as combine
from pipelines.evaluation.grid import label
from pipelines.evaluation.strategies import Row, compare
from pipelines.recipe import Recipe
from pipelines.scratch import Work
from playground.lab.measuring import choose
from playground.measurements import Measurement
from playground.runs import labs
from playground.services import Services
from playground.state import Session, recipe_of

Level = Literal["quote", "page", "document"]

#: Sections that decide what is retrieved.
DECIDING = ("chunker", "embedder", "retriever", "reranker")

#: Metrics of a level, in the order of the table; {k} is each recipe's own.
METRICS = ("hit@{k}", "recall@10", "precision@{k}", "mrr@10", "map", "ndcg@10")

#: Most combinations measured at once.
MOST = 200


class Grid(BaseModel):
    """A person's choices: what to combine, and how to look at the result."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    chunkers: tuple[str, ...] = ()  # none: the recipe's
    retrievers: tuple[str, ...] = ("hybrid", "semantic", "keyword")
    fusions: tuple[str, ...] = ("relative",)
    ks: tuple[int, ...] = (5,)
    rerankers: tuple[str, ...] = ("none",)
    level: Level = "quote"
    metric: str = Field(default="ndcg@10", max_length=40)
    baseline: int = Field(default=0, ge=0)
    against: int = Field(default=-1, ge=-1)  # the row whose questions are shown; -1: none


def combinations(session: Session, grid: Grid) -> tuple[list[Recipe], list[str]]:
    """The recipes of a grid, and what of it has no effect.

    Raises:
        UsageError: nothing is chosen, or too much.
    """
    axes = {
        "chunker": grid.chunkers,
        "retriever": grid.retrievers,
        "retriever.fusion": grid.fusions,
        "retriever.k": grid.ks,
        "reranker": grid.rerankers,
    }
    variations = [f"{name}={','.join(map(str, values))}" for name, values in axes.items() if values]
    recipes, notes = combine([recipe_of(session)], variations)
    if len(recipes) > MOST:
        raise UsageError(f"{len(recipes)} combinations are more than {MOST}.", "Choose fewer.")
    return recipes, notes


def start(services: Services, session: Session, page: str, questions: str, grid: Grid) -> None:
    """Measure a grid in the background.

    Raises:
        UsageError: no question can be asked, or a measurement is still under way.
    """
    recipes, _ = combinations(session, grid)
    chosen = choose(services, questions)
    first = Measurement(
        questions=questions,
        asked=len(chosen.questions),
        recipes=tuple(recipes),
        left_out=chosen.left_out,
        each=chosen.questions,
    )

    def source(work: Work) -> Iterator[Row]:
        rows = compare(chosen.questions, chosen.documents, recipes, services.library.scratch, work=work)
        yield from labs.measured(services, labs.RETRIEVAL, questions, recipes, len(chosen.questions), rows)

    services.measurements.start(page, first, source)


def name_of(metric: str, level: Level, row: Row) -> str:
    """A metric as a row calls it: ``page:hit@5``."""
    k = getattr(row.recipe.choice("retriever").params, "k", 5)
    return ("" if level == "quote" else f"{level}:") + metric.format(k=k)


def values_of(metric: str, level: Level, row: Row) -> list[float]:
    """A metric of every question."""
    name = name_of(metric, level, row)
    return [one[name] for one in row.per_question]


def labels(recipes: tuple[Recipe, ...]) -> list[str]:
    """Each recipe by what differs from the others."""
    return [label(recipe, recipes, DECIDING) for recipe in recipes]
