"""Signs that a transcript is not a reading of the page, each with a sentence for people: pure functions on texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.evaluation.variety import words_of

if TYPE_CHECKING:
    from pipelines.engines.base import FinishReason

FlagName = Literal["loop", "blank_page", "cut_off", "not_seen"]

#: A phrase repeated back to back is a loop from so many repeats and so many words on.
LOOP_REPEATS, LOOP_WORDS = 6, 30

#: Longest phrase that is looked for, in words.
_LONGEST_PHRASE = 200

#: More words than this on a blank page were invented.
BLANK_WORDS = 20

#: Share of the picture that must differ from its paper for the page to hold more than a few words: 21 words of ten
#: points cover about 0.15% of an A4 page.
BLANK_INK = 0.0005

#: A transcript of at least so many pairs of words that shares less than this share with every other one is of
#: something else. Invented prose in the page's language shares about 2%, a reading with every fifth letter wrong 10%.
_SHARED_FROM, _SHARED = 10, 0.05

#: What models say that got no picture, or cannot take one; looked for near the beginning.
_UNSEEN = re.compile(
    r"\b(?:can(?:no|['’])?t|can not|could(?: not|n['’]t)|unable to|not able to|do(?: not|n['’]t) have the ability to)"
    r"(?: \w+){0,2} (?:see|view|read|access|open|process|display|analy[sz]e|interpret)"
    r"(?: \w+){0,4} (?:images?|pictures?|photos?|pages?|attachments?|files?|documents?)\b"
    r"|\b(?:no|not an?|without an?|(?:do(?: not|n['’]t)|did(?: not|n['’]t)) (?:see|have|receive)(?: \w+)?)"
    r" (?:image|picture|photo|attachment)s?\b"
    r"|\bplease (?:upload|provide|share|attach|send)(?: \w+){0,3} (?:image|picture|photo|page|file|document|text)\b"
    r"|\b(?:image|picture|photo|attachment)s? (?:is|was|were|are)(?: not|n['’]t) (?:\w+ )?"
    r"(?:visible|attached|provided|included|uploaded|displayed|available|shown)\b"
    r"|\bas an? (?:text[- ]based|language|AI)\b.{0,60}?\b(?:can(?:not|['’]t)|unable|no ability)",
    re.IGNORECASE,
)
_NEAR = 400  # characters


@dataclass(frozen=True)
class Flag:
    """One sign, by its name and in words."""

    name: FlagName
    sentence: str


@dataclass(frozen=True)
class Loop:
    """A phrase said again and again."""

    phrase: str
    repeats: int
    words: int  # of all repeats together


def flags(
    text: str,
    *,
    finish: FinishReason | None = None,
    ink: float | None = None,
    truth_words: int | None = None,
    others: Sequence[str] = (),
) -> tuple[Flag, ...]:
    """The signs on one transcript.

    Args:
        text: What was read.
        finish: Why a language model ended; None for other readers.
        ink: Share of the picture that is not paper, 0 to 1 (:func:`ink_of`); None: not known.
        truth_words: Words that are on the page; asked only where the ink is not known.
        others: What other readers made of the same page; only language models are judged by them, since other
            engines misread and do not invent.
    """
    found = [loop_flag(text), blank_flag(text, ink, truth_words), cut_off_flag(finish)]
    if finish is not None:
        found.append(not_seen_flag(text, others))
    return tuple(flag for flag in found if flag is not None)


def loop_flag(text: str) -> Flag | None:
    """A loop, in words."""
    loop = loop_in(text)
    if loop is None:
        return None
    phrase = loop.phrase if len(loop.phrase) <= 60 else f"{loop.phrase[:59]}…"
    return Flag("loop", f"It repeats itself: “{phrase}” stands there {loop.repeats} times in a row.")


def loop_in(text: str) -> Loop | None:
    """The first of the shortest phrases that is repeated back to back; words alone count, their case does not.

    A phrase of p words is repeated where each word equals the one p places on; a last repeat that is not whole is not
    counted.
    """
    import numpy as np

    words = [word for word in words_of(text) if word.strip("_")]
    number: dict[str, int] = {}
    ids = np.array([number.setdefault(word, len(number)) for word in words], dtype=np.int64)
    for size in range(1, min(len(ids) // LOOP_REPEATS, _LONGEST_PHRASE) + 1):
        repeats_needed = max(LOOP_REPEATS, -(-LOOP_WORDS // size))
        start, run = _longest_run(ids[size:] == ids[:-size])
        repeats = run // size + 1
        if repeats >= repeats_needed:
            return Loop(" ".join(words[start : start + size]), repeats, repeats * size)
    return None


def blank_flag(text: str, ink: float | None, truth_words: int | None) -> Flag | None:
    """Words read from a page that has none; the picture is believed before the count of words."""
    blank = ink < BLANK_INK if ink is not None else truth_words == 0
    words = len(text.split())
    if not blank or words <= BLANK_WORDS:
        return None
    return Flag("blank_page", f"The page looks blank, yet {words} words were read from it.")


def cut_off_flag(finish: FinishReason | None) -> Flag | None:
    """The model stopped because it may write no more."""
    if finish != "length":
        return None
    return Flag("cut_off", "It was cut off at the longest answer allowed: the end of the page is missing.")


def not_seen_flag(text: str, others: Sequence[str] = ()) -> Flag | None:
    """A model that says it sees no picture, or whose text shares nothing with what any other reader found."""
    if _UNSEEN.search(text[:_NEAR]):
        return Flag("not_seen", "The model says that it sees no picture; this is no reading of the page.")
    mine = _pairs(text)
    read = [theirs for theirs in map(_pairs, others) if len(theirs) >= _SHARED_FROM]
    if len(mine) < _SHARED_FROM or not read:
        return None
    if max(len(mine & theirs) for theirs in read) / len(mine) >= _SHARED:
        return None
    return Flag("not_seen", "It shares next to nothing with any other reading of this page: it may be invented.")


def ink_of(png: bytes) -> float:
    """Share of a picture that is not its paper: pixels far from the commonest brightness, margins left out.

    Args:
        png: A picture that was opened and checked before.
    """
    import io

    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        grey = picture.convert("L")
    grey = grey.reduce(max(1, max(grey.size) // 1200))  # the mean of some pixels: noise is not ink
    across, down = grey.width // 25, grey.height // 25  # the dark edges of scans
    pixels = np.asarray(grey, dtype=np.int16)[down : grey.height - down, across : grey.width - across]
    return float((np.abs(pixels - np.median(pixels)) > 64).mean())


def _longest_run(same: object) -> tuple[int, int]:
    """(start, length) of the longest run of True."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(same, dtype=np.int8), [0]))))
    if not len(edges):
        return 0, 0
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    best = int(lengths.argmax())
    return int(starts[best]), int(lengths[best])


def _pairs(text: str) -> set[tuple[str, str]]:
    words = words_of(text)
    return set(itertools.pairwise(words))
