"""What travels between the stages of retrieval: passages by id, with their place on every list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from pipelines.registry import PartParams, knob
from pipelines.retrieval.base import StageScore
from pipelines.stores.base import Filter, Payload, Scored

if TYPE_CHECKING:
    from pipelines.retrieval.bm25 import KeywordIndex


class ListParams(PartParams):
    """Knobs of every retriever."""

    k: int = knob(5, "Passages returned.", minimum=1, maximum=1000, step=1)
    depth: int = knob(
        100, "Passages fetched from each list before fusion.", minimum=1, maximum=1000, step=10, fold=True
    )
    threshold: float | None = knob(None, "Least score of the last stage a passage must have; empty: any.", fold=True)
    merge_at: float = knob(
        0.5, "Share of a parent's pieces that must be found before the parent is read instead (hierarchical chunks).",
        minimum=0, maximum=1, step=0.05, source="LlamaIndex AutoMergingRetriever", fold=True,
    )  # fmt: skip

    @property
    def fetch(self) -> int:
        """Length of each list: the depth, and never less than what is returned."""
        return max(self.depth, self.k)

    def keeps(self, score: float) -> bool:
        """Whether a passage of that score reaches the threshold."""
        return self.threshold is None or score >= self.threshold


#: A range of a document's text: (document id, start, end) -> text.
TextOf = Callable[[str, int, int], str]


class Passages(Protocol):
    """What retrieval asks of a store (every :class:`~pipelines.stores.base.Store` has it)."""

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        """The nearest passages by cosine, best first."""
        ...

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Payloads by id; unknown ids are left out."""
        ...


@dataclass(frozen=True)
class RetrievalContext:
    """What a retriever works on.

    ``where`` narrows every list to some documents.
    """

    store: Passages
    keyword_index: KeywordIndex
    embed_query: Callable[[str], Sequence[float]]
    where: Filter | None = None
    text_of: TextOf | None = None  # reads the documents, for chunks that are read with more around them


@dataclass(frozen=True)
class Candidate:
    """A passage on its way; ``score`` is the last stage's so far."""

    id: str
    score: float
    scores: Mapping[str, StageScore]


@dataclass(frozen=True)
class Ranking:
    """Candidates, best first, and the seconds of each stage. ``payloads`` holds those not in the store."""

    candidates: tuple[Candidate, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    payloads: Mapping[str, Payload] = field(default_factory=dict)


#: A retriever with its knobs set: query to ranking.
Retriever = Callable[[str], Ranking]

#: A reranker with its knobs set: query and ranking to a better ranking.
Reranker = Callable[[str, Ranking], Ranking]


class Stopwatch:
    """Seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block as a stage; a stage entered twice adds up."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start


def places(found: Sequence[Scored]) -> dict[str, StageScore]:
    """Rank and score by id."""
    return {hit.id: StageScore(rank, hit.score) for rank, hit in enumerate(found, 1)}


def single_list(stage: str, found: Sequence[Scored]) -> tuple[Candidate, ...]:
    """A list as candidates of one stage."""
    return tuple(Candidate(id, place.score, {stage: place}) for id, place in places(found).items())
