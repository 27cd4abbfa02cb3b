"""Where two answers to one prompt part: the first token that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.engines.base import TokenEvent
from pipelines.samples import Sample


@dataclass(frozen=True)
class Parting:
    """Two answers compared."""

    state: Literal["parted", "same", "goes on", "text only", "waiting"]
    token: int = -1  # the first that differs, counted from 0, in both
    common: str = ""  # what both say


def parting(one: Sample | None, other: Sample | None) -> Parting:
    """Compare two answers by tokens, or by characters where the server tells no tokens."""
    if one is None or other is None or not (_spoke(one) and _spoke(other)):
        return Parting("waiting")
    if not one.tokens or not other.tokens:
        return _by_text(one, other)
    at = first_difference(one.tokens, other.tokens)
    common = "".join(token.text for token in one.tokens[:at])
    if at < min(len(one.tokens), len(other.tokens)):
        return _by_text(one, other) if _only_cut_otherwise(one, other, at, common) else Parting("parted", at, common)
    if not _ended(one, other):
        return Parting("waiting", at, common)
    return Parting("same" if len(one.tokens) == len(other.tokens) else "goes on", at, common)


def first_difference(left: Sequence[TokenEvent], right: Sequence[TokenEvent]) -> int:
    """Number of tokens that are the same from the beginning on."""
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if (one.bytes or one.text) != (other.bytes or other.text):
            return at
    return min(len(left), len(right))


def _spoke(sample: Sample) -> bool:
    return bool(sample.text) or sample.state == "done"


def _only_cut_otherwise(one: Sample, other: Sample, at: int, common: str) -> bool:
    """Whether two models say the same words beyond a differing token: they cut words into tokens each in its way."""
    if (one.engine, one.model) == (other.engine, other.model):
        return False
    longer = max((sample.tokens[at].text for sample in (one, other)), key=len)
    return bool(longer) and all(sample.text.startswith(common + longer) for sample in (one, other))


def _ended(*samples: Sample) -> bool:
    return all(sample.state in ("done", "stopped", "failed") for sample in samples)


def _by_text(one: Sample, other: Sample) -> Parting:
    if one.text == other.text:
        return Parting("same" if _ended(one, other) else "waiting", common=one.text)
    at = next(
        (n for n, (a, b) in enumerate(zip(one.text, other.text, strict=False)) if a != b),
        min(len(one.text), len(other.text)),
    )
    if at == min(len(one.text), len(other.text)) and not _ended(one, other):
        return Parting("waiting", common=one.text[:at])
    return Parting("text only", common=one.text[:at])
