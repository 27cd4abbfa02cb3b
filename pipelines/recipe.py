"""The recipe: one frozen model that holds a whole configuration.

Chat runs a recipe; a lab varies one section of it and holds the others equal; a run stores it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny

from pipelines import registry
from pipelines.errors import BadParameter, UsageError
from pipelines.knobs import brief
from pipelines.recipes.parsing import parse
from pipelines.recipes.script import python_script
from pipelines.recipes.versions import VERSION
from pipelines.registry import SECTIONS, PartParams

#: Sections that decide what is stored in a collection; the others only decide how it is used.
INDEX_SECTIONS = ("reader", "chunker", "embedder")


class Choice(BaseModel):
    """A part and the values of its knobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    params: SerializeAsAny[PartParams]

    def __str__(self) -> str:
        changed = self.params.model_dump(exclude_defaults=True)
        return self.name + (f"({', '.join(f'{k}={v}' for k, v in changed.items())})" if changed else "")


def choose(section: str, value: Any = None, *, exact: bool = False) -> Choice:
    """A :class:`Choice` from a name, a dict or another choice; ``exact`` as for :meth:`Part.make_params`.

    Raises:
        UnknownPart: no such part. BadParameter: a knob that does not exist or is out of bounds.
    """
    if isinstance(value, Choice):
        value = value.model_dump()
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        names = ", ".join(part.name for part in registry.parts(section))
        raise BadParameter(
            f"{section} must be a name, or an object with name and params, not {brief(value)}.", f"There is: {names}."
        )
    unknown = set(value) - {"name", "params"}
    if unknown:
        raise BadParameter(f"{section} has no field {brief(min(unknown))}.", "Its fields: name, params.")
    params = value.get("params")
    if params is not None and not isinstance(params, Mapping):
        raise BadParameter(f"The params of {section} must be an object, not {brief(params)}.")
    found = registry.get(section, value["name"])
    return Choice(name=found.name, params=found.make_params(params, exact=exact))


def _section(name: str) -> Any:
    return Annotated[Choice, BeforeValidator(partial(choose, name))]


class Recipe(BaseModel):
    """How text is read, cut, found and answered. Immutable; `with_` gives a changed copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    version: int = VERSION
    reader: _section("reader") = "text-layer"  # type: ignore[valid-type]
    chunker: _section("chunker") = "sentence"  # type: ignore[valid-type]
    embedder: _section("embedder") = "builtin"  # type: ignore[valid-type]
    retriever: _section("retriever") = "hybrid"  # type: ignore[valid-type]
    reranker: _section("reranker") = "none"  # type: ignore[valid-type]
    prompt: _section("prompt") = "default"  # type: ignore[valid-type]
    model: _section("model") = "auto"  # type: ignore[valid-type]
    sampling: _section("sampling") = "default"  # type: ignore[valid-type]
    answer: _section("answer") = "auto"  # type: ignore[valid-type]

    def choice(self, section: str) -> Choice:
        """The choice of one section, typed."""
        if section not in SECTIONS:
            raise UsageError(f"There is no section {section!r}.", f"Sections: {', '.join(SECTIONS)}.")
        chosen = getattr(self, section)
        assert isinstance(chosen, Choice)
        return chosen

    def with_(self, section: str, name: str | None = None, /, **params: Any) -> Recipe:
        """A copy with another part (its defaults, then ``params``), or the same part with knobs turned."""
        old = self.choice(section)
        name = name or old.name
        kept = old.params.model_dump(exclude_unset=True) if name == old.name else {}
        return self.model_copy(update={section: choose(section, {"name": name, "params": {**kept, **params}})})

    def set(self, assignments: Iterable[str]) -> Recipe:
        """Apply ``SECTION=NAME`` and ``SECTION.FIELD=VALUE`` strings; parts first, then knobs.

        Raises:
            UsageError: an unknown section, part or field (the message lists what there is).
        """
        recipe = self
        knobs: list[tuple[str, str, str]] = []
        for text in assignments:
            left, equals, value = text.partition("=")
            section, _, field = left.strip().partition(".")
            if not equals:
                raise UsageError(f"{text!r} has no '='.", "Write SECTION=NAME or SECTION.FIELD=VALUE.")
            recipe.choice(section)
            if field:
                knobs.append((section, field, value))
            else:
                recipe = recipe.with_(section, value.strip())
        for section in SECTIONS:  # all knobs of a section at once, so that their order does not matter
            turned = {field: _parse(recipe, section, field, value) for where, field, value in knobs if where == section}
            recipe = recipe.with_(section, **turned) if turned else recipe
        return recipe

    def diff(self, other: Recipe) -> dict[str, tuple[Any, Any]]:
        """What differs, as ``{"chunker": (a, b), "retriever.k": (5, 8)}``; empty when equal."""
        found: dict[str, tuple[Any, Any]] = {}
        for section in SECTIONS:
            mine, theirs = self.choice(section), other.choice(section)
            if mine.name != theirs.name:
                found[section] = (mine.name, theirs.name)
                continue
            left, right = mine.params.model_dump(), theirs.params.model_dump()
            found.update({f"{section}.{k}": (left[k], right[k]) for k in left if left[k] != right[k]})
        return found

    def fingerprint(self, sections: Iterable[str] = SECTIONS) -> str:
        """Twelve hex digits that change whenever one of the sections does."""
        picked = {name: self.choice(name).model_dump(mode="json") for name in sections}
        text = json.dumps(picked, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def summary(self, sections: Iterable[str] = ("chunker", "embedder", "retriever", "reranker", "model")) -> str:
        """The recipe, or some sections of it, in a few words."""
        words = [str(self.choice(section)) for section in sections]
        return " · ".join(word for word in words if word != "none")

    def missing(self) -> dict[str, str]:
        """Sections whose part lacks something on this machine, with what installs it."""
        parts = {section: registry.get(section, self.choice(section).name) for section in SECTIONS}
        return {section: "; ".join(part.missing) for section, part in parts.items() if not part.available}

    def to_json(self) -> str:
        """The whole recipe, readable back by :meth:`from_json`."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what :meth:`to_json` wrote; sections left out take their defaults.

        Raises:
            UsageError: not JSON, another version, unknown or out-of-range fields (named).
        """
        return cls.from_sections(parse(text)[0])

    @classmethod
    def from_sections(cls, sections: Mapping[str, Any]) -> Recipe:
        """The recipe of :func:`parse`'s sections. Raises UsageError: unknown or out-of-range fields (named)."""
        chosen: dict[str, Any] = {name: choose(name, value, exact=True) for name, value in sections.items()}
        return cls(**chosen)

    def to_python(
        self,
        question: str = "What is this document about?",
        *,
        data_dir: Path | None = None,
        documents: Sequence[str] | None = None,
        name: str = "",
    ) -> str:
        """A script that runs this recipe and prints the passages it finds.

        Args:
            question: What it asks.
            data_dir: Where the documents are; None: where the script's own settings say.
            documents: Those it searches; None: all.
            name: What the recipe is called.
        """
        return python_script(self.changed(), question, data_dir=data_dir, documents=documents, name=name)

    def changed(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Sections that differ from the standard recipe -> (part, its knobs that were turned)."""
        standard, chosen = Recipe(), {section: self.choice(section) for section in SECTIONS}
        return {
            section: (choice.name, choice.params.model_dump(mode="json", exclude_defaults=True))
            for section, choice in chosen.items()
            if choice != standard.choice(section)
        }


def _parse(recipe: Recipe, section: str, field: str, value: str) -> Any:
    """A typed word as a value: lists and objects as JSON, ``null`` as None, the rest left to pydantic."""
    fields = type(recipe.choice(section).params).model_fields
    if field not in fields:
        return value
    text = value.strip()
    if text == "null":
        return None
    if text[:1] in "[{" and text:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return value
    return value
