"""How near a transcript is to the truth: pure functions on texts that are normalised already.

Words are what white space parts. All values are shares; error rates have no upper bound, since more can be read than
there is. None means that it cannot be said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from pipelines.evaluation.normalising import USUAL, Normalising, normalise

#: What may stand around a number without being part of it; signs, "%" and currencies are part.
_AROUND = ".,;:!?()[]{}<>\"'“”‘’„«»…*|_"
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class TextMetrics:
    """One transcript against one truth, both normalised."""

    cer: float | None  # None: the truth is empty, the transcript is not
    wer: float | None
    precision: float | None  # None: nothing was read
    recall: float | None  # None: the truth is empty
    f1: float | None
    order: float | None  # 1: the same reading order, 0.5: none in common, 0: reversed
    length_ratio: float | None
    numbers: float | None  # recalled; None: the truth has none
    truth_words: int
    read_words: int
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields of the command line."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """Several pages in three numbers: the median, the least and the greatest."""

    median: float
    low: float
    high: float


def measure(truth: str, read: str, how: Normalising = USUAL) -> TextMetrics:
    """All numbers of a transcript.

    Args:
        truth: What the page says.
        read: What a reader made of it.
        how: What does not count as a difference.
    """
    return measure_normalised(normalise(truth, how), normalise(read, how))


def measure_normalised(truth: str, read: str) -> TextMetrics:
    """The same, of texts that are normalised already."""
    wanted, found = truth.split(), read.split()
    precision, recall, f1 = word_scores(wanted, found)
    return TextMetrics(
        cer=cer(truth, read),
        wer=wer(wanted, found),
        precision=precision,
        recall=recall,
        f1=f1,
        order=reading_order(wanted, found),
        length_ratio=len(read) / len(truth) if truth else None,
        numbers=numbers_recalled(wanted, found),
        truth_words=len(wanted),
        read_words=len(found),
        note=f"The truth is empty; {len(found)} words were read." if found and not wanted else "",
    )


def cer(truth: str, read: str) -> float | None:
    """Character error rate: Levenshtein distance by the length of the truth, not capped.

    Empty against empty is 0. None: the truth is empty and something was read.
    """
    return _rate(truth, read)


def wer(truth: Sequence[str], read: Sequence[str]) -> float | None:
    """Word error rate: the same on words."""
    return _rate(truth, read)


def _rate(truth: Sequence[str], read: Sequence[str]) -> float | None:
    from rapidfuzz.distance import Levenshtein

    if not truth:
        return None if read else 0.0
    return Levenshtein.distance(truth, read) / len(truth)


def word_scores(truth: Sequence[str], read: Sequence[str]) -> tuple[float | None, float | None, float | None]:
    """Precision, recall and F1 of the words as multisets: the order does not matter, repeats do.

    Nothing read of nothing is all 1. F1 is 2·common / (words read + words there).
    """
    if not truth and not read:
        return 1.0, 1.0, 1.0
    common = (Counter(truth) & Counter(read)).total()
    return (
        common / len(read) if read else None,
        common / len(truth) if truth else None,
        2 * common / (len(truth) + len(read)),
    )


def reading_order(truth: Sequence[str], read: Sequence[str]) -> float | None:
    """Share of pairs of words that stand in the same order in both: 1 the same, 0.5 by chance, 0 reversed.

    Only words that occur once in each text count, so that it is known which is which. It is (τ + 1) / 2 of
    Kendall's τ ("A New Measure of Rank Correlation", 1938). None with fewer than two such words.
    """
    there, seen = Counter(truth), Counter(read)
    place = {word: at for at, word in enumerate(read)}
    places = [place[word] for word in truth if there[word] == 1 and seen[word] == 1]
    pairs = len(places) * (len(places) - 1) // 2
    return 1 - _inversions(places) / pairs if pairs else None


def _inversions(places: Sequence[int]) -> int:
    """Pairs of different numbers of which the greater stands first."""
    from bisect import bisect, insort

    before: list[int] = []
    found = 0
    for place in places:
        found += len(before) - bisect(before, place)
        insort(before, place)
    return found


def numbers_recalled(truth: Sequence[str], read: Sequence[str]) -> float | None:
    """Share of the truth's numbers, dates and amounts that were read to the digit, as multisets; None: it has none."""
    wanted, found = Counter(numbers(truth)), Counter(numbers(read))
    return (wanted & found).total() / wanted.total() if wanted else None


def numbers(words: Iterable[str]) -> list[str]:
    """Words with a digit in them, without the punctuation around them: "€1,200.50", "2024-05-31", "12%", "A4"."""
    return [bare_number(word) for word in words if has_digit(word)]


def bare_number(word: str) -> str:
    """A number without the punctuation around it."""
    return word.strip(_AROUND).rstrip("-")


def has_digit(word: str) -> bool:
    """Whether any character is a digit of any script."""
    return _DIGIT.search(word) is not None


#: Metrics with a median over pages.
MEASURED = tuple(field.name for field in fields(TextMetrics) if "float" in str(field.type))


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median, least and greatest of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known)) if known else None


def spreads(pages: Sequence[TextMetrics]) -> dict[str, Spread | None]:
    """The spread of every metric over pages."""
    return {name: spread(getattr(page, name) for page in pages) for name in MEASURED}
