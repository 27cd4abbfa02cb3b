"""Metrics of a ranking against judgements: pure functions, as trec_eval defines them.

A ranking is document ids, best first, each once. Judgements map document ids to grades; above 0 is
relevant, anything else (or no judgement) is not. All values are 0 to 1. Averages are over queries
with at least one relevant document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Ranking = Sequence[str]
Judgements = Mapping[str, int]


def ndcg(ranking: Ranking, judged: Judgements, k: int) -> float:
    """Normalised discounted cumulative gain of the first k: linear gain, discount log2(rank + 1).

    The ideal ranks every relevant document by grade, found or not (trec_eval's ``ndcg_cut``;
    Järvelin and Kekäläinen, TOIS 2002).
    """
    ideal = _gain(sorted(judged.values(), reverse=True)[:k])
    return _gain([judged.get(id, 0) for id in ranking[:k]]) / ideal if ideal else 0.0


def recall(ranking: Ranking, judged: Judgements, k: int) -> float:
    """Share of the relevant documents that are among the first k."""
    relevant = _relevant(judged)
    return len(relevant & set(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Ranking, judged: Judgements, k: int) -> float:
    """Relevant documents among the first k, divided by k also where fewer were found."""
    return len(_relevant(judged) & set(ranking[:k])) / k


def mrr(ranking: Ranking, judged: Judgements, k: int) -> float:
    """1 / rank of the first relevant document, 0 when it is not among the first k."""
    relevant = _relevant(judged)
    return next((1 / rank for rank, id in enumerate(ranking[:k], 1) if id in relevant), 0.0)


def hit(ranking: Ranking, judged: Judgements, k: int) -> float:
    """1 when any relevant document is among the first k (also called success)."""
    return float(bool(_relevant(judged) & set(ranking[:k])))


def average_precision(ranking: Ranking, judged: Judgements) -> float:
    """Mean of the precisions at each relevant document's rank; one that is not found counts 0.

    Its mean over queries is MAP (trec_eval's ``map``).
    """
    relevant = _relevant(judged)
    found, total = 0, 0.0
    for rank, id in enumerate(ranking, 1):
        if id in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def all_metrics(ranking: Ranking, judged: Judgements, k: int) -> dict[str, float]:
    """The metrics of a report by name; ``k`` is the number of passages an answer would use."""
    return {
        "ndcg@10": ndcg(ranking, judged, 10),
        "recall@10": recall(ranking, judged, 10),
        "recall@100": recall(ranking, judged, 100),
        f"precision@{k}": precision(ranking, judged, k),
        "mrr@10": mrr(ranking, judged, 10),
        "map": average_precision(ranking, judged),
        f"hit@{k}": hit(ranking, judged, k),
    }


def _relevant(judged: Judgements) -> set[str]:
    return {id for id, grade in judged.items() if grade > 0}


def _gain(grades: Sequence[int]) -> float:
    return sum(max(0, grade) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
