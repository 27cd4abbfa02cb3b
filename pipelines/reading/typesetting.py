"""Words that an engine found, set as one text whose words know their places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.reading.base import Box, Word

#: A word as an engine sends it: text, box in shares of the picture, confidence from 0 to 1 or None.
Found = Sequence[Any]

#: Blocks of lines of words.
Blocks = Iterable[Iterable[Iterable[Found]]]


def typeset(blocks: Blocks) -> tuple[str, tuple[Word, ...]]:
    """One text: words a space apart, lines a line end apart, blocks a blank line apart.

    Returns:
        The text, and its words in order: ``text[word.start:word.start + len(word.text)] == word.text``.
    """
    pieces: list[str] = []
    words: list[Word] = []
    at = 0
    for block in blocks:
        between = "\n\n"
        for line in block:
            for found in line:
                text = " ".join(str(found[0]).split())
                if not text:
                    continue
                gap = between if words else ""
                words.append(Word(text, at + len(gap), _within(found[1]), found[2]))
                pieces += gap, text
                at += len(gap) + len(text)
                between = " "
            between = "\n" if between == " " else between
    return "".join(pieces), tuple(words)


def _within(box: Sequence[float]) -> Box:
    """A box cut at the picture's edges."""
    left, top, right, bottom = (min(1.0, max(0.0, round(float(side), 5))) for side in box)
    return left, top, right, bottom
