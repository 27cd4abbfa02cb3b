"""``doctor``: what is installed, running and missing, and what to type."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipelines.errors import PlaygroundError
from pipelines.settings import Settings
from playground.cli.console import Progress, Result, clean
from playground.cli.exits import describe_fault
from playground.cli.options import Call, command

if TYPE_CHECKING:
    from rich.console import Console

DISTRIBUTION = "rag-playground"
PYTHON = (3, 11)
ENOUGH_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at: ``found`` is a fact, ``fix`` what to type where it is not ok."""

    name: str
    ok: bool
    found: str
    fix: str = ""


#: Checks without which nothing works: they decide the exit code.
ESSENTIAL = ("python", "packages", "data folder", "store", "embedding model")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor")(doctor)


def doctor(call: Call) -> Result:
    """Check what is installed, running and missing, and say what to type.

    Example: playground doctor
    """
    looks: dict[str, Callable[[Settings], Check]] = {
        "python": _python,
        "packages": _packages,
        "data folder": _data_folder,
        "store": _store,
        "embedding model": _embedder,
        "language model": _language_model,
        "ollama": _ollama,
        "downloads": _downloads,
    }
    checks = []
    with Progress() as progress:
        for name, look in looks.items():
            progress.update(f"Looking at: {name}")
            checks.append(_look(name, look, call.settings))
    broken = any(not check.ok and check.name in ESSENTIAL for check in checks)
    return Result({"checks": [asdict(check) for check in checks]}, lambda out: _show(out, checks), int(broken))


def _look(name: str, look: Callable[[Settings], Check], settings: Settings) -> Check:
    """A check; one that breaks is not ok, and the others go on."""
    try:
        return look(settings)
    except PlaygroundError as error:
        return Check(name, False, error.message, error.fix)
    except Exception as error:
        return Check(name, False, describe_fault(error))


def _show(out: Console, checks: list[Check]) -> None:
    from rich.text import Text

    width = max(len(check.name) for check in checks)
    for check in checks:
        mark, style = ("✓", "green") if check.ok else ("✗", "red") if check.name in ESSENTIAL else ("–", "yellow")
        out.print(Text.assemble((mark, style), f" {check.name.ljust(width)}  ", clean(check.found)))
        if not check.ok and check.fix:
            out.print(Text(f"  {' ' * width}  → {clean(check.fix)}", style=style))


# the machine ---------------------------------------------------------------------------------------------


def _python(settings: Settings) -> Check:
    wanted = ".".join(map(str, PYTHON))
    found = f"{sys.version.split()[0]} ({sys.executable})"
    return Check("python", sys.version_info >= PYTHON, found, f"Make the environment with Python {wanted} or newer.")


def _packages(settings: Settings) -> Check:
    """Whether every package this one asks for is there, in a version that fits."""
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    try:
        asked = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:
        return Check("packages", False, f"{DISTRIBUTION} is not installed", "pip install -e .")
    wrong = []
    wanted = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in wanted:
        try:
            if not one.specifier.contains(version(one.name), prereleases=True):
                wrong.append(f"{one.name} {version(one.name)}, wanted {one.specifier}")
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
    if wrong:
        return Check("packages", False, "; ".join(wrong), "pip install -e .")
    return Check("packages", True, f"{len(wanted)} of {len(wanted)} installed")


def _data_folder(settings: Settings) -> Check:
    """Whether the folder (or the nearest one above it that exists) can be written and has room."""
    folder = settings.data_dir.expanduser().absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    elsewhere = "Choose another with --data-dir or PLAYGROUND_DATA_DIR."
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        return Check("data folder", False, f"{folder} cannot be written: {error.strerror}", elsewhere)
    found = f"{folder}, {free / 1e9:.1f} GB free{'' if folder.exists() else ', made at the first use'}"
    return Check("data folder", free >= ENOUGH_BYTES, found, f"Make room (1 GB). {elsewhere}")


def _store(settings: Settings) -> Check:
    from importlib.metadata import version

    from pipelines import stores

    if settings.qdrant_url:
        return Check("store", True, f"Qdrant at {settings.qdrant_url}, {len(stores.collections(settings))} collections")
    with tempfile.TemporaryDirectory() as folder:
        trial = settings.model_copy(update={"data_dir": Path(folder)})
        stores.open_store(trial, "doctor", 2).close()
    return Check("store", True, f"Qdrant Edge {version('qdrant-edge-py')}, in process")


def _embedder(settings: Settings) -> Check:
    """Load the built-in model, which checks its sha256, and embed a word."""
    from pipelines import registry

    built_in = registry.get("embedder", "builtin")
    if built_in.missing:
        return Check("embedding model", False, "not installed", "; ".join(built_in.missing))
    embedder = built_in.build(built_in.make_params(), settings)
    embedder.embed(["ready"])
    return Check("embedding model", True, f"{embedder.label}, {embedder.dimensions} numbers, checksum right")


# engines -------------------------------------------------------------------------------------------------


def _language_model(settings: Settings) -> Check:
    """The built-in models that are here; without one answers are quotes, which is no fault."""
    from importlib import import_module

    from pipelines.engines import Engines

    try:
        import_module("xllamacpp")
    except (ImportError, OSError) as error:
        return Check("language model", False, f"xllamacpp cannot be loaded: {error}", _libgomp(str(error)))
    engines = Engines(settings)
    try:
        models = engines.builtin.models()
    finally:
        engines.close()
    if not models:
        found = "none downloaded: answers are quotes"
        return Check("language model", False, found, "playground pull builtin")
    return Check("language model", True, ", ".join(f"{m.name} ({(m.size_bytes or 0) / 1e6:.0f} MB)" for m in models))


def _libgomp(message: str) -> str:
    return "apt install libgomp1" if "libgomp" in message else "pip install --force-reinstall xllamacpp"


def _ollama(settings: Settings) -> Check:
    from pipelines.engines import Engines

    engines = Engines(settings)
    try:
        seen = engines.look()
    finally:
        engines.close()
    if seen.state != "running":
        return Check("ollama", False, seen.problem, seen.fix)
    names = ", ".join(model.name for model in seen.models)
    return Check("ollama", True, f"{seen.version} at {seen.url}: {names}")


def _downloads(settings: Settings) -> Check:
    if settings.offline:
        return Check("downloads", True, "forbidden (--offline or PLAYGROUND_OFFLINE)")
    return Check("downloads", True, f"allowed, into {settings.models_dir}")
