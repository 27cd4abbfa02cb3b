"""Passages, and answers that cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event as CancelFlag
from time import monotonic
from typing import Any

from pipelines.engines.base import TokenEvent
from pipelines.events import Answered, AskEvent, Failed, Retrieved
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit, Retrieval
from pipelines.runs.run import Begun
from playground.answers import paced
from playground.endpoints.streams import ENDPOINT, recipe_from, stopping
from playground.runs import outcomes
from playground.services import Services
from playground.shapes import ask_json, hit_json, search_json

Documents = Sequence[str] | None


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``search`` and ``ask``."""

    def search(
        query: str,
        documents: list[str] | None = None,
        recipe: dict[str, Any] | None = None,
        pages: list[int] | None = None,
    ) -> dict[str, Any]:
        """Find passages. ``recipe`` holds the sections that differ from the standard recipe."""
        return search_json(searched(services, query, recipe_from(recipe), documents, pages))

    def ask(
        question: str, documents: list[str] | None = None, recipe: dict[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Answer a question: the answer as it grows, then whole in the shape of ``playground ask --json``."""
        yield from answer(services, question, documents, recipe_from(recipe))

    return [search, ask]


def searched(
    services: Services,
    query: str,
    recipe: Recipe,
    documents: Documents,
    pages: Sequence[int] | None = None,
    origin: str = ENDPOINT,
) -> Retrieval:
    """What is found, kept as a run. Raises UsageError, EngineError, StoreError."""
    inputs = {"documents": documents, "pages": pages}
    begun = Begun("search", recipe.to_json(), query, tuple(documents or ()), inputs, origin)
    began = monotonic()
    with services.recorder.together([begun]) as (run,):
        found = services.library.search(query, recipe, documents, pages)
        services.recorder.end(run, outcomes.of_search(found, monotonic() - began))
    return found


def asked(
    services: Services,
    question: str,
    recipe: Recipe,
    documents: Documents,
    origin: str = ENDPOINT,
    cancel: CancelFlag | None = None,
) -> Iterator[AskEvent]:
    """The events of an answer, kept as a run."""
    begun = Begun("ask", recipe.to_json(), question, tuple(documents or ()), {"documents": documents}, origin)
    events = services.library.ask(question, recipe, documents=documents, cancel=cancel)
    return services.recorder.answering(begun, events)


def answer(services: Services, question: str, documents: Documents, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """The events of an answer as JSON: {"answer", "done"} while it grows, at most about twenty a second."""
    text = ""
    hits: tuple[Hit, ...] = ()
    due = paced()
    with stopping() as flag:
        for event in asked(services, question, recipe, documents, cancel=flag):
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
