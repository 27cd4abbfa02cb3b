"""The words of a transcript: where they stand in it, what makes two of them the same, and what kind they are."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.evaluation.normalising import USUAL, Normalising, normalise_mapped
from pipelines.evaluation.transcripts import bare_number, has_digit

#: What a difference is about; the order is the order of a report.
Kind = Literal["number", "date", "name", "word", "form"]
KINDS: tuple[Kind, ...] = ("number", "date", "name", "word", "form")

#: Months and days of the week of English, German, French and Spanish; the short forms count beside a digit only.
_CALENDAR = frozenset(
    "january february april june july august september october november december monday tuesday wednesday thursday "
    "friday saturday sunday januar februar april juni juli august oktober dezember montag dienstag mittwoch "
    "donnerstag freitag samstag sonntag janvier février avril juin juillet août septembre octobre novembre décembre "
    "lundi mardi mercredi jeudi vendredi samedi dimanche enero febrero abril junio julio agosto septiembre octubre "
    "noviembre diciembre lunes martes miércoles jueves viernes sábado domingo".split()
)
_BESIDE_DIGITS = _CALENDAR | frozenset(
    "march may mars mai märz marzo mayo jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun "
    "okt dez".split()
)
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_OPENING, _CLOSING = "\"'([{“‘„«", "\"')]}”’»"
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True)
class Word:
    """A word of a transcript: ``text[start:end]`` of the text as it was read."""

    text: str  # normalised
    key: str  # equal for words that differ in case and punctuation only
    start: int
    end: int
    line: int  # from 0, of the text as it was read
    kind: Kind


def words_in(text: str, how: Normalising = USUAL) -> list[Word]:
    """The words of a text, normalised, with their places in the text as it is."""
    done = normalise_mapped(text, how)
    found = [(match.group(), match.span()) for match in re.finditer(r"\S+", done.text)]
    keyed = [(word, key_of(word)) for word, _ in found]
    lines = [at for at, letter in enumerate(text) if letter == "\n"]
    words: list[Word] = []
    for (word, key), (_, place), kind in zip(keyed, found, _kinds(keyed), strict=True):
        start, end = done.span(*place)
        words.append(Word(word, key, start, end, bisect(lines, start), kind))
    return words


def key_of(word: str) -> str:
    """What is compared: letters without case and the marks around them, numbers with sign, unit and separators.

    A word of marks alone is itself.
    """
    bare = bare_number(word) if has_digit(word) else _EDGE.sub("", word).replace("'", "")
    return bare.casefold() or word


def _kinds(words: Sequence[tuple[str, str]]) -> list[Kind]:
    """What each word is, by itself and by its neighbours; words are (text, key).

    A date is written in digits, is a month or a weekday, or is a number within two words of one. A name begins with
    a capital, where no sentence begins; that is a guess, and in German every noun is one.
    """
    calendar = [key in _BESIDE_DIGITS for _, key in words]
    digits = [has_digit(text) for text, _ in words]
    kinds: list[Kind] = []
    begins = True
    for at, (text, key) in enumerate(words):
        near = slice(max(0, at - 2), at + 3)
        if digits[at]:
            kinds.append("date" if any(calendar[near]) or _DATE.search(text) else "number")
        elif calendar[at] and (key in _CALENDAR or any(digits[near])):
            kinds.append("date")
        elif not begins and len(key) > 1 and text.lstrip(_OPENING)[:1].isupper():
            kinds.append("name")
        else:
            kinds.append("word")
        begins = text.rstrip(_CLOSING).endswith((".", "!", "?", ":"))
    return kinds
