"""Recursive: paragraphs where they fit, else lines, sentences, words, characters.

The algorithm of LangChain's RecursiveCharacterTextSplitter as Chroma's "Evaluating Chunking Strategies"
(2024) set it up, on ranges of the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.chunking.base import Bench, SizeParams, Span, trimmed
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import pack
from pipelines.loading.document import Document
from pipelines.registry import part

#: Tried in this order; a separator opens the piece after it.
SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ")


@part("chunker", "recursive", label="Recursive", params=SizeParams, rank=30)
def recursive(document: Document, params: SizeParams, bench: Bench) -> list[Span]:
    """Cut at blank lines; what is still too long at lines, then sentences, then words."""
    measure = bench.measure(document.text, params.unit)
    whole = Span(0, len(document.text))
    spans = _split(whole, SEPARATORS, measure, params) if document.text else []
    return trimmed(document.text, spans)


def _split(span: Span, separators: Sequence[str], measure: Measure, params: SizeParams) -> list[Span]:
    """Pieces at the first separator that occurs; runs of small ones packed, long ones split further."""
    rest = list(separators)
    while rest and measure.text.find(rest[0], span.start, span.end) < 0:
        rest.pop(0)
    if not rest:
        return _split_word(span, measure, params)
    chunks: list[Span] = []
    small: list[Span] = []
    for piece in _cut(span, rest[0], measure.text):
        if measure.weight(piece.start, piece.end) < params.size:
            small.append(piece)
            continue
        chunks += pack(small, measure, params.size, params.repeated)
        chunks += _split(piece, rest[1:], measure, params)
        small = []
    return chunks + pack(small, measure, params.size, params.repeated)


def _cut(span: Span, separator: str, text: str) -> list[Span]:
    """The span cut before every separator, which are found from the left without overlap."""
    borders = [span.start]
    at = text.find(separator, span.start, span.end)
    while at >= 0:
        if at > span.start:
            borders.append(at)
        at = text.find(separator, at + len(separator), span.end)
    return [Span(a, b) for a, b in zip(borders, [*borders[1:], span.end], strict=True)]


def _split_word(span: Span, measure: Measure, params: SizeParams) -> list[Span]:
    """A word too long for a chunk: at token borders, or, where tokens join, character by character."""
    if not measure.ruler.joins:
        return pack([span], measure, params.size, params.repeated)
    borders, total = [span.start], 0
    for at in range(span.start, span.end):
        weight = measure.weight(at, at + 1)
        if total + weight > params.size and at > borders[-1]:
            borders.append(at)
            total = 0
        total += weight
    return [Span(a, b) for a, b in zip(borders, [*borders[1:], span.end], strict=True)]
