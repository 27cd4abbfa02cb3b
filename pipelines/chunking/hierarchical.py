"""Hierarchical: search small pieces, read the larger one around them when many of its pieces are found."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.chunking.base import Bench, Chunk, LimitParams, Parent, Span, trimmed
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import pack
from pipelines.chunking.sentences import sentence_spans
from pipelines.loading.document import Document
from pipelines.registry import knob, part


class HierarchicalParams(LimitParams):
    """Knobs of the hierarchy."""

    size: int = knob(100, "Longest piece searched, in the unit below.", minimum=8, maximum=8000, step=4, usual=800)
    factor: int = knob(4, "How many times larger each level above is.", minimum=2, maximum=8, step=1)
    levels: int = knob(
        2, "Levels, the searched pieces included.", minimum=2, maximum=4, step=1,
        source="LlamaIndex HierarchicalNodeParser and AutoMergingRetriever",
    )  # fmt: skip


@part("chunker", "hierarchical", label="Parents and children", params=HierarchicalParams, rank=80)
def hierarchical(document: Document, params: HierarchicalParams, bench: Bench) -> list[Chunk]:
    """Small pieces are searched; when over half of a parent's are found, the parent is read instead."""
    text = document.text
    measure = bench.measure(text, params.unit)
    sizes = [params.size * params.factor**level for level in reversed(range(params.levels))]
    return _descend(text, sentence_spans(text), measure, sizes, ())


def _descend(
    text: str, sentences: Sequence[Span], measure: Measure, sizes: Sequence[int], parents: tuple[Parent, ...]
) -> list[Chunk]:
    """The pieces of a run of sentences at the first of ``sizes``, and below each its own pieces."""
    spans = trimmed(text, pack(sentences, measure, sizes[0], 0))
    if len(sizes) == 1:
        return [Chunk(span, span, parents) for span in spans]
    chunks: list[Chunk] = []
    at = 0
    for span in spans:
        inside: list[Span] = []
        while at < len(sentences) and sentences[at].start < span.end:
            inside.append(Span(max(sentences[at].start, span.start), min(sentences[at].end, span.end)))
            if sentences[at].end > span.end:
                break  # its rest is in the next piece, or white space
            at += 1
        below = trimmed(text, pack(inside, measure, sizes[1], 0))
        chunks += _descend(text, inside, measure, sizes[1:], (Parent(span, len(below)), *parents))
    return chunks
