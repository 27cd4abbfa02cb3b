"""Window: search a single sentence, read it with its neighbours (LlamaIndex's sentence window)."""

from __future__ import annotations

from pipelines.chunking.base import Bench, Chunk, LimitParams, Span, trimmed
from pipelines.chunking.packing import split_long
from pipelines.chunking.sentences import sentence_spans
from pipelines.loading.document import Document
from pipelines.registry import knob, part


class WindowParams(LimitParams):
    """Knobs of the sentence window."""

    size: int = knob(
        100,
        "Longest sentence searched, in the unit below; a longer one is cut.",
        minimum=8,
        maximum=8000,
        step=8,
        usual=800,
    )
    neighbours: int = knob(
        3, "Sentences read on each side of the one that was found.", minimum=0, maximum=20, step=1,
        source="LlamaIndex SentenceWindowNodeParser, window_size",
    )  # fmt: skip


@part("chunker", "window", label="Sentence window", params=WindowParams, rank=70)
def window(document: Document, params: WindowParams, bench: Bench) -> list[Chunk]:
    """Each sentence is searched alone, and read together with the sentences around it."""
    text = document.text
    measure = bench.measure(text, params.unit)
    pieces = [part for sentence in sentence_spans(text) for part in split_long(sentence, measure, params.size)]
    searched = trimmed(text, pieces)
    reach = params.neighbours
    chunks = []
    for at, span in enumerate(searched):
        around = searched[max(0, at - reach) : at + reach + 1]
        chunks.append(Chunk(span, Span(around[0].start, around[-1].end)))
    return chunks
