"""Files of questions as rows of fields: YAML, JSON, JSON lines, CSV. What the fields mean is ``questions.py``'s."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import DamagedFile, FileTooLarge, UnsupportedFile, UsageError
from pipelines.loading.plain import decode

#: Where a row stands, for people ("line 3"), and its fields.
Row = tuple[str, dict[str, Any]]

_MOST_BYTES = 100_000_000

#: Columns of a CSV that may hold a JSON list.
_LISTS = ("quote", "quotes", "start", "end", "references")


def rows(path: Path) -> Iterator[Row]:
    """The rows of a file, in its order, by what its extension says.

    Values are text, or what JSON makes of them. A CSV's columns may be parted by comma, semicolon or tab.

    Raises:
        UsageError: an extension we don't know. FileTooLarge. DamagedFile: not what the extension says; names
            the place.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UsageError(f"{path} is not a kind of file questions are read from.", f"Kinds: {', '.join(_READERS)}.")
    text = _text(path)
    try:
        yield from read(text)
    except _Broken as error:
        raise DamagedFile(f"{path}, {error}", error.fix) from error
    except RecursionError as error:
        raise DamagedFile(f"{path} nests too deep.", "A question is a flat object.") from error


class _Broken(Exception):
    """What is wrong, beginning with the place, and what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FileTooLarge(f"{path} has over {_MOST_BYTES // 1_000_000} MB.", "Split it.")
        return decode(path.read_bytes(), path.name)[0]
    except OSError as error:
        raise DamagedFile(f"{path} can't be read: {error.strerror or error}.", "Check the path.") from error
    except (UnsupportedFile, DamagedFile) as error:
        raise DamagedFile(f"{path} is not text.", "Save it as UTF-8.") from error


def _json(text: str) -> Iterator[Row]:
    """A list, or an object a line."""
    if text.lstrip().startswith("["):
        yield from _numbered(_parsed(text, "the list"))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _row(f"line {number}", _parsed(line, f"line {number}"))


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _Broken(f"{place}: not JSON ({error}).", "Write one JSON object a line, or one list of them.") from error


def _yaml(text: str) -> Iterator[Row]:
    """A list of mappings. A scalar stays the text it is: a quote may look like a number, a date, or "no"."""
    import yaml

    class Loader(yaml.BaseLoader):
        """Makes text, lists, mappings and null, nothing else."""

    Loader.add_implicit_resolver("null", re.compile("(?:~|null|)$"), ["~", "n", ""])
    Loader.add_constructor("null", lambda loader, node: None)
    try:
        loaded = yaml.load(text, Loader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "somewhere"
        said = getattr(error, "problem", None) or "a character YAML does not allow"
        raise _Broken(f"{place}: not YAML ({said}).", "Text with a colon or a # wants quotes around it.") from error
    yield from _numbered(loaded)


def _csv(text: str) -> Iterator[Row]:
    """A header, then a question a row; rows are counted as a spreadsheet does."""
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if not header:
                header = [name.strip().lower() for name in cells]
            elif any(cells):
                yield f"row {number}", _fields(header, cells, f"row {number}")
    except csv.Error as error:
        fix = "A field with commas, quotes or line breaks stands in double quotes; quotes in it are doubled."
        raise _Broken(f"row {number + 1}: not CSV ({error}).", fix) from error


def _fields(header: list[str], cells: list[str], place: str) -> dict[str, Any]:
    if len(cells) > len(header):
        fix = "A field with commas in it stands in double quotes."
        raise _Broken(f"{place}: {len(cells)} fields under a header of {len(header)}.", fix)
    row: dict[str, Any] = dict(zip(header, cells, strict=False))
    for name in _LISTS:
        if str(row.get(name, "")).lstrip().startswith("["):
            row[name] = _list(row[name])
    return row


def _list(cell: str) -> Any:
    """A JSON list; what only looks like one is a quote."""
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _numbered(loaded: Any) -> Iterator[Row]:
    if not isinstance(loaded, list):
        raise _Broken(
            "the whole file: not a list.", "Write a list of questions, each with question, document and quote."
        )
    for number, one in enumerate(loaded, 1):
        yield _row(f"question {number}", one)


def _row(place: str, loaded: Any) -> Row:
    if not isinstance(loaded, Mapping):
        raise _Broken(f"{place}: not an object.", "A question has the fields question, document and quote.")
    return place, {str(name).strip().lower(): value for name, value in loaded.items()}


_READERS: Mapping[str, Callable[[str], Iterator[Row]]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".jsonl": _json,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
}
