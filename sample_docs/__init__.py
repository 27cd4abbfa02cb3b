"""Five documents to try the playground on, questions whose answers are known, and recipes to answer them with.

Everything in them is invented, so no model can know it from its training. ``questions.yaml`` holds the
questions; ``python -m sample_docs.build`` makes the PDFs again from ``sources/``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: File names, in the order in which a person meets them.
SAMPLES: tuple[str, ...] = (
    "harbour-energy-report.pdf",
    "lanternfish-handbook.pdf",
    "two-column-paper.pdf",
    "field-guide.md",
    "scanned-letter.pdf",
)

#: Recipes, each for an idea of its own; all run without a language model. In the order of the ideas.
RECIPES: tuple[str, ...] = (
    "small-chunks.json",
    "sentence-window.json",
    "parents-and-children.json",
    "by-headings.json",
    "fused-by-rank.json",
    "second-look.json",
    "varied-passages.json",
    "quotes-only.json",
)

#: To click at the first start: three documents, each question in other words than its answer.
first_questions: tuple[str, ...] = (
    "Why did the lights go out on the Gannet Steps?",
    "The battery fell into the harbour. May I charge it once it has dried?",
    "What was in the gull's nest on the customs house?",
)


def folder() -> Path:
    """Where the documents lie."""
    return Path(__file__).resolve().parent


def recipe_files() -> list[Path]:
    """The files of the recipes."""
    return [folder() / "recipes" / name for name in RECIPES]


def questions() -> list[dict[str, Any]]:
    """The labelled questions: question, document, page, quote, answer; or ``answerable`` false."""
    import yaml

    loaded: list[dict[str, Any]] = yaml.safe_load((folder() / "questions.yaml").read_text("utf-8"))
    return loaded
