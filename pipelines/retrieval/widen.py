"""From what was searched to what is read: windows, long chunks, and parents of which many pieces were found.

Auto-merging follows LlamaIndex's AutoMergingRetriever: a parent replaces its pieces when more than a share
of them was found, and so on upwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.retrieval.candidates import Candidate
from pipelines.stores.base import Payload

Range = tuple[int, int]


@dataclass(frozen=True)
class Passage:
    """What will be read, and the best candidate that led to it."""

    candidate: Candidate
    document_id: str
    read: Range
    found: tuple[Range, ...]  # what was searched, best first
    parents: tuple[tuple[int, int, int], ...] = ()  # (start, end, pieces in it), smallest first

    @classmethod
    def of(cls, candidate: Candidate) -> Passage:
        """A candidate read as it was searched."""
        return cls(candidate, "", (0, 0), ())


def passages(candidates: Sequence[Candidate], payloads: Mapping[str, Payload]) -> list[Passage]:
    """One passage for everything that is read, in the order of its best candidate.

    A candidate without payload was deleted since and drops out.
    """
    by_read: dict[tuple[str, Range], Passage] = {}
    for candidate in candidates:
        payload = payloads.get(candidate.id)
        if payload is None:
            continue
        one = _passage(candidate, payload)
        key = (one.document_id or candidate.id, one.read)
        known = by_read.get(key)
        by_read[key] = _joined(known, [one]) if known else one
    return list(by_read.values())


def merge(found: Sequence[Passage], share: float) -> list[Passage]:
    """Pieces replaced by their parent where more than ``share`` of the parent's pieces are among them.

    Args:
        found: In order; a parent takes the place of its best piece.
        share: 0 to 1; 1 merges nothing.
    """
    current = list(found)
    while True:
        groups: dict[tuple[str, Range], list[Passage]] = {}
        for one in current:
            if one.parents:
                start, end, _ = one.parents[0]
                groups.setdefault((one.document_id, (start, end)), []).append(one)
        ripe = {key: group for key, group in groups.items() if len(group) / group[0].parents[0][2] > share}
        if not ripe:
            return current
        current = _replace(current, ripe)


def _replace(current: Sequence[Passage], ripe: Mapping[tuple[str, Range], list[Passage]]) -> list[Passage]:
    replaced: list[Passage] = []
    placed: set[tuple[str, Range]] = set()
    for one in current:
        key = (one.document_id, one.parents[0][:2]) if one.parents else None
        if key is None or key not in ripe:
            replaced.append(one)
        elif key not in placed:
            placed.add(key)
            best = Passage(one.candidate, one.document_id, key[1], one.found, one.parents[1:])
            replaced.append(_joined(best, ripe[key][1:]))
    return replaced


def _joined(best: Passage, others: Sequence[Passage]) -> Passage:
    ranges = dict.fromkeys([*best.found, *(span for other in others for span in other.found)])
    return Passage(best.candidate, best.document_id, best.read, tuple(ranges), best.parents)


def _passage(candidate: Candidate, payload: Payload) -> Passage:
    """Other programs' nodes may not know their place: each is then read as it is."""
    start, end = payload.get("start"), payload.get("end")
    span = (start, end) if isinstance(start, int) and isinstance(end, int) else (0, 0)
    read = payload.get("read")
    parents = tuple((int(a), int(b), int(n)) for a, b, n in payload.get("parents") or ())
    document = str(payload.get("doc_id") or "") if span != (0, 0) else ""
    return Passage(candidate, document, (int(read[0]), int(read[1])) if read else span, (span,), parents)
