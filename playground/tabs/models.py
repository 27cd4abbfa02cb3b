"""The menu of models in a column of a lab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines.recipe import Choice, choose
from playground.services import Services


def model_menu(services: Services, chosen: Choice) -> Any:
    """Update of a menu: the models at hand that can chat, a column's chosen."""
    engines = services.library.engines
    entries = [("Automatic", "auto")]
    entries += [(f"{one.name} (Ollama)", f"ollama/{one.name}") for one in engines.look().models
                if "completion" in one.capabilities or not one.capabilities]  # fmt: skip
    entries += [(f"{one.name} (built in)", f"builtin/{one.name}") for one in engines.builtin.models()]
    name = str(getattr(chosen.params, "name", ""))
    value = f"{chosen.name}/{name}" if name else chosen.name
    if value not in [target for _, target in entries]:
        entries.append((f"{name or chosen.name} (not here)", value))
    return gr.update(choices=entries, value=value)


def model_choice(target: str) -> Choice:
    """The model section for an entry of the menu."""
    name, _, model = target.partition("/")
    return choose("model", {"name": name, "params": {"name": model} if model else {}})
