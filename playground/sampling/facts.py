"""What a column's server and model make of its knobs: the values really used, and what is not listened to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.engines.base import Engine
from pipelines.engines.sampling import SamplingParams, effective, sampling_of
from pipelines.recipe import Recipe
from pipelines.sampling import Knobs
from playground.services import Services

#: Options that the lens cannot undo, with the value at which they do nothing.
_BEFORE_ALL = {"repeat_penalty": 1, "presence_penalty": 0, "frequency_penalty": 0}


#: No knob is turned, not even by the recipe.
_UNTOUCHED = SamplingParams.model_validate(dict.fromkeys(SamplingParams.model_fields))


@dataclass(frozen=True)
class Facts:
    """A column, as its server sees it."""

    engine: str
    version: str
    model: str
    values: Mapping[str, tuple[Any, str]]  # option -> (value, who decided it)
    untouched: Mapping[str, tuple[Any, str]]  # the same, had nobody turned a knob
    ignored: Mapping[str, str]  # option -> why it is not taken
    order: tuple[str, ...]  # of the samplers
    vocabulary: int | None

    @property
    def knobs(self) -> Knobs:
        """The draw as the server does it: what it ignores is neutral."""
        return Knobs.of({name: value for name, (value, _) in self.values.items() if name not in self.ignored})

    @property
    def penalties(self) -> tuple[str, ...]:
        """Penalties in force."""
        return tuple(
            name
            for name, nothing in _BEFORE_ALL.items()
            if name not in self.ignored and self.values.get(name, (nothing, ""))[0] not in (None, nothing)
        )


def at_hand(services: Services, recipe: Recipe) -> tuple[Engine, str]:
    """Engine and model of a column.

    Raises:
        ModelMissing: there is none, or not the one asked for. EngineUnreachable.
    """
    way = "Start Ollama and pull a model, or get the built-in one in the sidebar, under Engine."
    return services.library.engines.required(recipe.choice("model"), "at hand", way)


def facts_of(engine: Engine, model: str, recipe: Recipe) -> Facts:
    """Ask the server. Raises EngineError."""
    params, info = sampling_of(recipe.choice("sampling")), engine.info(model)
    return Facts(
        engine=engine.name,
        version=engine.version,
        model=model,
        values=effective(params, info, engine),
        untouched=effective(_UNTOUCHED, info, engine),
        ignored=engine.ignored_options(model),
        order=engine.sampler_order(model),
        vocabulary=info.vocabulary,
    )
