"""The documents of the library: list, add, take out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from playground.services import Services
from playground.shapes import documents_json
from playground.state import Session
from playground.tabs.shell import guarded
from playground.tabs.sidebar import add, file_box


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``documents`` and ``remove``."""

    def documents() -> dict[str, Any]:
        """List the documents of the library."""
        return documents_json(services.library.documents())

    def remove(name: str) -> dict[str, Any]:
        """Take a document out of the library."""
        services.remove(name)
        return documents()

    return [documents, remove]


def upload_to(services: Services) -> None:
    """``upload`` needs a file component: it takes only what this client has sent."""

    def upload(files: Any) -> dict[str, Any]:
        job = add(services, Session(), files or [])
        return documents_json(services.jobs.wait(job).outcomes if job else ())

    box = file_box(visible=False, label="files")
    found = gr.JSON(visible=False, label="documents")
    gr.on([], guarded(upload), [box], [found], api_name="upload", concurrency_limit=None)
