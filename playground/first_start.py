"""What a fresh data folder gets: the sample documents, and the small built-in model if it may be fetched."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe
from playground.services import Services, Upload

#: Lists what was offered once, so that it does not come back after a person removed it.
_MARKER = "offered"


def first_start(services: Services) -> None:
    """Offer each thing once. Slow: looks at engines, waits for the samples; call it from a background thread."""
    marker = services.settings.data_dir / _MARKER
    offered = set(marker.read_text("utf-8").split()) if marker.is_file() else set()
    now = offered | _offer_model(services, offered) | _offer_samples(services, offered)
    if now != offered:
        marker.write_text("\n".join(sorted(now)) + "\n", "utf-8")


def _offer_samples(services: Services, offered: set[str]) -> set[str]:
    if "samples" in offered:
        return set()
    from sample_docs import SAMPLES, folder

    paths = [folder() / name for name in SAMPLES]
    if {document.document for document in services.library.documents()} <= set(SAMPLES):  # some, if it was cut off
        uploads = [Upload(Path(path), path.name) for path in paths if path.is_file()]
        job = services.add(uploads, Recipe(), "Adding the sample documents")
        return {"samples"} if services.jobs.wait(job).state != "failed" else set()
    return {"samples"}


def _offer_model(services: Services, offered: set[str]) -> set[str]:
    """The small built-in model, where nothing else can write and downloads are allowed."""
    if "model" in offered or services.settings.offline:
        return set()
    try:
        status = services.library.engines.status()
    except PlaygroundError:
        return set()  # the engine card says what is wrong
    if status.engine == "none":
        services.pull("builtin")
    return {"model"}
