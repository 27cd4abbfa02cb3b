"""How much several texts drawn with one setting differ: pure functions on texts."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.embedding.base import Vectors
    from pipelines.samples import Sample

#: A word: letters, digits and underscores in a row, with apostrophes inside; case is folded, punctuation is none.
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class SameSeed:
    """Seeds drawn more than once: pairs of texts with one seed, and how many of them are equal."""

    pairs: int
    equal: int


@dataclass(frozen=True)
class Length:
    """Tokens of the texts."""

    mean: float
    least: int
    most: int


@dataclass(frozen=True)
class Variety:
    """What N texts of one setting have in common. None where it cannot be said: no text, no pair, no words."""

    samples: int  # texts measured
    distinct: int
    agreement: float | None  # share of the commonest text, 0 to 1
    distinct_1: float | None
    distinct_2: float | None
    edit_similarity: float | None  # mean over pairs, 1: all equal
    cosine: float | None  # mean over pairs, of embeddings
    length: Length | None
    finish: Mapping[str, int] = field(default_factory=dict)  # reason -> texts
    same_seed: SameSeed | None = None
    failed: int = 0  # samples that broke or were stopped; their texts are not measured

    def to_json(self) -> dict[str, Any]:
        """The fields of the command line."""
        return asdict(self)


def variety(
    texts: Sequence[str],
    *,
    finishes: Iterable[str] = (),
    tokens: Sequence[int] = (),
    seeds: Sequence[int | None] = (),
    vectors: Vectors | None = None,
    failed: int = 0,
) -> Variety:
    """Measure N texts; their order does not matter.

    Args:
        texts: What was drawn; equal means equal in every character.
        finishes: Why each ended.
        tokens: Length of each in tokens, where known.
        seeds: What each was drawn with, as many as texts; None: a random seed.
        vectors: Unit vectors, (N, dimensions), in the order of ``texts``.
        failed: Samples left out because they broke.
    """
    counts = Counter(texts)
    words = [words_of(text) for text in texts]
    return Variety(
        samples=len(texts),
        distinct=len(counts),
        agreement=max(counts.values()) / len(texts) if texts else None,
        distinct_1=distinct_n(words, 1),
        distinct_2=distinct_n(words, 2),
        edit_similarity=edit_similarity(texts),
        cosine=None if vectors is None else cosine(vectors),
        length=Length(sum(tokens) / len(tokens), min(tokens), max(tokens)) if tokens else None,
        finish=dict(Counter(sorted(finishes))),
        same_seed=same_seed(zip(seeds, texts, strict=True)) if seeds else None,
        failed=failed,
    )


def variety_of(samples: Sequence[Sample], vectors: Vectors | None = None) -> Variety:
    """The same, of samples; only those that are done count as texts.

    Args:
        samples: Draws of one setting.
        vectors: Unit vectors of the texts of :func:`done`, in that order.
    """
    whole = done(samples)
    return variety(
        [one.text for one in whole],
        finishes=[one.finish for one in whole if one.finish],
        tokens=[one.stats.completion_tokens for one in whole if one.stats and one.stats.completion_tokens is not None],
        seeds=[one.params.seed for one in whole],
        vectors=vectors,
        failed=len(samples) - len(whole),
    )


def done(samples: Iterable[Sample]) -> list[Sample]:
    """The samples whose text is whole."""
    return [one for one in samples if one.state == "done"]


def words_of(text: str) -> list[str]:
    """Runs of letters, digits and underscores, with apostrophes inside, case folded; punctuation is no word.

    A script without spaces between words gives one word a run.
    """
    return [found.casefold() for found in _WORD.findall(text)]


def distinct_n(texts: Sequence[Sequence[str]], n: int) -> float | None:
    """Different n-grams by the number of words, over all texts together; None without a word.

    Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models", arXiv:1510.03055,
    section 5.2: scaled by the number of words, for bigrams too. n-grams do not reach over the end of a text.
    """
    total = sum(map(len, texts))
    grams = {tuple(words[at : at + n]) for words in texts for at in range(len(words) - n + 1)}
    return len(grams) / total if total else None


def edit_similarity(texts: Sequence[str]) -> float | None:
    """Mean over pairs of 1 − Levenshtein distance / length of the longer text, 0 to 1; None without a pair."""
    from rapidfuzz.distance import Levenshtein

    found = [Levenshtein.normalized_similarity(a, b) for a, b in itertools.combinations(texts, 2)]
    return math.fsum(found) / len(found) if found else None


def cosine(vectors: Vectors) -> float | None:
    """Mean cosine over pairs of unit vectors, (N, dimensions), −1 to 1; None without a pair.

    The sum over pairs is (|Σ v|² − N) / 2, since every vector has length 1.
    """
    import numpy as np

    count = len(vectors)
    if count < 2:
        return None
    total = np.asarray(vectors, dtype=np.float64).sum(axis=0)
    return float(min(1.0, (total @ total - count) / (count * (count - 1))))


def same_seed(drawn: Iterable[tuple[int | None, str]]) -> SameSeed | None:
    """Whether a seed gives the same text again; None where no seed was drawn twice.

    Args:
        drawn: (seed, text) of each sample of one setting; random seeds (None) say nothing.
    """
    by_seed: dict[int, list[str]] = {}
    for seed, text in drawn:
        if seed is not None:
            by_seed.setdefault(seed, []).append(text)
    pairs = [pair for texts in by_seed.values() for pair in itertools.combinations(texts, 2)]
    return SameSeed(len(pairs), sum(a == b for a, b in pairs)) if pairs else None
