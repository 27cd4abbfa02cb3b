"""What an answer style is given to work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event as CancelFlag

from pipelines.answering.citations import PageText
from pipelines.embedding.base import Embedder
from pipelines.engines.base import Engine, Message
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit


@dataclass(frozen=True)
class AnswerContext:
    """One question with its passages, and the means to answer it."""

    question: str  # as the person asked it
    standalone: str  # as it was searched for
    hits: Sequence[Hit]
    history: Sequence[Message]
    recipe: Recipe
    embedder: Embedder
    page_text: PageText
    engine: Engine | None = None
    model: str = ""
    cancel: CancelFlag | None = None
