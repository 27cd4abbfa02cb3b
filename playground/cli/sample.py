"""``sample``: texts drawn with one or more settings, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import PlaygroundError, UsageError
from pipelines.recipe import Recipe
from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, problem, warn
from playground.cli.grid import grid, warn_of_idle
from playground.cli.options import Call, command
from playground.cli.sample_columns import DECIDING, Column, name_of
from playground.cli.sample_words import Teller, show_variety

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.engines import Engines
    from pipelines.engines.base import Engine, Message
    from pipelines.engines.sampling import SamplingParams
    from pipelines.evaluation.variety import Variety
    from pipelines.samples import Sample


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "sample")(sample)


def sample(
    call: Call,
    asked: Annotated[str, typer.Argument(metavar="PROMPT", help="What the model is asked.")],
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help="SECTION=a,b or SECTION.FIELD=a,b: a column each; repeatable.", metavar="VALUES"),
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", help="Texts a column, with seeds 1, 2, … unless --seeds.", min=1, metavar="N")
    ] = 1,
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="One a text: 1,2,3.", metavar="LIST", show_default=False)
    ] = None,
) -> Result:
    """Draw texts from a model, with every token's probability, and compare settings side by side. Only the model, the
    sampling and prompt.system count.

    Example: playground sample "Name a sea animal." --vary sampling.temperature=0,0.7,1.2 --repeat 5
    """
    from pipelines.embedding.builtin import BuiltinEmbedder
    from pipelines.engines import Engines
    from playground.runs import outcomes

    if not asked.strip():
        raise UsageError("The prompt is empty.", 'Write it in quotation marks: "…".')
    recipes = grid(call.recipes, vary or (), call.turned)
    warn_of_idle(recipes, DECIDING, "on what is drawn")
    given = _numbers(seeds)
    plans = [(recipe, _draws(recipe, repeat, given)) for recipe in recipes]
    embedder = BuiltinEmbedder(call.settings.threads)
    columns: list[Column] = []
    inputs = {"repeat": repeat, "seeds": list(given), "recipes": [one.to_json() for one in recipes]}
    begun = [Begun("sample", one.to_json(), asked, (), inputs, COMMAND_LINE) for one in recipes]
    with closing(Engines(call.settings)) as engines, Progress() as progress, call.recording(engines) as recorder:
        teller = Teller(progress, live=not call.json)
        with recorder.together(begun) as runs:
            for (recipe, draws), run in zip(plans, runs, strict=True):
                started = monotonic()
                columns.append(_column(engines, asked, recipe, recipes, draws, teller, embedder))
                recorder.end(run, outcomes.of_samples(columns[-1].to_json(), monotonic() - started))
    failed = _report(columns)
    data = {"columns": [column.to_json() for column in columns]}
    found = [(column.name or column.title, column.variety) for column in columns if column.variety is not None]
    return Result(data, lambda out: show_variety(out, found), int(failed > 0))


def _report(columns: Sequence[Column]) -> int:
    """Say which columns failed, and how many.

    Raises:
        PlaygroundError: nothing could be drawn at all, for the same reason everywhere.
    """
    errors = [(column, column.error) for column in columns if column.error is not None]
    reasons = {str(error) for _, error in errors}
    if len(errors) == len(columns) and len(reasons) == 1 and not any(column.samples for column in columns):
        raise errors[0][1]
    for column, error in errors:
        problem(f"{column.title}: {error}")
    return len(errors)


def _numbers(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",") if word.strip()) if text else ()
    except ValueError as error:
        raise UsageError(f"--seeds {text!r} is not a list of numbers.", "Write --seeds 1,2,3.") from error


def _draws(recipe: Recipe, repeat: int, given: Sequence[int]) -> list[SamplingParams]:
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


def _column(
    engines: Engines,
    asked: str,
    recipe: Recipe,
    recipes: Sequence[Recipe],
    draws: Sequence[SamplingParams],
    teller: Teller,
    embedder: Embedder,
) -> Column:
    """Draw one column; what fails is kept in it, so that the others go on."""
    from pipelines.engines.sampling import effective, sampling_of

    column, own = Column(name_of(recipe, recipes)), sampling_of(recipe.choice("sampling"))
    try:
        engine, model = engines.required(recipe.choice("model"), "to draw from")
        column = replace(column, engine=engine.name, model=model)
        values = effective(own, engine.info(model), engine)
        if draws[0] != own or len(draws) > 1:
            values["seed"] = _seeds_used(draws)
        ignored = {name: why for name, why in engine.ignored_options(model).items() if name in values}
        column = replace(column, version=engine.version, values=values, ignored=ignored)
    except PlaygroundError as error:
        return replace(column, error=error)
    for option, why in ignored.items():
        if values[option][1] == "you":
            warn(f"{column.title}: sampling.{option} has no effect. {why}")
    system = _system(recipe)
    teller.begin(column.title, values)
    samples = tuple(_drawn(engine, model, messages_of(recipe, asked), draws, teller))
    errors = [one.error for one in samples if one.error is not None]
    return replace(
        column,
        system=system,
        samples=samples,
        variety=_variety(samples, embedder) if len(draws) > 1 else None,
        error=errors[0] if errors else None,
    )


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


def _drawn(
    engine: Engine, model: str, messages: Sequence[Message], draws: Sequence[SamplingParams], teller: Teller
) -> Iterator[Sample]:
    from pipelines.samples import draw

    for number, params in enumerate(draws, 1):
        last: Sample | None = None
        for last in draw(engine, model, messages, params):
            teller.follow(last, number, len(draws))
        assert last is not None
        teller.end(last)
        yield last


def _variety(samples: Sequence[Sample], embedder: Embedder) -> Variety:
    from pipelines.embedding.pieces import embed_whole
    from pipelines.evaluation.variety import done, variety_of

    texts = [one.text for one in done(samples)]
    vectors = None
    try:
        vectors = embed_whole(texts, embedder) if len(texts) > 1 else None
    except PlaygroundError as error:
        warn(f"No similarity by meaning: {error}")
    return variety_of(samples, vectors)
