"""Cutting documents: one strategy a file; every chunk knows its place in the document."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import registry
from pipelines.chunking.base import Bench, Chunker, Measure, Span, trimmed
from pipelines.chunking.packing import split_long
from pipelines.embedding.base import Embedder
from pipelines.loading.document import Document
from pipelines.recipe import Choice

__all__ = ["Bench", "Chunker", "Cut", "Measure", "Span", "cut"]


@dataclass(frozen=True)
class Cut:
    """A document, cut."""

    spans: tuple[Span, ...]
    split: int  # chunks longer than the embedding model's window, cut again so that nothing is lost

    @property
    def note(self) -> str:
        """What a person must know about the cut; empty when nothing."""
        return f"{self.split} chunks were longer than the embedding model reads and were split." * bool(self.split)


def cut(document: Document, chunker: Choice, embedder: Embedder) -> Cut:
    """Cut a document by a recipe's chunker.

    Returns:
        Spans in order of their start, none empty, none longer than the embedder's window.
    """
    chosen: Chunker = registry.get("chunker", chunker.name).build
    bench = Bench(embedder)
    spans = chosen(document, chunker.params, bench)
    fitting = _fit_window(bench.measure(document.text, "tokens"), spans, embedder)
    return Cut(tuple(fitting), sum(1 for span in set(spans) - set(fitting)))


#: A piece cut inside a word may count a few tokens more than the same range of its text.
_SLACK = 8


def _fit_window(measure: Measure, spans: list[Span], embedder: Embedder) -> list[Span]:
    """Spans over the window cut into parts that fit; the rest as they are."""
    text = measure.text
    fitting: list[Span] = []
    for span in spans:
        size = measure.size(span.start, span.end)
        if size > embedder.window - _SLACK:
            size = max(size, embedder.ruler.count(text[span.start : span.end]))
        if size <= embedder.window:
            fitting.append(span)
        else:
            fitting += trimmed(text, split_long(span, measure, embedder.window - _SLACK))
    return fitting
