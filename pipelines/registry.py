"""The register of parts: whatever is compared is a part, and a part is one file.

A file declares a ``Params`` model and decorates a function or class with ``@part``. Its place in the
menus, its sliders, its command-line options, its record in a recipe and its conformance tests follow.

::

    class Params(PartParams):
        size: int = knob(200, "Longest chunk.", minimum=16, maximum=2000)

    @part("chunker", "fixed", label="Fixed size", params=Params)
    def fixed(document, params, ruler): ...

Part files import nothing heavy at module level: listing parts costs nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import BadParameter, UnknownPart, UsageError
from pipelines.knobs import explained

#: Section of a recipe -> package whose modules are its parts. The order is the order of the flow.
SECTIONS: Mapping[str, str] = {
    "reader": "pipelines.reading",
    "chunker": "pipelines.chunking",
    "embedder": "pipelines.embedding",
    "retriever": "pipelines.retrieval",
    "reranker": "pipelines.retrieval",
    "prompt": "pipelines.answering",
    "model": "pipelines.engines",
    "sampling": "pipelines.engines",
    "answer": "pipelines.answering",
}

F = TypeVar("F", bound=Callable[..., Any])


class PartParams(BaseModel):
    """Base of every part's knobs: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def knob(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    usual: float | None = None,
    source: str = "",
    fold: bool = False,
    only: Mapping[str, Sequence[Any]] | None = None,
    models: str = "",
    lines: int = 1,
) -> Any:
    """Declare one knob of a part.

    Args:
        default: Value when nobody touches it.
        description: One line shown on hover and in ``--help``.
        minimum: Least value allowed, inclusive.
        maximum: Greatest value allowed, inclusive.
        step: Step of the slider.
        usual: Where the slider ends, if not at ``maximum``: what lies above is for files and the command line.
        source: Formula or paper behind the knob.
        fold: Whether the knob sits behind "more" (the three that matter stay open).
        only: Values of other knobs under which this one has an effect: ``{"fusion": ["rrf"]}``.
        models: A capability: the value is the name of a model of Ollama that has it.
        lines: Height of the box of a text.
    """
    extra: dict[str, Any] = {
        "step": step, "usual": usual, "source": source, "fold": fold, "only": only, "models": models,
        "lines": lines,
    }  # fmt: skip
    return Field(default, description=description, ge=minimum, le=maximum, json_schema_extra=extra)


@dataclass(frozen=True)
class Need:
    """A package or program a part depends on, and the line that installs it."""

    install: str
    module: str = ""
    program: str = ""

    def met(self) -> bool:
        """Look, without importing anything."""
        if self.module and importlib.util.find_spec(self.module) is None:
            return False
        return not (self.program and shutil.which(self.program) is None)


@dataclass(frozen=True)
class Part:
    """One entry of the register."""

    section: str
    name: str
    label: str
    description: str
    params: type[PartParams]
    build: Callable[..., Any] = field(repr=False)
    needs: tuple[Need, ...] = ()
    rank: int = 100

    @property
    def missing(self) -> list[str]:
        """Install lines of what is not there."""
        return [need.install for need in self.needs if not need.met()]

    @property
    def available(self) -> bool:
        """Whether everything it needs is installed."""
        return not self.missing

    def make_params(self, values: Mapping[str, Any] | None = None, *, exact: bool = False) -> PartParams:
        """Validate knob values.

        Args:
            values: Those that differ from the defaults.
            exact: The values are those of a JSON file, whose types count: ``"5"`` is no number. Otherwise they
                may be as people type them.

        Raises:
            BadParameter: names the field, the value and what is allowed.
        """
        try:
            if exact:
                return self.params.model_validate_json(json.dumps(dict(values or {})), strict=True)
            return self.params.model_validate(dict(values or {}))
        except ValidationError as error:
            raise BadParameter(*explained(self.section, self.name, self.params, error)) from error


_PARTS: dict[tuple[str, str], Part] = {}


def part(
    section: str,
    name: str,
    *,
    label: str,
    params: type[PartParams] = PartParams,
    needs: tuple[Need, ...] = (),
    rank: int = 100,
) -> Callable[[F], F]:
    """Register the decorated function or class; its docstring's first line becomes the description.

    Args:
        section: A key of :data:`SECTIONS`.
        name: What a person types.
        label: What a menu shows.
        params: The model of its knobs.
        needs: What must be installed for it to run.
        rank: Place in menus, low first.

    Raises:
        ValueError: the section is unknown, or the name is taken by another part.
    """
    if section not in SECTIONS:
        raise ValueError(f"no section {section!r}")

    def register(build: F) -> F:
        known = _PARTS.get((section, name))
        if known is not None and known.build.__module__ != build.__module__:
            raise ValueError(f"{section} {name!r} is already registered by {known.build.__module__}")
        description = (build.__doc__ or "").strip().splitlines()[0] if build.__doc__ else ""
        _PARTS[section, name] = Part(section, name, label, description, params, build, needs, rank)
        return build

    return register


@cache
def _discover(section: str) -> None:
    """Import the modules of a section's package, so that their decorators run."""
    package = importlib.import_module(SECTIONS[section])
    for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
        importlib.import_module(f"{package.__name__}.{module.name}")


def parts(section: str | None = None) -> list[Part]:
    """Every part of a section (or of all), in menu order."""
    sections = [section] if section else list(SECTIONS)
    for name in sections:
        if name not in SECTIONS:
            raise UnknownPart(f"There is no section {name!r}.", f"Sections: {', '.join(SECTIONS)}.")
        _discover(name)
    order = {name: place for place, name in enumerate(SECTIONS)}
    chosen = (p for p in _PARTS.values() if p.section in sections)
    return sorted(chosen, key=lambda p: (order[p.section], p.rank, p.name))


def get(section: str, name: str) -> Part:
    """One part by name.

    Raises:
        UnknownPart: lists what exists and guesses what was meant.
    """
    known = {p.name: p for p in parts(section)}
    if name not in known:
        close = get_close_matches(name, known, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownPart(f"There is no {section} {name!r}.{guess}", f"There is: {', '.join(known)}.")
    return known[name]


def usable(section: str, name: str) -> Part:
    """One part by name, if all it needs is installed.

    Raises:
        UnknownPart. UsageError: it lacks something; the message says what installs it.
    """
    found = get(section, name)
    if not found.available:
        raise UsageError(f"{found.label} needs something that is not installed.", f"Type: {'; '.join(found.missing)}")
    return found
