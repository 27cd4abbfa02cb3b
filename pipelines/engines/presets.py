"""Settings of the draw worth a name: where most people start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pipelines.engines.sampling import SamplingParams
from pipelines.errors import UsageError

#: Knobs that a preset decides; seed, lengths, window, stop texts and format are never its business.
KNOBS = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "repeat_penalty",
    "repeat_last_n",
    "presence_penalty",
    "frequency_penalty",
)


@dataclass(frozen=True)
class Preset:
    """A named setting. Knobs that ``values`` lacks are left to the model."""

    name: str
    label: str
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def value(self, knob: str) -> Any:
        """What the preset sets a knob to; None: the model's own."""
        return self.values.get(knob)


_ALL = (
    Preset("own", "Model's own", "Whatever the model file says, then the server's defaults."),
    Preset("greedy", "Greedy", "Always the likeliest token: the same text every time.", {"temperature": 0.0}),
    Preset(
        "precise",
        "Precise",
        "Close to the likeliest words; for facts, extraction and code.",
        {"temperature": 0.2, "top_k": 40, "top_p": 0.9},
    ),
    Preset(
        "balanced",
        "Balanced",
        "Some variety, few accidents; for chat.",
        {"temperature": 0.7, "top_k": 40, "top_p": 0.9},
    ),
    Preset(
        "creative",
        "Creative",
        "Flat odds, only the hopeless tokens cut (min-p); for drafts and ideas.",
        {"temperature": 1.2, "top_k": 0, "top_p": 1.0, "min_p": 0.05},
    ),
    Preset(
        "neutral",
        "Neutral",
        "The model's own distribution, untouched: nothing cut, nothing penalised.",
        {
            "temperature": 1.0,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0.0,
            "typical_p": 1.0,
            "repeat_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
        },
    ),
)

#: Name -> preset, in menu order.
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})


def applied(params: SamplingParams, name: str) -> SamplingParams:
    """The same settings with the preset's knobs in place of theirs, and everything else kept.

    Raises:
        UsageError: there is no such preset.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}.", f"There is: {', '.join(PRESETS)}.")
    preset = PRESETS[name]
    return params.model_copy(update={knob: preset.value(knob) for knob in KNOBS})


def preset_of(params: SamplingParams) -> str:
    """Name of the preset that these settings are; "" when they are none."""
    fitting = (p.name for p in PRESETS.values() if all(getattr(params, knob) == p.value(knob) for knob in KNOBS))
    return next(fitting, "")
