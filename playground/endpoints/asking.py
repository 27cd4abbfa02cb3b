"""Passages, and answers that cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipelines.engines.base import TokenEvent
from pipelines.events import Answered, Failed, Retrieved
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit
from playground.answers import paced
from playground.cli.ask import ask_json, hit_json, search_json
from playground.endpoints.streams import recipe_from, stopping
from playground.services import Services


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``search`` and ``ask``."""

    def search(
        query: str,
        documents: list[str] | None = None,
        recipe: dict[str, Any] | None = None,
        pages: list[int] | None = None,
    ) -> dict[str, Any]:
        """Find passages. ``recipe`` holds the sections that differ from the standard recipe."""
        return search_json(services.library.search(query, recipe_from(recipe), documents, pages))

    def ask(
        question: str, documents: list[str] | None = None, recipe: dict[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Answer a question: the answer as it grows, then whole in the shape of ``playground ask --json``."""
        yield from answer(services, question, documents, recipe_from(recipe))

    return [search, ask]


def answer(services: Services, question: str, documents: list[str] | None, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """The events of an answer as JSON: {"answer", "done"} while it grows, at most about twenty a second."""
    text = ""
    hits: tuple[Hit, ...] = ()
    due = paced()
    with stopping() as flag:
        for event in services.library.ask(question, recipe, documents=documents, cancel=flag):
            if isinstance(event, Retrieved):
                hits = event.hits
                yield {"done": False, "answer": "", "hits": [hit_json(hit) for hit in hits]}
            elif isinstance(event, TokenEvent):
                text += event.text
                if due():
                    yield {"done": False, "answer": text}
            elif isinstance(event, Failed):
                raise event.error
            elif isinstance(event, Answered):
                yield {"done": True, **ask_json(event, hits)}
