"""Sentences: whole sentences, as many as fit."""

from __future__ import annotations

from pipelines.chunking.base import Bench, SizeParams, Span, trimmed
from pipelines.chunking.packing import pack
from pipelines.chunking.sentences import sentence_spans
from pipelines.loading.document import Document
from pipelines.registry import part


@part("chunker", "sentence", label="Sentences", params=SizeParams, rank=10)
def sentence(document: Document, params: SizeParams, bench: Bench) -> list[Span]:
    """Whole sentences, as many as fit; the overlap is whole sentences too."""
    measure = bench.measure(document.text, params.unit)
    pieces = sentence_spans(document.text)
    return trimmed(document.text, pack(pieces, measure, params.size, params.repeated))
