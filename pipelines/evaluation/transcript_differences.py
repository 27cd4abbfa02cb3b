"""What one transcript says otherwise than another, word by word: pure functions on texts.

The left text is the truth, or the reading that the other is compared with.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.evaluation.normalising import USUAL, Normalising
from pipelines.evaluation.transcript_alignment import Alignment, align
from pipelines.evaluation.transcript_blocks import Pair
from pipelines.evaluation.transcript_words import KINDS, Kind, Word, words_in
from pipelines.evaluation.transcripts import has_digit

How = Literal["changed", "missing", "added"]

#: (start, end) of a text as it was read.
Span = tuple[int, int]

_AROUND = 4  # words of context on each side


@dataclass(frozen=True)
class Difference:
    """One place where the texts differ. A side without words is empty, its span the place where they would be."""

    how: How  # missing: only on the left; added: only on the right
    kind: Kind  # "form": case, punctuation or spaces only
    left: str
    right: str
    left_span: Span
    right_span: Span
    before: str  # words in front of it, of the left text; of the right one where it was added
    after: str


@dataclass(frozen=True)
class Moved:
    """A block that stands elsewhere in the other text."""

    text: str  # of the left
    words: int
    left_span: Span
    right_span: Span


@dataclass(frozen=True)
class Line:
    """A line of one text of which the other has no word."""

    text: str
    span: Span


@dataclass(frozen=True)
class Stray:
    """A word that stands nowhere in the other text."""

    text: str
    kind: Kind
    span: Span


@dataclass(frozen=True)
class Differences:
    """All of them. Places are those of the texts as they were read, before they were normalised."""

    items: tuple[Difference, ...]  # numbers, dates, names, words, forms; each in the order of the text
    moved: tuple[Moved, ...]
    skipped: tuple[Line, ...]  # lines of the left that the right left out
    extra: tuple[Line, ...]  # lines of the right that the left does not have
    only_left: tuple[Stray, ...]  # numbers, dates and names first
    only_right: tuple[Stray, ...]  # where a model read it: possible inventions
    left_words: int
    right_words: int
    same_words: int  # but for case and punctuation

    def count(self, kind: Kind) -> int:
        """How many differences are of a kind."""
        return sum(item.kind == kind for item in self.items)


def differences(left: str, right: str, how: Normalising = USUAL) -> Differences:
    """Compare two transcripts by their words.

    Equal words are found whatever their case and punctuation; where these differ, the difference is of the kind
    "form". A block of five words or more that stands elsewhere was moved: it is neither missing nor added.

    Args:
        left: The truth, or one reading.
        right: The reading compared with it.
        how: What does not count as a difference at all.
    """
    mine, theirs = words_in(left, how), words_in(right, how)
    found = align([word.key for word in mine], [word.key for word in theirs])
    sides = _Sides(mine, theirs, found)
    return Differences(
        items=tuple(sorted(sides.items(), key=lambda item: (KINDS.index(item.kind), item.left_span, item.right_span))),
        moved=tuple(sides.moved()),
        skipped=tuple(_whole_lines(left, mine, found.missing)),
        extra=tuple(_whole_lines(right, theirs, found.added)),
        only_left=_strays(mine, theirs),
        only_right=_strays(theirs, mine),
        left_words=len(mine),
        right_words=len(theirs),
        same_words=len(found.same),
    )


class _Sides:
    """Two texts as words, and which is which."""

    def __init__(self, left: Sequence[Word], right: Sequence[Word], found: Alignment) -> None:
        self._left, self._right, self._found = left, right, found
        known = [*found.same] + [(pair.i2 - 1, pair.j2 - 1) for pair in found.changed]
        self._partner_left = dict(known)
        self._partner_right = {j: i for i, j in known}

    def items(self) -> Iterator[Difference]:
        """The differences, in no order."""
        for i, j in self._found.same:
            if self._left[i].text != self._right[j].text:
                yield self._changed(Pair(i, i + 1, j, j + 1), "form")
        for pair in self._found.changed:
            yield self._changed(pair)
        for start, end in _runs(self._found.missing):
            at = _end_of(self._right, self._partner_left.get(start - 1))
            yield self._one_sided("missing", self._left, start, end, at)
        for start, end in _runs(self._found.added):
            at = _end_of(self._left, self._partner_right.get(start - 1))
            yield self._one_sided("added", self._right, start, end, at)

    def moved(self) -> Iterator[Moved]:
        """The blocks that stand elsewhere."""
        for pair in self._found.moved:
            words = self._left[pair.i1 : pair.i2]
            yield Moved(_text(words), len(words), _span(words), _span(self._right[pair.j1 : pair.j2]))

    def _changed(self, pair: Pair, kind: Kind | None = None) -> Difference:
        mine, theirs = self._left[pair.i1 : pair.i2], self._right[pair.j1 : pair.j2]
        before, after = _context(self._left, pair.i1, pair.i2)
        return Difference(
            "changed", kind or self._kind(pair), _text(mine), _text(theirs), _span(mine), _span(theirs), before, after
        )

    def _kind(self, pair: Pair) -> Kind:
        """The stronger of the two sides; the same letters with other spaces are a matter of form."""
        mine, theirs = self._left[pair.i1 : pair.i2], self._right[pair.j1 : pair.j2]
        if "".join(word.key for word in mine) == "".join(word.key for word in theirs) and not has_digit(_text(mine)):
            return "form"
        return _strongest([*mine, *theirs])

    @staticmethod
    def _one_sided(how: How, words: Sequence[Word], start: int, end: int, at: int) -> Difference:
        kind, text = _strongest(words[start:end]), _text(words[start:end])
        span, nowhere = _span(words[start:end]), (at, at)
        before, after = _context(words, start, end)
        if how == "missing":
            return Difference(how, kind, text, "", span, nowhere, before, after)
        return Difference(how, kind, "", text, nowhere, span, before, after)


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _span(words: Sequence[Word]) -> Span:
    return words[0].start, words[-1].end


def _end_of(words: Sequence[Word], at: int | None) -> int:
    return words[at].end if at is not None else 0


def _context(words: Sequence[Word], start: int, end: int) -> tuple[str, str]:
    return _text(words[max(0, start - _AROUND) : start]), _text(words[end : end + _AROUND])


def _strongest(words: Sequence[Word]) -> Kind:
    """The kind of several words: that of the one to look at first."""
    return min((word.kind for word in words), key=KINDS.index)


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring places as (first, past the last)."""
    for _, group in itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        run = [at for _, at in group]
        yield run[0], run[-1] + 1


def _whole_lines(text: str, words: Sequence[Word], alone: Sequence[int]) -> Iterator[Line]:
    """Lines all of whose words are without a partner."""
    lonely = set(alone)
    for _, group in itertools.groupby(enumerate(words), key=lambda pair: pair[1].line):
        line = list(group)
        if all(at in lonely for at, _ in line):
            span = _span([word for _, word in line])
            yield Line(text[slice(*span)], span)


def _strays(words: Sequence[Word], others: Sequence[Word]) -> tuple[Stray, ...]:
    """Words more often in one text than in the other; the last ones of them where a word is in both."""
    spare = Counter(word.key for word in others)
    found: list[Stray] = []
    for word in words:
        if spare[word.key] > 0:
            spare[word.key] -= 1
        elif any(letter.isalnum() for letter in word.text):
            found.append(Stray(word.text, word.kind, (word.start, word.end)))
    return tuple(sorted(found, key=lambda stray: (KINDS.index(stray.kind), stray.span)))
