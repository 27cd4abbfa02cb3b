"""What a column says of its vision model: who reads and by which preset, or what is missing and how to get it."""

from __future__ import annotations

from markupsafe import Markup

from playground.reading.choosing import Advice
from playground.views.html import button, el, join, tip


def advice(found: Advice, preset: str) -> Markup:
    """The panel under a column's model.

    Args:
        found: Of its model.
        preset: What it is asked by; empty: in a person's own words.
    """
    if found.fits:
        why = f"They do not see, and would invent what they read: {', '.join(found.blind)}."
        left = tip(f"{len(found.blind)} not offered", why) if found.blind else ""
        asked = join("preset ", el("b", preset)) if preset else "your own words"
        return el("p", join(found.words, " · ", asked, " · " if left else "", left), class_="note")
    return el("div", missing(found), class_="note missing", role="status")


def missing(found: Advice) -> Markup:
    """What is not there, the line to type, and the button that does it."""
    return join(
        el("p", found.words, " Type:" if found.line else ""),
        el("code", found.line) if found.line else None,
        fetch(found.pull),
    )


def fetch(model: str) -> Markup | None:
    """The button that has Ollama fetch a model; nothing where there is none to fetch."""
    return button(f"Pull {model}", "pull", model, class_="quiet") if model else None
