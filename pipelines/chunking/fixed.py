"""Fixed size: every so many tokens, whatever stands there."""

from __future__ import annotations

from pipelines.chunking.base import Bench, SizeParams, Span, trimmed
from pipelines.loading.document import Document
from pipelines.registry import part


@part("chunker", "fixed", label="Fixed size", params=SizeParams, rank=20)
def fixed(document: Document, params: SizeParams, bench: Bench) -> list[Span]:
    """Every so many tokens, blind to sentences: the baseline others must beat."""
    text = document.text
    starts = bench.measure(text, params.unit).starts
    spans = []
    for first in range(0, max(1, len(starts)), params.size - params.repeated):
        past = first + params.size
        spans.append(Span(starts[first] if first else 0, starts[past] if past < len(starts) else len(text)))
        if past >= len(starts):
            break
    return trimmed(text, spans)
