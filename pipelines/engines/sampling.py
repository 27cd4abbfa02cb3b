"""The sampling section of a recipe: Ollama's own option names, and the values really used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipelines.engines.base import Engine, ModelInfo
from pipelines.registry import PartParams, knob, part

if TYPE_CHECKING:
    from pipelines.recipe import Choice

_HOLTZMAN = "Holtzman et al. 2020, arXiv:1904.09751"
_KESKAR = "Keskar et al. 2019, arXiv:1909.05858"


def _stops(value: Any) -> Any:
    """One stop text is a list of one."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


#: Stop texts; one alone is taken too, since it is typed on a command line.
Stops = Annotated[tuple[str, ...] | None, BeforeValidator(_stops, json_schema_input_type=tuple[str, ...] | str | None)]


def _schema_text(value: Any) -> Any:
    """A JSON schema as the text of a JSON object; no text at all as None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise PydanticCustomError("json_schema", "it is not JSON ({why})", {"why": str(error)}) from error
    if not isinstance(found, dict):
        raise PydanticCustomError("json_schema", 'a JSON schema is an object, such as {{"type": "object"}}')
    return value.strip()


#: A JSON schema as text; a mapping is taken too, since a command line hands it over parsed.
Schema = Annotated[str | None, BeforeValidator(_schema_text, json_schema_input_type=str | dict[str, Any] | None)]


class SamplingParams(PartParams):
    """Knobs of the draw. None leaves a value to the model file, then to the server."""

    temperature: float | None = knob(
        None,
        "Spread of the draw: 0 always takes the likeliest token, above 1 flattens the odds.",
        minimum=0,
        maximum=2,
        step=0.05,
        source="p ∝ exp(logit / T)",
    )
    top_k: int | None = knob(
        None,
        "Draw among the k likeliest tokens only; 0 switches it off.",
        minimum=0,
        maximum=1000,
        step=1,
        usual=100,
        source="Fan et al. 2018, arXiv:1805.04833",
    )
    top_p: float | None = knob(
        None,
        "Draw among the fewest tokens whose probabilities reach p; 1 switches it off.",
        minimum=0,
        maximum=1,
        step=0.01,
        source=_HOLTZMAN,
    )
    min_p: float | None = knob(
        None,
        "Drop tokens less likely than this share of the likeliest; 0 switches it off.",
        minimum=0,
        maximum=1,
        step=0.01,
        source="Nguyen et al. 2024, arXiv:2407.01082",
        fold=True,
    )
    typical_p: float | None = knob(
        None,
        "Draw among the tokens whose surprise is nearest the expected one; 1 switches it off.",
        minimum=0,
        maximum=1,
        step=0.01,
        source="Meister et al. 2022, arXiv:2202.00666",
        fold=True,
    )
    repeat_penalty: float | None = knob(
        None,
        "Divides the score of tokens said lately; 1 switches it off.",
        minimum=0.5,
        maximum=2,
        step=0.01,
        source=_KESKAR,
        fold=True,
    )
    repeat_last_n: int | None = knob(
        None,
        "How many tokens back the penalties look; 0 none, -1 the whole window.",
        minimum=-1,
        maximum=32768,
        step=1,
        fold=True,
    )
    presence_penalty: float | None = knob(
        None,
        "Taken off the score of every token said before, once.",
        minimum=-2,
        maximum=2,
        step=0.05,
        source="logit − penalty · [count > 0]",
        fold=True,
    )
    frequency_penalty: float | None = knob(
        None,
        "Taken off the score of a token for each time it was said.",
        minimum=-2,
        maximum=2,
        step=0.05,
        source="logit − penalty · count",
        fold=True,
    )
    seed: int | None = knob(
        None,
        "Start of the random numbers: the same seed gives the same text, on the same engine and prompt.",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        fold=True,
    )
    num_predict: int | None = knob(
        512, "Longest answer in tokens; -1: until the model ends.", minimum=-1, maximum=131072, step=1, fold=True
    )
    num_ctx: int | None = knob(
        4096,
        "Window in tokens for prompt and answer together; another value reloads the model.",
        minimum=256,
        maximum=1_048_576,
        step=256,
        fold=True,
    )
    stop: Stops = knob(None, "Texts at which the answer ends; they are not part of it.", fold=True)
    format: Schema = knob(None, "JSON schema the answer must follow; empty: free text.", fold=True)


def sampling_of(choice: Choice) -> SamplingParams:
    """The knobs of a recipe's sampling section, typed."""
    assert isinstance(choice.params, SamplingParams)
    return choice.params


@part("sampling", "default", label="Sampling", params=SamplingParams)
def default(params: SamplingParams) -> dict[str, Any]:
    """How each next token is drawn: only what a person set, the rest is the model's own."""
    return params.model_dump(exclude_none=True, exclude={"format"})


def schema_of(params: SamplingParams) -> dict[str, Any] | None:
    """The JSON schema that the answer must follow; None: free text. It goes beside the options, not among them."""
    return dict(json.loads(params.format)) if params.format else None


def effective(params: SamplingParams, info: ModelInfo, engine: Engine) -> dict[str, tuple[Any, str]]:
    """The value each option will really have, and where it comes from.

    Returns:
        Option -> (value, origin); origin is "you", "recipe" (its default), "model's limit", "model file" or
        "server default". None stands for a random seed, for no stop text and for free text.
    """
    server = engine.default_options
    found: dict[str, tuple[Any, str]] = {}
    for name, field in SamplingParams.model_fields.items():
        value = getattr(params, name)
        if value is not None:
            found[name] = (value, "recipe" if value == field.default else "you")
        elif name in info.defaults:
            found[name] = (info.defaults[name], "model file")
        else:
            found[name] = (server.get(name), "server default")
    if info.context and (found["num_ctx"][0] or 0) > info.context:
        found["num_ctx"] = (info.context, "model's limit")
    return found
