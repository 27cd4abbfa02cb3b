"""What every way of downloading does with a file: stop when asked, check it, give it its name."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Event as CancelFlag

from pipelines.engines.builtin_models import BuiltinModel
from pipelines.errors import Cancelled, DownloadFailed

POLL_S = 0.2
CHUNK = 1 << 20

#: Begin of the names of temporary folders.
SCRATCH = ".fetch-"


def check(cancel: CancelFlag | None) -> None:
    """Raises Cancelled when the flag is set."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("The download was stopped.")


def settle(part: Path, goal: Path, model: BuiltinModel, digest: str) -> None:
    """Give a finished download its name, if it is the file it should be; else delete it.

    Raises:
        DownloadFailed: another checksum.
    """
    if digest != model.sha256:
        part.unlink()
        raise DownloadFailed(
            f"What came for {model.name!r} is not the file it should be (sha256 {digest[:12]}…, "
            f"expected {model.sha256[:12]}…); it was deleted.",
            "Try again; if it stays so, something between here and the source changes the file.",
        )
    os.replace(part, goal)


def sha256_of(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
