"""The model "builtin": a small one in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ModelMissing
from pipelines.registry import Need, PartParams, knob, part

if TYPE_CHECKING:
    from pipelines.engines.base import Engine
    from pipelines.engines.detect import Engines


class BuiltinModelParams(PartParams):
    """Which model."""

    name: str = knob("", "smollm2-135m, qwen2.5-coder-0.5b, or the name of one's own file; empty: the best one here.")


@part(
    "model",
    "builtin",
    label="Built-in",
    params=BuiltinModelParams,
    needs=(Need("pip install xllamacpp", module="xllamacpp"),),
    rank=30,
)
def builtin(engines: Engines, params: BuiltinModelParams) -> tuple[Engine, str]:
    """A small model run in this process, without any server."""
    if params.name:
        return engines.builtin, params.name
    here = engines.builtin.models()
    if not here:
        raise ModelMissing("No built-in model is downloaded.", "Get the small one: `playground pull builtin`.")
    return engines.builtin, here[0].name
