"""Page: what stands on one page is one chunk."""

from __future__ import annotations

from itertools import pairwise

from pipelines.chunking.base import Bench, InsideParams, Span, trimmed
from pipelines.chunking.sections import pack_sections
from pipelines.loading.document import Document
from pipelines.registry import knob, part


class PageParams(InsideParams):
    """Knobs of pages."""

    size: int = knob(
        1000, "Longest chunk: a longer page is cut at sentences.", minimum=8, maximum=8000, step=8, usual=1600
    )


@part("chunker", "page", label="Pages", params=PageParams, rank=90)
def page(document: Document, params: PageParams, bench: Bench) -> list[Span]:
    """A page is a chunk; a text without pages is cut at form feeds, else at the size."""
    text = document.text
    if len(document.pages) > 1:
        found = [Span(a.start, b.start) for a, b in pairwise(document.pages)]
        found.append(Span(document.pages[-1].start, len(text)))
    else:
        feeds = [at + 1 for at, c in enumerate(text) if c == "\f"]
        found = [Span(a, b) for a, b in pairwise([0, *feeds, len(text)])]
        if not feeds and document.kind != "pdf":
            bench.note("This text has no pages: cut at sentences, to the size.")
    measure = bench.measure(text, params.unit)
    return trimmed(text, pack_sections(text, found, measure, params.size, params.repeated))
