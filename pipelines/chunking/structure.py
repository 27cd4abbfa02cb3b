"""Structure: the document's own sections, from its outline, the size of its letters, or Markdown."""

from __future__ import annotations

from pipelines.chunking.base import Bench, Span, trimmed
from pipelines.chunking.sections import SectionParams, pack_sections, sections
from pipelines.loading.document import Document
from pipelines.registry import part


@part("chunker", "structure", label="Document structure", params=SectionParams, rank=60)
def structure(document: Document, params: SectionParams, bench: Bench) -> list[Span]:
    """A section of the outline, or between headings seen by their letters, is a chunk; long ones cut at sentences."""
    text = document.text
    if not document.headings:
        bench.note("No outline and no headings found: cut at sentences.")
    found = sections(text, document.headings, params.depth)
    measure = bench.measure(text, params.unit)
    return trimmed(text, pack_sections(text, found, measure, params.size, params.repeated))
