"""The text of a recipe file as plain data. What JSON leaves open is refused here, by name and place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from pipelines.errors import UsageError
from pipelines.recipes.versions import migrated
from pipelines.registry import SECTIONS

#: Greatest file, in bytes: recipes with long prompts of one's own have some ten thousand.
MOST_BYTES = 1_000_000

#: What a file may tell about its recipe -> most characters. It changes nothing the recipe does.
ABOUT: Mapping[str, int] = {"$schema": 2000, "name": 200, "note": 2000, "saved": 40, "origin": 400}

_INSTEAD = "Export a recipe from the app to see what one looks like."

#: Whole numbers up to here are written 3.0 by some programs; beyond, a fraction is all that can be meant.
_EXACT = 2**53

#: A longer whole number has no fraction near it.
_MOST_BITS = 1023


def read_text(path: Path, called: str = "") -> str:
    """The text of a recipe file; ``called`` is its name where the path's means nothing.

    Raises:
        UsageError: it cannot be read, is too large, or is not UTF-8.
    """
    name = called or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        size = path.stat().st_size / 1e6
        raise UsageError(f"{name} is too large for a recipe: {size:.1f} MB, at most {MOST_BYTES / 1e6:g} MB.", _INSTEAD)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not a recipe: it is not UTF-8 text.", _INSTEAD) from error


def parse(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The sections of a recipe file, as the newest version has them, and what it tells about itself.

    Raises:
        UsageError: not JSON, another version, a field it does not have.
    """
    if len(text) > MOST_BYTES:
        raise UsageError(f"That is too long for a recipe: {len(text):,} characters.", _INSTEAD)
    data = _loaded(text)
    if not isinstance(data, dict):
        raise UsageError("The recipe is not a JSON object.", f"Its sections: {', '.join(SECTIONS)}.")
    for place, trouble in _troubles(data):
        raise UsageError(
            f"{place or 'The recipe'} {trouble}.", "A recipe cannot hold that: put another value in its place."
        )
    data = migrated(data)
    del data["version"]
    about = {field: _about(field, data.pop(field)) for field in ABOUT if field in data}
    unknown = set(data) - set(SECTIONS)
    if unknown:
        raise UsageError(f"A recipe has no section {min(unknown)[:60]!r}.", f"Sections: {', '.join(SECTIONS)}.")
    return data, about


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=_number)
    except json.JSONDecodeError as error:
        raise UsageError(f"The recipe is not JSON: {error}.", _INSTEAD) from error
    except RecursionError as error:
        raise UsageError("The recipe is not one: it is nested too deeply.", _INSTEAD) from error
    except ValueError as error:  # Python does not read whole numbers of thousands of digits
        raise UsageError("The recipe holds a number with too many digits.", _INSTEAD) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a key that comes twice is a mistake, of which JSON keeps either."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(f"The recipe has {key[:60]!r} twice in one object.", "Take one of them out.")
        found[key] = value
    return found


def _number(digits: str) -> float | int:
    number = float(digits)
    whole = abs(number) < _EXACT and number.is_integer() and digits != "-0.0"
    return int(number) if whole else number


def _troubles(data: Any) -> Iterator[tuple[str, str]]:
    """Places with values that JSON has no words for, though Python reads them."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{place}.{key}".lstrip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(place, inner) for inner in value]
        elif isinstance(value, float) and not isfinite(value):
            yield _field(place), f"is {value}, which is no number"
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            yield _field(place), "is too large a number"
        elif isinstance(value, str) and not _encodes(value):
            yield _field(place), "holds half of a character (a lone surrogate)"


def _field(place: str) -> str:
    """``chunker.params.size`` as people type it."""
    return place.replace(".params.", ".")[:80]


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _about(field: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > ABOUT[field]:
        raise UsageError(f"The recipe's {field} must be text of at most {ABOUT[field]} characters.")
    return value
