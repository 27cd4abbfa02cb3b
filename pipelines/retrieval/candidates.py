"""What travels between the stages of retrieval: passages by id, with their place on every list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as CancelFlag
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from pipelines.errors import ModelMissing
from pipelines.registry import PartParams, knob
from pipelines.retrieval.base import STAGES, StageScore, Written
from pipelines.stores.base import Filter, Payload, Scored

if TYPE_CHECKING:
    from pipelines.engines.writing import Writer
    from pipelines.recipe import Recipe
    from pipelines.retrieval.aids import Aids
    from pipelines.retrieval.bm25 import Bm25Params


class ListParams(PartParams):
    """Knobs of every retriever."""

    k: int = knob(5, "Passages returned.", minimum=1, maximum=1000, step=1, usual=20)
    depth: int = knob(
        100, "Passages fetched from each list before fusion.", minimum=1, maximum=1000, step=1, usual=200, fold=True
    )
    threshold: float | None = knob(None, "Least score of the last stage a passage must have; empty: any.", fold=True)
    merge_at: float = knob(
        0.5, "Share of a parent's pieces that must be found before the parent is read instead (hierarchical chunks).",
        minimum=0, maximum=1, step=0.05, source="LlamaIndex AutoMergingRetriever", fold=True,
    )  # fmt: skip

    @property
    def looked_at(self) -> int:
        """Passages among which parents are counted: those returned, where a retriever says no more."""
        return self.k

    @property
    def fetch(self) -> int:
        """Length of each list: the depth, and never less than what is returned."""
        return max(self.depth, self.k)

    def keeps(self, score: float) -> bool:
        """Whether a passage of that score reaches the threshold."""
        return self.threshold is None or score >= self.threshold


def list_params(recipe: Recipe) -> ListParams:
    """The knobs of a recipe's retriever."""
    params = recipe.choice("retriever").params
    assert isinstance(params, ListParams), "a retriever's Params extend ListParams"
    return params


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

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """Dense vectors by id, of unit length; unknown ids are left out."""
        ...


class Keywords(Protocol):
    """What retrieval asks of a collection's words (:class:`~pipelines.retrieval.bm25.KeywordIndex` has it)."""

    def search(self, query: str, limit: int, params: Bm25Params, where: Filter | None = None) -> list[Scored]:
        """The best passages by BM25, best first."""
        ...


@dataclass(frozen=True)
class RetrievalContext:
    """What a retriever works on.

    ``where`` narrows every list, to some documents or pages.
    """

    store: Passages
    keyword_index: Keywords
    embed_query: Callable[[str], Sequence[float]]
    where: Filter | None = None
    text_of: TextOf | None = None  # reads the documents, for chunks that are read with more around them
    aids: Aids | None = None  # language model and token vectors, for stages that need them
    recipe: Recipe | None = None  # the one being run; its model is the one that writes
    cancel: CancelFlag | None = None
    on_step: Callable[[int, int], None] | None = None  # told how many of how many a slow stage has done

    def step(self, done: int, total: int) -> None:
        """Report where a slow stage stands."""
        if self.on_step is not None:
            self.on_step(done, total)

    def writer(self) -> Writer:
        """The recipe's language model. Raises ModelMissing, EngineUnreachable."""
        if self.aids is None or self.recipe is None:
            raise ModelMissing("No language model can be asked here.", "Choose a retriever that needs none.")
        return self.aids.writer(self.recipe, self.cancel)


@dataclass(frozen=True)
class Candidate:
    """A passage on its way; ``score`` is the last stage's so far."""

    id: str
    score: float
    scores: Mapping[str, StageScore]


@dataclass(frozen=True)
class Ranking:
    """Candidates, best first, and the seconds of each stage."""

    candidates: tuple[Candidate, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    payloads: Mapping[str, Payload] = field(default_factory=dict)  # of passages that are not in the store
    unread: tuple[Candidate, ...] = ()  # behind those a reranker looked at, in the order they had; no such score
    written: tuple[Written, ...] = ()  # what a language model wrote on the way

    @property
    def stage(self) -> str:
        """The stage whose score orders the candidates, a key of ``retrieval.base.STAGES``; "" without any."""
        first = self.candidates[0].scores if self.candidates else {}
        return next((stage for stage in reversed(list(STAGES)) if stage in first), "")


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
