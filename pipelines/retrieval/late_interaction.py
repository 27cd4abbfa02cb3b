"""Passages in order of how well each word of the question is met by some word of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.errors import ModelMissing
from pipelines.registry import knob, part
from pipelines.retrieval.candidates import Ranking, Reranker, RetrievalContext, Stopwatch
from pipelines.retrieval.fusion import relative
from pipelines.retrieval.reranking import RerankParams, Taken, put_in_order, take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LateInteractionParams(RerankParams):
    """Knobs of late interaction."""

    weight: float = knob(
        0.75, "Weight of the token match against the retriever's own score; 1: the token match alone.",
        minimum=0, maximum=1, step=0.05,
        source="weight·MaxSim + (1 − weight)·score, both min-max normalised; MaxSim: Khattab and Zaharia 2020",
    )  # fmt: skip


@part("reranker", "late-interaction", label="Late interaction", params=LateInteractionParams, rank=10)
def late_interaction(params: LateInteractionParams, context: RetrievalContext) -> Reranker:
    """Compares the question with passages token by token, with the built-in embedding model."""

    def rerank(query: str, ranking: Ranking) -> Ranking:
        watch = Stopwatch()
        with watch("rerank"):
            taken = take(ranking, params, context)
            scores = _scores(query, taken, params.weight, context) if taken.texts else []
        return put_in_order(ranking, taken.candidates, scores, watch.seconds)

    return rerank


def _scores(query: str, taken: Taken, weight: float, context: RetrievalContext) -> list[float]:
    if context.aids is None:
        raise ModelMissing("There is no embedding model to read passages with here.", "Choose reranker none.")
    question, *texts = context.aids.token_vectors([query, *taken.texts])
    matches = [max_sim(question, one) for one in texts]
    if weight == 1:
        return matches
    ids = [one.id for one in taken.candidates]
    own = [one.score for one in taken.candidates]
    lists: Sequence[list[tuple[str, float]]] = [list(zip(ids, some, strict=True)) for some in (matches, own)]
    mixed = dict(relative(lists, [weight, 1 - weight]))
    return [mixed[id] for id in ids]


def max_sim(question: NDArray[np.float16], passage: NDArray[np.float16]) -> float:
    """Mean over the question's tokens of the best cosine with a token of the passage; 0 without tokens.

    ColBERT's MaxSim (Khattab and Zaharia, SIGIR 2020), which sums; the mean does not grow with the question.

    Args:
        question: Unit vectors, (tokens, dimensions).
        passage: As well.
    """
    import numpy as np

    if not len(question) or not len(passage):
        return 0.0
    return float((question.astype(np.float32) @ passage.astype(np.float32).T).max(axis=1).mean())
