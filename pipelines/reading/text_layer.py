"""The text a PDF brings along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.loading import Document, load
from pipelines.registry import PartParams, part

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.loading.pages import OnPages
    from pipelines.settings import Settings


class Params(PartParams):
    """No knobs: the text is what the file says."""


@part("reader", "text-layer", label="Text layer of the PDF", params=Params, rank=10)
def text_layer(
    path: str | Path,
    params: Params,
    *,
    name: str | None = None,
    password: str | None = None,
    settings: Settings,
    on_progress: OnPages | None = None,
    cancel: CancelFlag | None = None,
) -> Document:
    """Takes the text the PDF itself holds: exact and fast; scans have none. Markdown and text as they are."""
    return load(path, name=name, password=password, settings=settings, on_progress=on_progress, cancel=cancel)
