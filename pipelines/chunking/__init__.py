"""Cutting documents: one strategy a file; every chunk knows its place in the document.

::

    base.py        the contract: Span, Chunk, the knobs all share, Bench (what a strategy may use)
    measure.py     a text's tokens, counted once        packing.py   small pieces into chunks of a size
    sentences.py   where sentences begin                sections.py  where headings do
    embeddable.py  sentences a model can embed
    nodes.py       chunks as LlamaIndex nodes           llama_index.py  any LlamaIndex node parser as a part
    placing.py     where the pieces it gives stand
    figures.py     a cut in numbers                     blocks.py    tables and lists, for those numbers
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from time import perf_counter

from pipelines import registry
from pipelines.chunking.base import Bench, Chunk, Chunker, Headed, Parent, Span, trimmed
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import split_long
from pipelines.loading.document import Document
from pipelines.recipe import Choice

__all__ = ["Bench", "Chunk", "Chunker", "Cut", "Measure", "Parent", "Span", "cut"]

#: A piece cut inside a word may count a few tokens more than the same range of its text.
_SLACK = 8
#: Most of the window a contextual header may take.
_HEADER_SHARE = 0.25


@dataclass(frozen=True)
class Cut:
    """A document, cut. ``pieces[i]`` are the ranges of ``chunks[i]`` that get a vector, nearly always one."""

    chunks: tuple[Chunk, ...]
    pieces: tuple[tuple[Span, ...], ...]
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)  # that cutting took, embedding included where it embeds

    @property
    def vectors(self) -> int:
        """Points the store will hold."""
        return sum(map(len, self.pieces))

    @property
    def long(self) -> int:
        """Chunks longer than the embedding model's window."""
        return sum(len(parts) > 1 for parts in self.pieces)


def cut(document: Document, chunker: Choice, bench: Bench) -> Cut:
    """Cut a document by a recipe's chunker.

    A chunk longer than the embedding model reads stays one chunk: its parts are searched and it is read whole.

    Returns:
        Chunks in order of their start, none empty.

    Raises:
        EngineError: the strategy embeds, and the model failed. Cancelled: its progress was told to stop.
        CutFailed: the strategy is a LlamaIndex node parser, and it failed.
    """
    build: Chunker = registry.get("chunker", chunker.name).build
    bench.notes.clear()
    started = perf_counter()
    chunks = [Chunk.of(piece) for piece in build(document, chunker.params, bench)]
    if isinstance(chunker.params, Headed) and chunker.params.header:
        chunks = _headed(chunks, document, bench)
    room = cache(lambda header: bench.embedder.window - (bench.embedder.ruler.count(header) + 2 if header else 0))
    pieces = tuple(tuple(_fitting(chunk.span, room(chunk.header), document.text, bench)) for chunk in chunks)
    made = Cut(tuple(chunks), pieces, tuple(bench.notes), perf_counter() - started)
    return replace(made, notes=(*made.notes, *_long_note(made, bench)))


def _long_note(made: Cut, bench: Bench) -> list[str]:
    if not made.long:
        return []
    many = f"{made.long} chunks are" if made.long > 1 else "1 chunk is"
    return [f"{many} longer than the embedding model reads ({bench.embedder.window} tokens): searched in parts."]


def _headed(chunks: Iterable[Chunk], document: Document, bench: Bench) -> list[Chunk]:
    """Chunks with title and path of headings, short enough to leave room for the text."""
    title = document.metadata.get("title", "").strip() or document.name.rpartition(".")[0] or document.name
    most = int(bench.embedder.window * _HEADER_SHARE)

    @cache  # chunks of one section share theirs
    def header(path: tuple[str, ...]) -> str:
        words = " › ".join(dict.fromkeys([title, *path]))
        ends = [end for _, end in bench.embedder.ruler.offsets(words)]
        return words if len(ends) <= most else words[: ends[most - 1]] + "…"

    return [replace(chunk, header=header(document.heading_path(chunk.span.start))) for chunk in chunks]


def _fitting(span: Span, room: int, text: str, bench: Bench) -> list[Span]:
    """A range, or its parts where it has more tokens than there is room for."""
    measure = bench.measure(text, "tokens")
    size = measure.size(span.start, span.end)
    if room - _SLACK < size <= room:
        size = max(size, bench.embedder.ruler.count(text[span.start : span.end]))
    return [span] if size <= room else trimmed(text, split_long(span, measure, room - _SLACK))
