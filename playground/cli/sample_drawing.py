"""The columns of ``sample`` being drawn, step by step: told to people here, streamed to programs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.errors import PlaygroundError, UsageError
from pipelines.recipe import Recipe
from playground.cli.sample_columns import Column, name_of

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.engines import Engines
    from pipelines.engines.base import Engine, Message
    from pipelines.engines.sampling import SamplingParams
    from pipelines.evaluation.variety import Variety
    from pipelines.samples import Sample


@dataclass(frozen=True)
class Step:
    """What has happened: a column begins (no sample), a text of it has grown, or all of it is there (``done``)."""

    column: Column
    sample: Sample | None = None
    number: int = 0  # of the text, from 1
    of: int = 0
    done: bool = False
    notes: tuple[str, ...] = ()  # what a person should know now

    @property
    def ended(self) -> bool:
        """Whether the text grows no more."""
        return self.sample is not None and self.sample.state not in ("waiting", "running")


def check(asked: str) -> None:
    """Raises UsageError: there is no prompt."""
    if not asked.strip():
        raise UsageError("The prompt is empty.", 'Write it in quotation marks: "…".')


def draws_of(recipe: Recipe, repeat: int, given: Sequence[int]) -> list[SamplingParams]:
    """The settings of each text of a column: all alike but for the seed.

    Raises:
        UsageError: fewer seeds than repeats, or a seed out of bounds.
    """
    from pipelines.engines.sampling import sampling_of
    from pipelines.samples import seeds

    own = sampling_of(recipe.choice("sampling"))
    if repeat == 1 and not given:
        return [own]
    chosen = seeds(repeat, given, first=1 if own.seed is None else own.seed)
    return [sampling_of(recipe.with_("sampling", seed=seed).choice("sampling")) for seed in chosen]


def drawing(
    engines: Engines,
    asked: str,
    recipes: Sequence[Recipe],
    draws: Sequence[Sequence[SamplingParams]],
    embedder: Embedder,
    cancel: CancelFlag | None = None,
) -> Iterator[Step]:
    """Draw every column; what fails is kept in its column, so that the others go on.

    Args:
        engines: Where the models are.
        asked: The prompt.
        recipes: One a column.
        draws: The settings of each column's texts, from :func:`draws_of`.
        embedder: Tells how alike texts of a column are in meaning.
        cancel: When set, the text under way ends as "stopped".
    """
    for recipe, own in zip(recipes, draws, strict=True):
        yield from _column(engines, asked, recipe, name_of(recipe, recipes), own, embedder, cancel)


def nothing_drawn(columns: Sequence[Column]) -> PlaygroundError | None:
    """The reason, where nothing could be drawn at all, for the same one everywhere."""
    errors = [column.error for column in columns if column.error is not None]
    alike = len({str(error) for error in errors}) == 1
    whole = len(errors) == len(columns) and not any(column.samples for column in columns)
    return errors[0] if errors and alike and whole else None


def _column(
    engines: Engines,
    asked: str,
    recipe: Recipe,
    name: str,
    draws: Sequence[SamplingParams],
    embedder: Embedder,
    cancel: CancelFlag | None,
) -> Iterator[Step]:
    from pipelines.samples import draw

    column = Column(name, system=_system(recipe))
    try:
        engine, model = engines.required(recipe.choice("model"), "to draw from")
        column = _known(column, engine, model, recipe, draws)
    except PlaygroundError as error:
        yield Step(replace(column, error=error), done=True)
        return
    yield Step(column, notes=tuple(_idle(column)))
    samples: list[Sample] = []
    for number, params in enumerate(draws, 1):
        last: Sample | None = None
        for last in draw(engine, model, messages_of(recipe, asked), params, cancel=cancel):
            yield Step(column, last, number, len(draws))
        assert last is not None
        samples.append(last)
    errors = [one.error for one in samples if one.error is not None]
    column = replace(column, samples=tuple(samples), error=errors[0] if errors else None)
    if len(draws) == 1:
        yield Step(column, done=True)
        return
    variety, notes = _variety(samples, embedder)
    yield Step(replace(column, variety=variety), done=True, notes=notes)


def _known(column: Column, engine: Engine, model: str, recipe: Recipe, draws: Sequence[SamplingParams]) -> Column:
    """The column with who draws it and the values really used. Raises EngineError."""
    from pipelines.engines.sampling import effective, sampling_of

    own = sampling_of(recipe.choice("sampling"))
    values = effective(own, engine.info(model), engine)
    if draws[0] != own or len(draws) > 1:
        values["seed"] = _seeds_used(draws)
    ignored = {name: why for name, why in engine.ignored_options(model).items() if name in values}
    return replace(column, engine=engine.name, model=model, version=engine.version, values=values, ignored=ignored)


def _idle(column: Column) -> Iterator[str]:
    """A sentence for each option that was set and is not taken."""
    for option, why in column.ignored.items():
        if column.values[option][1] == "you":
            yield f"{column.title}: sampling.{option} has no effect. {why}"


def _seeds_used(draws: Sequence[SamplingParams]) -> tuple[Any, str]:
    """The seed as an effective value: all of them where a column has several texts."""
    used = [params.seed for params in draws]
    return (used, "repeats") if len(used) > 1 else (used[0], "you")


def _system(recipe: Recipe) -> str:
    """The instructions, where the recipe has its own: those it comes with speak of passages, and there are none."""
    from pipelines.answering.prompt import SYSTEM

    own = str(getattr(recipe.choice("prompt").params, "system", SYSTEM))
    return "" if own == SYSTEM else own


def messages_of(recipe: Recipe, asked: str) -> list[Message]:
    """What the model is told: the recipe's own instructions, where it has some, and the prompt."""
    from pipelines.engines.base import Message

    system, turn = _system(recipe), Message("user", asked)
    return [Message("system", system), turn] if system else [turn]


def _variety(samples: Sequence[Sample], embedder: Embedder) -> tuple[Variety, tuple[str, ...]]:
    """How much the texts vary; and why there is no similarity by meaning, where there is none."""
    from pipelines.embedding.pieces import embed_whole
    from pipelines.evaluation.variety import done, variety_of

    texts = [one.text for one in done(samples)]
    try:
        return variety_of(samples, embed_whole(texts, embedder) if len(texts) > 1 else None), ()
    except PlaygroundError as error:
        return variety_of(samples, None), (f"No similarity by meaning: {error}",)
