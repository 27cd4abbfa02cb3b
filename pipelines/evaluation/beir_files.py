"""The BEIR layout (``corpus.jsonl``, ``queries.jsonl``, ``qrels.tsv``) and TREC's run files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import DamagedFile


@dataclass(frozen=True)
class CorpusDocument:
    """A document of a collection. ``text`` is title, space, text."""

    id: str
    text: str


def read_corpus(path: Path) -> list[CorpusDocument]:
    """Documents in the file's order.

    Raises:
        DamagedFile: cannot be read; names the line.
    """
    found = [CorpusDocument(id, f"{row.get('title') or ''} {row['text']}".strip()) for id, row in _rows(path)]
    if not found:
        raise DamagedFile(f"{path} holds no document.", "It needs a JSON object with _id and text a line.")
    return found


def read_queries(path: Path) -> dict[str, str]:
    """Queries by id, in the file's order. Raises DamagedFile."""
    return {id: str(row["text"]) for id, row in _rows(path)}


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grades by query id and document id: tab-separated query, document, grade, under a header.

    Raises:
        DamagedFile: cannot be read; names the line.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        columns = line.split("\t")
        try:
            query, document, grade = (column.strip() for column in columns)
            found.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            if number == 1 and len(columns) == 3:
                continue  # the header
            raise DamagedFile(
                f"{path}, line {number}: {line[:80]!r} is not query, document and grade.",
                "The three are separated by tabs, the grade is a whole number.",
            ) from error
    return found


def write_run(path: Path, rankings: Mapping[str, Sequence[tuple[str, float]]], tag: str) -> None:
    """Write rankings as TREC does: query, ``Q0``, document, rank from 1, score, tag.

    trec_eval does not read the rank: it sorts by score, kept with 32 bits, and equal scores by document id. So
    that it sees the order that was measured here, a score that is not below the one before it is written as the
    next number below.

    Raises:
        DamagedFile: the file cannot be written.
    """
    lines = [
        f"{query} Q0 {document} {rank} {score:.9g} {tag}\n"
        for query, ranking in rankings.items()
        for rank, ((document, _), score) in enumerate(zip(ranking, _descending(ranking), strict=True), 1)
    ]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise DamagedFile(f"{path} can't be written: {error}.", "Choose another --run-file.") from error


def _descending(ranking: Sequence[tuple[str, float]]) -> Iterator[float]:
    """The scores as 32-bit numbers, each below the one before it. Nine digits tell any two of them apart."""
    import numpy as np

    last = np.float32(np.inf)
    for _, score in ranking:
        last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
        yield float(last)


def fingerprint(path: Path) -> str:
    """Sixteen hex digits of the file's sha256. Raises DamagedFile."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise DamagedFile(f"{path} can't be read: {error}.") from error


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, object) of each line; every id once, every object with a text."""
    seen: set[str] = set()
    for number, line in _lines(path):
        try:
            row = json.loads(line)
            id = str(row["_id"])
            if not isinstance(row["text"], str):
                raise TypeError("text is not text")
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFile(
                f"{path}, line {number}: not a JSON object with _id and text ({error}).",
                "The BEIR layout has one such object a line.",
            ) from error
        if id in seen:
            raise DamagedFile(f"{path}, line {number}: the id {id!r} stands there twice.", "Ids must be unique.")
        seen.add(id)
        yield id, row


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFile(f"{path} can't be read: {error}.") from error
