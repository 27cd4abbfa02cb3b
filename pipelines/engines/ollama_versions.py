"""What an Ollama server can do, by its version and the family of the model."""

from __future__ import annotations

import re

Version = tuple[int, int, int]

#: A build from source calls itself 0.0.0: taken for the newest.
NEWEST: Version = (999, 0, 0)

LOGPROBS: Version = (0, 12, 11)  # older servers ignore the request for them
STRICT_CONTEXT: Version = (0, 12, 6)  # truncate: false, shift: false
LLAMA_SERVER: Version = (0, 30, 0)  # every model runs in llama-server; before, some ran in Ollama's Go engine
NO_REPEAT_PENALTY: Version = (0, 32, 10)  # its default fell from 1.1 to 1.0

# fmt: off
#: Architectures that servers before 0.30 run in the Go engine; the others ran in llama.cpp there too.
GO_ENGINE_FAMILIES = frozenset({
    "bert", "deepseek2", "deepseekocr", "gemma3", "gemma3n", "gemma4", "glm4moelite", "glmocr",
    "gpt-oss", "gptoss", "lfm2", "lfm2moe", "llama4", "mistral3", "mllama", "nemotron_h",
    "nemotron_h_moe", "nomic-bert", "olmo3", "qwen25vl", "qwen3", "qwen35", "qwen35moe", "qwen3moe",
    "qwen3next", "qwen3vl", "qwen3vlmoe",
})
# fmt: on

#: The samplers of Ollama's Go engine: top-p and min-p cut what temperature has changed (sample/samplers.go).
GO_ORDER = ("top_k", "temperature", "top_p", "min_p")

#: Those of llama.cpp, after the penalties: temperature comes last, so the others cut the model's own distribution.
LLAMA_ORDER = ("top_k", "typical_p", "top_p", "min_p", "temperature")

#: Options the Go engine's sampler does not have.
GO_ENGINE_LACKS = ("repeat_penalty", "repeat_last_n", "presence_penalty", "frequency_penalty", "typical_p")

_REMOVED: dict[str, Version] = {
    "tfs_z": (0, 5, 2),
    "penalize_newline": (0, 5, 5),
    "mirostat": (0, 7, 0),
    "mirostat_eta": (0, 7, 0),
    "mirostat_tau": (0, 7, 0),
}


def parse_version(text: str) -> Version:
    """``"0.32.15-rc1"`` as (0, 32, 15); what is not a version, or 0.0.0, as :data:`NEWEST`."""
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text.strip())
    if not found:
        return NEWEST
    version = (int(found[1]), int(found[2]), int(found[3] or 0))
    return version if any(version) else NEWEST


def sampler_order(version: Version, family: str) -> tuple[str, ...]:
    """In which order the samplers of this server cut the distribution of a model of this family."""
    return GO_ORDER if version < LLAMA_SERVER and family in GO_ENGINE_FAMILIES else LLAMA_ORDER


def ignored_options(version: Version, family: str) -> dict[str, str]:
    """Options that this server does not take for a model of this family, each with the reason."""
    shown = ".".join(map(str, version))
    ignored = {
        name: f"Ollama takes no {name} since {'.'.join(map(str, since))}; this server is {shown}."
        for name, since in _REMOVED.items()
        if version >= since
    }
    if version < LLAMA_SERVER and family in GO_ENGINE_FAMILIES:
        reason = f"Ollama {shown} runs {family} models in its own engine, which has no {{}}; 0.30 and later take it."
        ignored |= {name: reason.format(name) for name in GO_ENGINE_LACKS}
    return ignored


def default_options(version: Version) -> dict[str, float | int]:
    """What the server uses for an option that neither the request nor the model file sets."""
    return {
        "temperature": 0.8,
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.0,
        "typical_p": 1.0,
        "repeat_penalty": 1.0 if version >= NO_REPEAT_PENALTY else 1.1,
        "repeat_last_n": 64,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "num_predict": -1,
        "num_ctx": 4096,
    }
