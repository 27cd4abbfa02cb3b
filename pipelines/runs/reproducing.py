"""Did a run that was made again give the same? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from pipelines.runs.run import Kind

#: Scores that lie no further apart are the same: the order of sums differs between processors.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Verdict:
    """Whether it did, and what a person should know of it."""

    same: bool
    said: str


def verdict(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], seeded: bool = True) -> Verdict:
    """Compare what came out.

    Args:
        kind: Of both runs.
        before: Outputs, in the fields of the command line.
        after: The same of the run made again.
        seeded: Whether words were drawn without chance: with a seed, at temperature 0, or not at all.
    """
    if kind in ("ask", "search"):
        return _found(kind, before, after, seeded)
    if kind == "chunk":
        same = before.get("chunks") == after.get("chunks")
        return Verdict(same, "The same chunks." if same else "Other chunks: the document or its reader has changed.")
    if kind == "evaluate":
        return _measured(before.get("rows", ()), after.get("rows", ()))
    same = _texts(before) == _texts(after)
    if same:
        return Verdict(True, "The same text, word for word.")
    return Verdict(False, "Another text." if seeded else _CHANCE)


_CHANCE = "Another text, as was to be expected: it was drawn by chance, without a seed."


def _found(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], seeded: bool) -> Verdict:
    hits = _same_hits(before.get("hits", ()), after.get("hits", ()))
    found = "The same passages with the same scores" if hits else "Other passages, or in another order"
    if kind == "search":
        return Verdict(hits, f"{found}.")
    if before.get("answer") == after.get("answer"):
        return Verdict(hits, f"{found}, {'and' if hits else 'yet'} the same answer, word for word.")
    return Verdict(False, f"{found}, {'but' if hits else 'and'} another answer." if seeded else f"{found}. {_CHANCE}")


def _same_hits(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> bool:
    return len(before) == len(after) and all(
        (one["document"], one["start"], one["end"]) == (other["document"], other["start"], other["end"])
        and isclose(one["score"], other["score"], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        for one, other in zip(before, after, strict=True)
    )


def _measured(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Verdict:
    metrics = [[row["metrics"] for row in rows] for rows in (before, after)]
    same = len(metrics[0]) == len(metrics[1]) and all(
        one.keys() == other.keys()
        and all(isclose(one[name]["mean"], other[name]["mean"], abs_tol=TOLERANCE) for name in one)
        for one, other in zip(*metrics, strict=True)
    )
    return Verdict(
        same, "The same metrics." if same else "Other metrics: questions, documents or versions have changed."
    )


def _texts(outputs: Mapping[str, Any]) -> list[str]:
    columns = outputs.get("columns")
    if columns is None:
        return [str(row["text"]) for row in outputs.get("rows", ())] or [str(outputs.get("text", ""))]
    return [one["text"] for column in columns for one in column["samples"]]
