"""A model file from the model hub: one HTTPS download that goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.engines.base import PullEvent
from pipelines.engines.builtin_models import BuiltinModel
from pipelines.engines.connection import open_stream
from pipelines.engines.download_file import CHUNK, check, settle, sha256_of
from pipelines.errors import Cancelled, DownloadFailed

if TYPE_CHECKING:
    import httpx

#: Largest file taken, as a multiple of the expected size: a server that never ends must not fill the disk.
SLACK = 1.5


def fetch(model: BuiltinModel, url: str, goal: Path, cancel: CancelFlag | None) -> Iterator[PullEvent]:
    """Download to ``goal``'s ``.part``, which stays when interrupted, check it and give it its name.

    Raises:
        Cancelled, DownloadFailed.
    """
    import httpx

    part = goal.with_suffix(".part")
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    try:
        with (
            httpx.Client(
                timeout=httpx.Timeout(60, connect=10),
                follow_redirects=True,
                limits=httpx.Limits(max_keepalive_connections=0),
            ) as client,
            open_stream(client, "GET", url, cancel=cancel, headers=headers) as response,
        ):
            yield from _receive(model, response, part, have, cancel)
    except Cancelled:
        raise Cancelled("The download was stopped; it goes on from there next time.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadFailed(
            f"{model.name!r} could not be downloaded from {url}: {error or type(error).__name__}.",
            "Check the network, then try again: it goes on where it stopped.",
        ) from error
    yield PullEvent("checking", part.stat().st_size, part.stat().st_size)
    settle(part, goal, model, sha256_of(part))


def _receive(
    model: BuiltinModel, response: httpx.Response, part: Path, have: int, cancel: CancelFlag | None
) -> Iterator[PullEvent]:
    if response.status_code == 416:  # nothing left to send: the part is whole, or wrong, which its checksum tells
        return
    if not response.is_success:
        raise DownloadFailed(
            f"{model.name!r} could not be downloaded: {response.url.host} answered {response.status_code}.",
            "Try again later, or name a GGUF file in PLAYGROUND_BUILTIN_MODEL.",
        )
    resumed = response.status_code == 206
    done = have if resumed else 0
    length = response.headers.get("content-length", "")
    total = done + int(length) if length.isdigit() else model.size_bytes
    with part.open("ab" if resumed else "wb") as file:
        for block in response.iter_bytes(CHUNK):
            done += len(block)
            if done > model.size_bytes * SLACK:
                raise DownloadFailed(f"What comes for {model.name!r} is larger than the model.", "Try again later.")
            file.write(block)
            yield PullEvent("downloading", done, total)
            check(cancel)
