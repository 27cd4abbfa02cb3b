"""The way of every passage through the stages of each column: where it was gained, where it was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.retrieval.base import STAGES
from pipelines.stores.base import Payload
from pipelines.stores.payload import node_text
from playground.finding.column import Found

#: After the lists: what the answer is given, and what it leans on.
PROMPT, CITED = "in the prompt", "cited"

#: Of each list so many best, of each column so many last ranks are traced, and so many in all.
_BEST, _LAST, _MOST = 5, 12, 40


@dataclass(frozen=True)
class Line:
    """A passage in one column: its rank at each stage it reached, from 1."""

    id: str
    ranks: Mapping[str, int]


@dataclass(frozen=True)
class Lane:
    """One column: its stages in order, and a line a traced passage."""

    stages: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Traced:
    """A passage that some column ranked high."""

    id: str
    document: str
    page: int
    text: str


def trace(columns: Sequence[Found]) -> tuple[Lane, ...]:
    """A lane for each column; every lane has the passages that matter in any column, the best first."""
    ids = _ids(columns)
    return tuple(_lane(column, ids) for column in columns)


def traced(ids: Sequence[str], payloads: Mapping[str, Payload]) -> dict[str, Traced]:
    """What the passages are; those removed meanwhile are left out."""
    found = {}
    for id in ids:
        payload = payloads.get(id)
        if payload is not None:
            name = str(payload.get("document") or payload.get("file_name") or "")
            page = payload.get("page")
            found[id] = Traced(id, name, page if isinstance(page, int) else 0, node_text(payload))
    return found


def _ids(columns: Sequence[Found]) -> list[str]:
    """Ids worth a line: last ranks, hits, and the best of every list, by their best last rank."""
    best: dict[str, int] = {}
    for column in columns:
        if column.ranking is None:
            continue
        for at, one in enumerate(column.ranking.candidates, 1):
            leads = any(place.rank <= _BEST for place in one.scores.values())
            if at <= _LAST or leads:
                best[one.id] = min(at, best.get(one.id, at))
        for hit in column.hits:
            best[hit.id] = min(hit.rank, best.get(hit.id, hit.rank))
    return sorted(best, key=lambda id: (best[id], id))[:_MOST]


def _lane(column: Found, ids: Sequence[str]) -> Lane:
    if column.ranking is None:
        return Lane((), ())
    places = {one.id: one.scores for one in (*column.ranking.candidates, *column.ranking.unread)}
    stages = [stage for stage in STAGES if any(stage in scores for scores in places.values())]
    used = column.turn.passages if column.turn is not None and column.turn.hits is not None else column.hits
    prompt = {hit.id: n for n, hit in enumerate(used, 1)}
    cited: dict[str, int] = {}
    for citation in column.turn.citations if column.turn else ():
        cited.setdefault(citation.hit.id, len(cited) + 1)
    lines = []
    for id in ids:
        ranks = {stage: places[id][stage].rank for stage in stages if id in places and stage in places[id]}
        ranks |= {PROMPT: prompt[id]} if id in prompt else {}
        ranks |= {CITED: cited[id]} if id in cited else {}
        lines.append(Line(id, ranks))
    last = (CITED,) if column.turn is not None else ()
    return Lane((*stages, PROMPT, *last), tuple(lines))
