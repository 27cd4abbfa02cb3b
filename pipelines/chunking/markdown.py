"""Markdown: a section a chunk, with the path of its headings."""

from __future__ import annotations

from pipelines.chunking.base import Bench, Span, trimmed
from pipelines.chunking.sections import SectionParams, pack_sections, sections
from pipelines.loading.document import Document
from pipelines.loading.plain import markdown_headings
from pipelines.registry import part


@part("chunker", "markdown", label="Markdown headings", params=SectionParams, rank=50)
def markdown(document: Document, params: SectionParams, bench: Bench) -> list[Span]:
    """A section between two Markdown headings is a chunk; long ones are cut at sentences."""
    text = document.text
    headings = document.headings if document.kind == "markdown" else tuple(markdown_headings(text))
    if not headings:
        bench.note("No Markdown headings found: cut at sentences.")
    found = sections(text, headings, params.depth)
    measure = bench.measure(text, params.unit)
    return trimmed(text, pack_sections(text, found, measure, params.size, params.repeated))
