"""One run as a value. A run has one recipe: what a lab or a command compares makes several, in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS

Kind = Literal["ask", "search", "chunk", "sample", "read", "evaluate", "index"]
State = Literal["running", "done", "stopped", "failed", "interrupted"]

KINDS: tuple[Kind, ...] = get_args(Kind)

#: Where runs of commands come from; other origins are "chat", "sidebar", the labs, "endpoint", "MCP".
COMMAND_LINE = "command line"

#: Sections of a recipe that decide what comes out of a run of each kind.
DECIDING: Mapping[Kind, tuple[str, ...]] = {
    "ask": tuple(SECTIONS),
    "search": ("reader", "chunker", "embedder", "retriever", "reranker"),
    "chunk": ("chunker", "embedder"),
    "sample": ("model", "sampling", "prompt"),
    "read": ("reader",),
    "evaluate": ("reader", "chunker", "embedder", "retriever", "reranker"),
    "index": ("reader", "chunker", "embedder"),
}


@dataclass(frozen=True)
class Begun:
    """What is known when a run begins."""

    kind: Kind
    recipe: str = ""  # as JSON
    question: str = ""  # the question, the query, the prompt, the set of questions
    documents: tuple[str, ...] = ()  # it was about; none: all of them, or none at all
    inputs: Mapping[str, Any] = field(default_factory=dict)  # the rest of what it takes to run it again
    origin: str = ""  # where it was made: "chat", "retrieval lab", "command line"
    batch: str = ""  # runs compared with each other share one
    owner: str = ""  # who alone sees it, where people sign in; "": everybody


@dataclass(frozen=True)
class Ended:
    """What is known when it has ended."""

    state: State = "done"
    engine: str = ""
    engine_version: str = ""
    model: str = ""
    digest: str = ""  # of the model's file, where the engine tells it
    seconds: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)  # named as in numbers.py
    outputs: Mapping[str, Any] = field(default_factory=dict)  # what the command prints with --json
    error: str = ""


@dataclass(frozen=True)
class Run:
    """A run as it is listed; times are seconds since 1970."""

    id: str
    kind: Kind
    when: float
    state: State
    batch: str = ""
    origin: str = ""
    documents: tuple[str, ...] = ()
    question: str = ""
    recipe: str = ""  # as JSON
    summary: str = ""  # the recipe in a few words
    engine: str = ""
    model: str = ""
    seconds: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    name: str = ""
    note: str = ""
    starred: bool = False
    owner: str = ""  # who alone sees it; "": everybody

    @property
    def about(self) -> str:
        """What a person calls it: its name, else what was asked, else the documents."""
        return self.name or self.question or ", ".join(self.documents) or self.id

    @cached_property
    def known_recipe(self) -> Recipe | None:
        """The recipe, unless this app no longer has what it names."""
        try:
            return Recipe.from_json(self.recipe)
        except UsageError:
            return None


@dataclass(frozen=True)
class Details:
    """What only an opened run shows."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)  # app, engine, model digest, packages
