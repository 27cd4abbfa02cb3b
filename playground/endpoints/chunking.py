"""How a document or a text is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipelines.chunking.figures import counted_by
from pipelines.errors import UsageError
from pipelines.runs.run import Begun
from playground.cli.chunk import cut_json
from playground.endpoints.streams import ENDPOINT, recipe_from, working
from playground.lab.sheets import pasted_document
from playground.runs import outcomes
from playground.services import Services


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``chunk``."""

    def chunk(document: str = "", text: str = "", recipe: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Cut a document of the library, or a text, as a recipe does; the shape of ``playground chunk --json``."""
        if bool(document) == bool(text):
            raise UsageError("There is nothing to cut, or two things.", "Give a document, or a text.")
        cut = recipe_from(recipe)
        scratch = services.library.scratch
        what = services.library.document(document) if document else pasted_document(text)
        made = yield from working(lambda work: scratch.cut(what, cut, work))
        ruler = counted_by(cut.choice("chunker"), scratch.embedder(cut))
        found = cut_json(what, made, ruler)
        inputs = {"document": document, "document_id": what.id, "text": text}
        begun = Begun("chunk", cut.to_json(), "", (what.name,), inputs, ENDPOINT)
        services.recorder.add(begun, outcomes.of_chunks(found["text_length"], found["chunks"], made.seconds))
        yield {"done": True, **found, "notes": list(made.notes)}

    return [chunk]
