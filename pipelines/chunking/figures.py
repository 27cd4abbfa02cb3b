"""A cut in numbers: how many chunks, how large, what the cuts went through. Pure, but for counting tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.chunking import Cut
from pipelines.chunking.base import Bench, Span
from pipelines.chunking.blocks import list_items, tables
from pipelines.chunking.sentences import sentence_spans
from pipelines.embedding.base import Embedder, TokenRuler
from pipelines.embedding.rulers import ruler
from pipelines.loading.document import Document
from pipelines.recipe import Choice


@dataclass(frozen=True)
class Sizes:
    """The spread of some sizes, in the unit they were counted in."""

    least: int = 0
    median: int = 0
    p95: int = 0
    most: int = 0
    total: int = 0

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Sizes:
        """The spread of any number of sizes; the median and p95 are values that occur (nearest rank)."""
        ordered = sorted(sizes)
        if not ordered:
            return cls()
        rank = max(0, -(-95 * len(ordered) // 100) - 1)
        return cls(ordered[0], ordered[(len(ordered) - 1) // 2], ordered[rank], ordered[-1], sum(ordered))


@dataclass(frozen=True)
class Figures:
    """What one strategy did to one document."""

    chunks: int
    vectors: int  # points to store
    searched: Sizes
    read: Sizes  # what an answer gets for one hit; of parents, where a strategy has them
    sizes: tuple[int, ...]  # of each chunk, in order
    unit: str  # the ruler's name
    overlap: float  # share of all characters in chunks that stand in an earlier chunk too
    in_sentences: int  # borders that fall inside a sentence
    in_tables: int
    in_items: int
    parted_headings: int  # headings that end a chunk, their text in the next
    over_pages: int  # chunks that stand on more than one page
    long: int  # chunks longer than the embedding model's window


def counted_by(chunker: Choice, embedder: Embedder) -> TokenRuler:
    """The ruler that chunk sizes are told in: cl100k where the chunker counts so, else the embedder's tokens."""
    unit = getattr(chunker.params, "unit", "tokens")
    return ruler("cl100k" if unit == "cl100k" else "tokens", embedder.ruler)


@dataclass(frozen=True)
class Landmarks:
    """What of a document a good cut leaves whole. The same for every cut, so found once."""

    sentences: tuple[Span, ...]
    tables: tuple[Span, ...]
    items: tuple[Span, ...]

    @classmethod
    def of(cls, text: str) -> Landmarks:
        """The landmarks of a text; sentences without the white space after them."""
        ends = (Span(s.start, s.start + len(text[s.start : s.end].rstrip())) for s in sentence_spans(text))
        return cls(tuple(ends), tuple(tables(text)), tuple(list_items(text)))


def figures(
    document: Document, made: Cut, chunker: Choice, bench: Bench, landmarks: Landmarks | None = None
) -> Figures:
    """Measure a cut."""
    text = document.text
    landmarks = landmarks or Landmarks.of(text)
    ruler_ = counted_by(chunker, bench.embedder)
    measure = bench.measure(text, "cl100k" if ruler_.name.startswith("cl100k") else "tokens")
    spans = [chunk.span for chunk in made.chunks]
    sizes = tuple(measure.weight(span.start, span.end) for span in spans)
    read = [(chunk.parents[0].span if chunk.parents else chunk.read) for chunk in made.chunks]
    borders = inner_borders(spans)
    return Figures(
        chunks=len(spans),
        vectors=made.vectors,
        searched=Sizes.of(sizes),
        read=Sizes.of([measure.weight(span.start, span.end) for span in read]),
        sizes=sizes,
        unit=ruler_.name,
        overlap=overlap_share(spans),
        in_sentences=cuts_inside(borders, landmarks.sentences),
        in_tables=cuts_inside(borders, landmarks.tables),
        in_items=cuts_inside(borders, landmarks.items),
        parted_headings=parted_headings(document, spans),
        over_pages=sum(len(document.pages_of(span.start, span.end)) > 1 for span in spans),
        long=made.long,
    )


def inner_borders(spans: Sequence[Span]) -> list[int]:
    """Where chunks end and begin inside the text: every place a reader of chunks would stumble over.

    An overlap's beginning is such a place, and so is the end of the chunk before.
    """
    return sorted({*(span.end for span in spans[:-1]), *(span.start for span in spans[1:])})


def cuts_inside(borders: Sequence[int], ranges: Sequence[Span]) -> int:
    """Ranges that at least one border falls strictly inside of."""
    return sum(1 for one in ranges if bisect_left(borders, one.end) > bisect_right(borders, one.start))


def overlap_share(spans: Sequence[Span]) -> float:
    """Characters that stand in an earlier chunk too, by all characters of chunks; 0 to 1."""
    total = sum(span.end - span.start for span in spans)
    covered, fresh = 0, 0
    for span in sorted(spans):
        fresh += max(0, span.end - max(span.start, covered))
        covered = max(covered, span.end)
    return (total - fresh) / total if total else 0.0


def parted_headings(document: Document, spans: Sequence[Span]) -> int:
    """Headings that end a chunk while their text begins the next."""
    ends = sorted(span.end for span in spans)
    last = len(document.text.rstrip())
    parted = 0
    for heading in document.headings:
        line_end = document.text.find("\n", heading.start)
        end = len(document.text) if line_end < 0 else line_end
        at = bisect_left(ends, end - (end - heading.start) // 2)
        if at < len(ends) and ends[at] <= end and ends[at] < last:
            parted += 1
    return parted
