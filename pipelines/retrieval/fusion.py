"""Fusion of ranked lists: pure functions from lists of (id, score), best first, to one such list.

Every function is deterministic: equal scores are ordered by id, and the order of the lists does not
matter (beyond naming which is which where they are weighted).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Literal

#: A list, best first.
Ranked = Sequence[tuple[str, float]]
Method = Literal["relative", "rrf", "dbsf"]


def fuse(
    semantic: Ranked,
    keyword: Ranked,
    method: Method,
    *,
    alpha: float = 0.5,
    rrf_k: int = 60,
    weights: Sequence[float] | None = None,
) -> list[tuple[str, float]]:
    """Fuse the two lists of hybrid search.

    Args:
        semantic: By cosine.
        keyword: By BM25.
        method: ``relative`` weighs with ``alpha``; ``rrf`` uses ``rrf_k`` and ``weights``; ``dbsf`` has no knob.
        alpha: Weight of ``semantic``, 0 to 1.
        rrf_k: Constant of reciprocal rank fusion.
        weights: Of ``semantic`` and ``keyword`` in reciprocal rank fusion; None: 1 each.
    """
    lists = [semantic, keyword]
    if method == "relative":
        return relative(lists, [alpha, 1 - alpha])
    return rrf(lists, rrf_k, weights) if method == "rrf" else dbsf(lists)


def relative(lists: Sequence[Ranked], weights: Sequence[float]) -> list[tuple[str, float]]:
    """Weighted sum of min-max normalised scores.

    Each list is stretched to 0 (its last) … 1 (its best); where all scores of a list are equal each
    is 1, since each is its best. What a list lacks counts 0. A list of weight 0 adds no passages.

    Source: Lee, "Analyses of multiple evidence combination", SIGIR 1997 (normalisation);
    Bruch et al., "An analysis of fusion functions for hybrid retrieval", TOIS 2023 (convex combination).
    """
    return _sum([_stretched(one, weight) for one, weight in zip(lists, weights, strict=True) if weight > 0])


def rrf(lists: Sequence[Ranked], k: int = 60, weights: Sequence[float] | None = None) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: the sum of weight / (k + rank), ranks from 1.

    Without weights each list has 1. A list of weight 0 adds no passages.

    Source: Cormack, Clarke and Büttcher, SIGIR 2009. (Qdrant's own counts ranks from 0, k = 2.)
    """
    weighed = zip(lists, weights if weights is not None else [1.0] * len(lists), strict=True)
    return _sum(
        [[(id, weight / (k + rank)) for rank, (id, _) in enumerate(one, 1)] for one, weight in weighed if weight > 0]
    )


def dbsf(lists: Sequence[Ranked]) -> list[tuple[str, float]]:
    """Distribution-based score fusion: scores between mean − 3σ (0) and mean + 3σ (1), summed.

    As Qdrant defines it: σ is the sample's (n − 1), outliers are not clamped, and a list without
    spread (one entry, or equal scores) counts 0.5 each.
    """
    return _sum([_spread(one) for one in lists])


def _stretched(one: Ranked, weight: float) -> Ranked:
    scores = [score for _, score in one]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if high - low <= 0:
        return [(id, weight) for id, _ in one]
    return [(id, weight * ((score - low) / (high - low))) for id, score in one]


def _spread(one: Ranked) -> Ranked:
    scores = [score for _, score in one]
    deviation = _deviation(scores) if len(set(scores)) > 1 else 0.0
    if deviation == 0:
        return [(id, 0.5) for id, _ in one]
    mean = fmean(scores)
    return [(id, (score - mean + 3 * deviation) / (6 * deviation)) for id, score in one]


def _deviation(scores: Sequence[float]) -> float:
    mean = fmean(scores)
    return math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / (len(scores) - 1))


def _sum(lists: Sequence[Ranked]) -> list[tuple[str, float]]:
    """Add up the scores of each id; best first, then by id."""
    terms: dict[str, list[float]] = {}
    for one in lists:
        for id, score in one:
            terms.setdefault(id, []).append(score)
    total = [(id, math.fsum(scores)) for id, scores in terms.items()]
    return sorted(total, key=lambda entry: (-entry[1], entry[0]))
