"""Citations: which passage a sentence leans on, and whether what it quotes really stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.chunking.sentences import sentence_spans
from pipelines.events import Citation, QuoteCheck, QuoteFound
from pipelines.loading.document import Document
from pipelines.retrieval.base import Hit

_MARK = re.compile(r"\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\]")
_SPACED_MARK = re.compile(r"\s*" + _MARK.pattern)
_QUOTED = re.compile(r"[“\"«„]([^“”\"«»„]{12,}?)[”\"»“]")

#: Similarity (0 to 100, share of equal characters in the best alignment) from which a quote is "close".
CLOSE = 88.0

#: Gives the text around a hit in which quotes are looked up, and the offset of its first character.
PageText = Callable[[Hit], tuple[str, int]]


def pages_of(document: Document, hit: Hit) -> tuple[str, int]:
    """The text of the pages a hit stands on, and where it begins in the document."""
    pages = [page for page in document.pages if page.number in hit.pages]
    start, end = pages[0].start, pages[-1].end
    return document.text[start:end], start


def marks(text: str) -> list[tuple[int, int, tuple[int, ...]]]:
    """Citation marks as (start, end, numbers): ``[1]``, ``[2, 3]``."""
    found = []
    for match in _MARK.finditer(text):
        numbers = tuple(int(n) for n in re.findall(r"\d+", match[1]))
        found.append((match.start(), match.end(), numbers))
    return found


def cite(answer: str, passages: Sequence[Hit], page_text: PageText) -> tuple[Citation, ...]:
    """The citations of an answer, by number; numbers without a passage are left out.

    A sentence's quotations are looked up on the pages of the passages it cites; a sentence that quotes
    nothing is looked up itself.
    """
    claims: dict[int, list[str]] = {}
    for sentence, numbers in _cited_sentences(answer):
        claim = _SPACED_MARK.sub("", sentence).strip()
        for number in numbers:
            if 1 <= number <= len(passages):
                claims.setdefault(number, []).extend(_QUOTED.findall(claim) or [claim])
    return tuple(
        Citation(n, passages[n - 1], tuple(find(text, *page_text(passages[n - 1])) for text in texts if text))
        for n, texts in sorted(claims.items())
    )


def _cited_sentences(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    """Sentences with the numbers they carry; a mark that stands after the full stop belongs before it."""
    moved = re.sub(r"([.!?][\"”’»)]*)((?:\s*\[\d{1,2}(?:\s*[,;]\s*\d{1,2})*\])+)", r"\2\1", answer)
    found = []
    for span in sentence_spans(moved):
        sentence = moved[span.start : span.end]
        numbers = tuple(n for _, _, group in marks(sentence) for n in group)
        if numbers:
            found.append((sentence, numbers))
    return found


@dataclass(frozen=True)
class _Folded:
    """A text without differences that do not matter, and where each of its characters came from."""

    text: str
    origin: list[int]


_SAME = str.maketrans("“”„«»‘’–—", '"""""\'\'--')
_SOFT_HYPHEN = "\u00ad"


def _fold(text: str) -> _Folded:
    """One space for white space, one kind of quotes and dashes, no soft hyphens."""
    out: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(text.translate(_SAME)):
        if char == _SOFT_HYPHEN or (char.isspace() and (not out or out[-1] == " ")):
            continue
        out.append(" " if char.isspace() else char)
        origin.append(place)
    return _Folded("".join(out), origin)


def find(quote: str, text: str, offset: int = 0) -> QuoteFound:
    """Look a quote up in a text.

    Args:
        quote: What is claimed to stand there.
        text: Where to look.
        offset: Place of the text's first character in the document.

    Returns:
        "exact" when it stands there (white space, kinds of quotes and dashes aside), "close" when the best
        alignment reaches :data:`CLOSE` percent, else "none".
    """
    from rapidfuzz import fuzz

    wanted, page = _fold(quote).text.strip().rstrip("."), _fold(text)
    if not wanted:
        return QuoteFound(quote, "none")
    check: QuoteCheck = "exact"
    at, end = page.text.find(wanted), 0
    if at >= 0:
        end = at + len(wanted)
    elif len(wanted) <= len(page.text):
        best = fuzz.partial_ratio_alignment(wanted.lower(), page.text.lower(), score_cutoff=CLOSE)
        if best is None:
            return QuoteFound(quote, "none")
        check, at, end = "close", best.dest_start, best.dest_end
    else:
        return QuoteFound(quote, "none")
    if at >= end:
        return QuoteFound(quote, "none")
    return QuoteFound(quote, check, offset + page.origin[at], offset + page.origin[end - 1] + 1)
