"""Candidates as hits: the texts, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.retrieval.base import STAGES, Hit
from pipelines.retrieval.candidates import Candidate
from pipelines.stores.base import Payload
from pipelines.stores.payload import node_text


def to_hits(candidates: Sequence[Candidate], payloads: Mapping[str, Payload]) -> tuple[Hit, ...]:
    """Hits of the candidates whose payload is at hand, ranked from 1.

    A passage deleted between the search and now has none and drops out.
    """
    there = [candidate for candidate in candidates if candidate.id in payloads]
    return tuple(_hit(rank, one, payloads[one.id]) for rank, one in enumerate(there, 1))


def _hit(rank: int, candidate: Candidate, payload: Payload) -> Hit:
    """The place in the document comes from the node's metadata; other programs' nodes may lack it."""
    text = node_text(payload)
    start = _number(payload.get("start"), 0)
    page = _number(payload.get("page"), 1)
    return Hit(
        rank=rank,
        score=candidate.score,
        scores={stage: candidate.scores.get(stage) for stage in STAGES},
        id=candidate.id,
        document=str(payload.get("document") or payload.get("file_name") or ""),
        document_id=str(payload.get("doc_id") or ""),
        text=text,
        start=start,
        end=_number(payload.get("end"), start + len(text)),
        page=page,
        page_label=str(payload.get("page_label") or page),
        pages=tuple(int(number) for number in payload.get("pages") or (page,)),
        headings=tuple(str(title) for title in payload.get("headings") or ()),
    )


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
