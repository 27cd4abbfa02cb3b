"""What rerankers share: which passages they read again, and how their scores become a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.registry import PartParams, knob
from pipelines.retrieval.base import StageScore, Written
from pipelines.retrieval.candidates import Candidate, Ranking, Reranker, RetrievalContext, Stopwatch
from pipelines.stores.base import Payload

#: A score for each text, higher is better: (query, texts) -> scores.
Scorer = Callable[[str, list[str]], Sequence[float]]


class RerankParams(PartParams):
    """Knobs of every reranker."""

    depth: int = knob(
        20, "Best passages read again, and never fewer than are returned; the others keep their order behind them.",
        minimum=1, maximum=200, step=1, usual=100,
    )  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """The best passages of a ranking, with their payloads and what they are searched by."""

    candidates: tuple[Candidate, ...]
    payloads: Mapping[str, Payload]
    texts: list[str]


def take(ranking: Ranking, params: RerankParams, context: RetrievalContext) -> Taken:
    """The passages that are read again; those deleted since are none of them.

    Raises:
        StoreError: the store failed, or a passage has no text.
    """
    from pipelines.stores.payload import searched_text

    first = ranking.candidates[: _depth(params, context)]
    payloads = dict(ranking.payloads)
    payloads.update(context.store.payloads([one.id for one in first if one.id not in payloads]))
    here = tuple(one for one in first if one.id in payloads)
    return Taken(here, payloads, [searched_text(payloads[one.id]) for one in here])


def put_in_order(
    ranking: Ranking,
    read: Sequence[Candidate],
    scores: Sequence[float],
    seconds: Mapping[str, float],
    written: Sequence[Written] = (),
) -> Ranking:
    """The ranking with what was read in the order of its new scores; the rest is ``unread``.

    Args:
        ranking: The retriever's.
        read: Candidates that were read again.
        scores: One each; equal ones keep their order.
        seconds: Of the reranker's stages.
        written: What a model was asked.
    """
    best_first = sorted(zip(read, scores, strict=True), key=lambda pair: -pair[1])
    candidates = tuple(
        Candidate(one.id, float(score), {**one.scores, "rerank": StageScore(rank, float(score))})
        for rank, (one, score) in enumerate(best_first, 1)
    )
    known = {one.id for one in read}
    rest = tuple(one for one in ranking.candidates if one.id not in known)
    return Ranking(
        candidates,
        {**ranking.seconds, **seconds},
        ranking.payloads,
        (*rest, *ranking.unread),
        (*ranking.written, *written),
    )


def by_score(params: RerankParams, context: RetrievalContext, score: Scorer) -> Reranker:
    """A reranker that gives each passage a score of its own."""

    def rerank(query: str, ranking: Ranking) -> Ranking:
        watch = Stopwatch()
        with watch("rerank"):
            taken = take(ranking, params, context)
            scores = score(query, taken.texts) if taken.texts else []
        return put_in_order(ranking, taken.candidates, scores, watch.seconds)

    return rerank


def _depth(params: RerankParams, context: RetrievalContext) -> int:
    """Never less than what is returned: every hit then has the reranker's score."""
    if context.recipe is None:
        return params.depth
    return max(params.depth, int(getattr(context.recipe.choice("retriever").params, "k", 0)))
