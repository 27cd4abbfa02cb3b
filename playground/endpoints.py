"""The app's named endpoints, for scripts: plain data in and out, in the shapes of the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.events import api

from pipelines.engines.base import TokenEvent
from pipelines.events import Answered, Failed, Retrieved
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit
from playground.answers import paced
from playground.cli.ask import ask_json, hit_json, search_json
from playground.cli.documents import as_json
from playground.services import Services
from playground.state import Session
from playground.tabs.shell import guarded
from playground.tabs.sidebar import add, file_box

#: Every endpoint a client may call; a test pins it.
NAMES = ("upload", "documents", "remove", "search", "ask")


def add_to(services: Services) -> None:
    """Register the endpoints in the Blocks being built."""

    def documents() -> dict[str, Any]:
        """List the documents of the library."""
        return as_json(services.library.documents())

    def remove(name: str) -> dict[str, Any]:
        """Take a document out of the library."""
        services.remove(name)
        return documents()

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

    for endpoint in (documents, remove, search, ask):
        api(guarded(endpoint), api_name=endpoint.__name__, concurrency_limit=None)
    _upload_to(services)


def _upload_to(services: Services) -> None:
    """Uploads need a file component: it takes only what this client has sent."""

    def upload(files: Any) -> dict[str, Any]:
        job = add(services, Session(), files or [])
        return as_json(services.jobs.wait(job).outcomes if job else ())

    box = file_box(visible=False, label="files")
    found = gr.JSON(visible=False, label="documents")
    gr.on([], guarded(upload), [box], [found], api_name="upload", concurrency_limit=None)


def recipe_from(sections: dict[str, Any] | None) -> Recipe:
    """The standard recipe with some sections changed. Raises UsageError for what does not exist."""
    return Recipe.from_json(json.dumps(sections or {}))


def answer(services: Services, question: str, documents: list[str] | None, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """The events of an answer as JSON: {"answer", "done"} while it grows, at most about twenty a second."""
    text = ""
    hits: tuple[Hit, ...] = ()
    due = paced()
    for event in services.library.ask(question, recipe, documents=documents):
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
