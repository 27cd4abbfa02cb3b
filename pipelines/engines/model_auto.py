"""The model "auto": whatever is at hand, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.registry import PartParams, part

if TYPE_CHECKING:
    from pipelines.engines.base import Engine
    from pipelines.engines.detect import Engines


class AutoModelParams(PartParams):
    """No knobs."""


@part("model", "auto", label="Automatic", params=AutoModelParams, rank=10)
def auto(engines: Engines, params: AutoModelParams) -> tuple[Engine, str] | None:
    """Ollama's best model where Ollama runs and has one, else the best built-in model, else none."""
    if (best := engines.best_ollama_model()) is not None:
        return engines.ollama, best.name
    here = engines.builtin.models()
    return (engines.builtin, here[0].name) if here else None
