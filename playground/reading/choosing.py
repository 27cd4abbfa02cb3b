"""Choosing a vision model: which of Ollama's see, what one is asked, and what is missing where none can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.engines.base import ModelInfo
from pipelines.engines.detect import FRESH_S, OllamaStatus
from pipelines.reading.prompts import PRESETS, preset_name
from pipelines.reading.vision import SMALL, seeing
from pipelines.reading.vlm import VlmParams
from pipelines.recipe import Choice
from playground.services import Services

#: The reader that asks a vision model.
VLM = "vlm"

#: States of an Ollama that does not answer.
_ABSENT = ("stopped", "not installed", "unreachable")


@dataclass(frozen=True)
class Advice:
    """What a person should know of a vision model before it reads."""

    words: str
    blind: tuple[str, ...] = ()  # models that are not offered, since they do not see
    line: str = ""  # what to type; empty: nothing is missing
    pull: str = ""  # a model that can be fetched from here
    fits: bool = False  # whether it can read


@dataclass(frozen=True)
class Offer:
    """The models a menu offers, and what is to be said where it offers none."""

    models: tuple[str, ...]  # those that see, the one taken by default first
    missing: Advice | None  # None: there are some


def models(services: Services, max_age_s: float = FRESH_S) -> list[str]:
    """Names of the models that see, those of this machine first; [] without Ollama."""
    services.library.engines.look(max_age_s)
    return [one.name for one in seeing(services.library.reading)]


def known(services: Services) -> str:
    """Changes whenever models come, go or are being fetched, or Ollama does; says nothing else."""
    status = services.library.engines.look()
    pulls = [job.title for job in services.jobs.snapshot() if job.kind == "pull" and job.active]
    return "\n".join([status.state, *sorted(one.name for one in status.models), *pulls])


def offer(services: Services) -> Offer:
    """What there is to choose from, as last seen: a page that is open looks every few seconds."""
    there = models(services, math.inf)
    return Offer(tuple(there), None if there else advice(services, ""))


def entries(there: Sequence[str]) -> list[tuple[str, str]]:
    """The menu as (label, value); automatic is the first."""
    return [("Automatic", ""), *((name, name) for name in there)]


def advice(services: Services, model: str) -> Advice:
    """Whether a model can read a page, and the way out where it cannot.

    Args:
        services: The process.
        model: Its name; empty: the first that sees.
    """
    status = services.library.engines.look()
    if status.state in _ABSENT:
        return Advice(status.problem or "Ollama does not answer.", line=status.fix)
    there = seeing(services.library.reading)
    if not model:
        if not there:
            return _to_fetch(services, "No model of this Ollama sees pictures.", SMALL)
        return Advice(f"{there[0].name} reads", _blind(there, status), fits=True)
    known = _named(model, status.models)
    if known is None:
        return _to_fetch(services, f"This Ollama has no model “{model}”.", model)
    if known not in there:
        return Advice(f"“{known.name}” does not see pictures: what it wrote of one would be invented. Choose another.")
    return Advice(f"{known.name} reads", _blind(there, status), fits=True)


def _named(model: str, there: Sequence[ModelInfo]) -> ModelInfo | None:
    """A model by its name, as Ollama takes it: without a tag, the latest."""
    full = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
    return next((one for one in there if one.name in (model, full)), None)


def _to_fetch(services: Services, problem: str, model: str) -> Advice:
    if any(job.active and job.title == services.fetching(model) for job in services.jobs.snapshot()):
        return Advice(f"{model} is being fetched: see Engine in the sidebar.")
    line = f"ollama pull {model}"
    return Advice(problem, line=line, pull="" if services.settings.offline else model)


def _blind(there: Sequence[ModelInfo], status: OllamaStatus) -> tuple[str, ...]:
    """Models that chat and do not see."""
    return tuple(one.name for one in status.models if one not in there and "completion" in one.capabilities)


# what it is asked -----------------------------------------------------------------------------------------


def preset_of(params: VlmParams, there: Sequence[str]) -> str:
    """The preset a column's model is asked by, given the models that see."""
    return preset_name(params.preset, params.model or (there[0] if there else ""))


def question_of(params: VlmParams, there: Sequence[str]) -> str:
    """What the model will be asked, in full."""
    return params.prompt or PRESETS[preset_of(params, there)].prompt


def own_words(prompt: str) -> str:
    """A prompt as the knob keeps it: one that is a preset's own is none."""
    text = prompt.strip()
    return "" if text in {one.prompt for one in PRESETS.values()} else text


def vlm_of(choice: Choice) -> VlmParams | None:
    """The knobs of a vision model; None: another reader."""
    return choice.params if isinstance(choice.params, VlmParams) else None
