"""How alike two rankings are: pure functions on lists of ids, best first, each id once."""

from __future__ import annotations

from collections.abc import Sequence


def jaccard(a: Sequence[str], b: Sequence[str]) -> float:
    """Ids in both lists by ids in either, 0 to 1; two empty lists are alike (Jaccard, 1912)."""
    either = set(a) | set(b)
    return len(set(a) & set(b)) / len(either) if either else 1.0


def rank_biased_overlap(a: Sequence[str], b: Sequence[str], p: float = 0.9) -> float:
    """Extrapolated rank-biased overlap, 0 to 1: agreement at every depth, the first ranks counting most.

    Equation 32 of Webber, Moffat and Zobel, "A similarity measure for indefinite rankings", TOIS 2010: lists may
    differ in length; what is behind their ends is taken to agree as much as what was seen.

    Args:
        p: 0 to 1, exclusive: the chance that a reader goes on to the next rank.
    """
    short, long = sorted((list(a), list(b)), key=len)
    if not short:
        return 1.0 if not long else 0.0
    near, far = len(short), len(long)
    common = [len(set(short[:depth]) & set(long[:depth])) for depth in range(far + 1)]
    seen = sum(common[d] / d * p**d for d in range(1, far + 1))
    beyond = sum(common[near] * (d - near) / (near * d) * p**d for d in range(near + 1, far + 1))
    rest = ((common[far] - common[near]) / far + common[near] / near) * p**far
    return (1 - p) / p * (seen + beyond) + rest
