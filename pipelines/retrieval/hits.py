"""Passages as hits: the texts, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.retrieval.base import ALWAYS, STAGES, Hit
from pipelines.retrieval.candidates import TextOf
from pipelines.retrieval.widen import Passage
from pipelines.stores.base import Payload
from pipelines.stores.payload import node_text


def to_hits(read: Sequence[Passage], payloads: Mapping[str, Payload], text_of: TextOf | None = None) -> tuple[Hit, ...]:
    """Hits of the passages, ranked from 1; without ``text_of`` what was searched is what is read."""
    return tuple(_hit(rank, one, payloads[one.candidate.id], text_of) for rank, one in enumerate(read, 1))


def _hit(rank: int, passage: Passage, payload: Payload, text_of: TextOf | None) -> Hit:
    """The place in the document comes from the node's metadata; other programs' nodes may lack it."""
    text = node_text(payload)
    start = _number(payload.get("start"), 0)
    end = _number(payload.get("end"), start + len(text))
    page = _number(payload.get("page"), 1)
    candidate = passage.candidate
    matched: tuple[tuple[int, int], ...] = ()
    if text_of is not None and passage.document_id and passage.read != (start, end):
        start, end = passage.read
        text, matched = text_of(passage.document_id, start, end), passage.found
    return Hit(
        rank=rank,
        score=candidate.score,
        scores={stage: candidate.scores.get(stage) for stage in STAGES if stage in ALWAYS or stage in candidate.scores},
        id=candidate.id,
        document=str(payload.get("document") or payload.get("file_name") or ""),
        document_id=str(payload.get("doc_id") or ""),
        text=text,
        start=start,
        end=end,
        page=page,
        page_label=str(payload.get("page_label") or page),
        pages=tuple(int(number) for number in payload.get("pages") or (page,)),
        headings=tuple(str(title) for title in payload.get("headings") or ()),
        matched=matched,
    )


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
