"""The model "ollama": one of a running Ollama, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ModelMissing
from pipelines.registry import PartParams, knob, part

if TYPE_CHECKING:
    from pipelines.engines.base import Engine
    from pipelines.engines.detect import Engines


class OllamaModelParams(PartParams):
    """Which model."""

    name: str = knob("", "The model's name, as `ollama list` shows it; empty: the best one there is.")


@part("model", "ollama", label="Ollama", params=OllamaModelParams, rank=20)
def ollama(engines: Engines, params: OllamaModelParams) -> tuple[Engine, str]:
    """A model of a running Ollama."""
    if params.name:
        return engines.ollama, params.name
    engines.ollama.probe()
    best = engines.best_ollama_model(max_age_s=0)
    if best is None:
        raise ModelMissing(f"Ollama at {engines.ollama.url} has no chat model.", "Get one: `ollama pull llama3.2`.")
    return engines.ollama, best.name
