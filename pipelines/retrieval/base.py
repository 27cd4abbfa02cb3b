"""What retrieval gives: hits that remember their place in every list they were on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Stages in the order a passage goes through them, with the name and direction of their score.
STAGES: Mapping[str, str] = {
    "semantic": "cosine similarity, higher is better",
    "keyword": "BM25, higher is better",
    "fused": "fusion score, higher is better",
    "mmr": "relevance less likeness to those before, higher is better",
    "rerank": "reranker's score, higher is better",
}

#: Stages every hit tells of, also where it was not on that list; others only where they took part.
ALWAYS = ("semantic", "keyword", "fused", "rerank")


@dataclass(frozen=True)
class StageScore:
    """A place on one list, from 1, and the score it had there."""

    rank: int
    score: float


@dataclass(frozen=True)
class Written:
    """A text that a language model wrote for the search."""

    kind: str  # "query", "passage", "prompt"
    text: str
    by: str  # model and engine


@dataclass(frozen=True)
class Hit:
    """A passage found. Offsets count characters of the document's text; pages count from 1."""

    rank: int
    score: float  # of the last stage
    scores: Mapping[str, StageScore | None]
    id: str
    document: str
    document_id: str
    text: str
    start: int
    end: int
    page: int
    page_label: str
    pages: tuple[int, ...]
    headings: tuple[str, ...] = ()
    matched: tuple[tuple[int, int], ...] = ()  # what was searched, best first, where more than that is read

    def to_json(self) -> dict[str, Any]:
        """The shape of the command line's hits."""
        scores = {k: {"rank": s.rank, "score": s.score} if s else None for k, s in self.scores.items()}
        names = ("document", "page", "page_label", "pages", "start", "end", "text")
        rest = {name: getattr(self, name) for name in names}
        found = {"matched": [list(span) for span in self.matched]} if self.matched else {}
        return {"rank": self.rank, "score": self.score, "scores": scores, **rest, "pages": list(self.pages), **found}


@dataclass(frozen=True)
class Retrieval:
    """The hits of one question and the seconds each stage took."""

    query: str
    hits: tuple[Hit, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    written: tuple[Written, ...] = ()
