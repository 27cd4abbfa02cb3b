"""The words of a transcript: where they stand in it, what makes two of them the same, and what kind they are."""

from __future__ import annotations

import re
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
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True)
class Word:
    """A word of a transcript: ``text[start:end]`` of the text as it was read."""

    text: str  # normalised
    key: str  # equal for words that differ in case and punctuation only
    start: int
    end: int
    line: int  # from 0, of the text as it was read


def words_in(text: str, how: Normalising = USUAL) -> list[Word]:
    """The words of a text, normalised, with their places in the text as it is."""
    done = normalise_mapped(text, how)
    found: list[Word] = []
    line = counted = 0
    for match in re.finditer(r"\S+", done.text):
        start, end = done.span(*match.span())
        line += text.count("\n", counted, start)
        counted = max(counted, start)
        found.append(Word(match.group(), key_of(match.group()), start, end, line))
    return found


def key_of(word: str) -> str:
    """What is compared: letters without case and the marks around them, numbers with sign, unit and separators.

    A word of marks alone is itself.
    """
    bare = bare_number(word) if has_digit(word) else _EDGE.sub("", word).replace("'", "")
    return bare.casefold() or word


def kind_of(words: Sequence[Word], at: int) -> Kind:
    """What the word at a place is, by itself and by its neighbours.

    A date is written in digits, is a month or a weekday, or is a number within two words of one. A name begins with
    a capital, where no sentence begins; that is a guess, and in German every noun is one.
    """
    word = words[at]
    near = words[max(0, at - 2) : at + 3]
    if has_digit(word.text):
        dated = _DATE.search(word.text) or any(other.key in _BESIDE_DIGITS for other in near)
        return "date" if dated else "number"
    if word.key in _CALENDAR or (word.key in _BESIDE_DIGITS and any(has_digit(other.text) for other in near)):
        return "date"
    begins = at == 0 or words[at - 1].text.rstrip("\"')”’").endswith((".", "!", "?", ":"))
    first = word.text.lstrip("\"'([{“‘")[:1]
    return "name" if first.isupper() and len(word.key) > 1 and not begins else "word"
