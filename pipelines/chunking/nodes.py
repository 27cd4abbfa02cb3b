"""Spans as LlamaIndex nodes: the text, and where it stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipelines.chunking.base import Span
from pipelines.loading.document import Document

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode

_NAMESPACE = uuid.UUID("6f1c1a52-0c7e-4d0a-9b6e-5a3f0f0a7c11")


def node_id(document_id: str, span: Span) -> str:
    """The same chunk of the same document has the same id in every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{document_id}:{span.start}:{span.end}"))


def metadata(document: Document, span: Span) -> dict[str, Any]:
    """What every node knows of itself; the keys are payload fields of the store."""
    pages = document.pages_of(span.start, span.end)
    main = max(pages, key=lambda page: min(page.end, span.end) - max(page.start, span.start))
    return {
        "document": document.name,
        "page": main.number,  # the one with most of it: a footer of the page before is not where it stands
        "page_label": main.label,
        "pages": [page.number for page in pages],
        "start": span.start,
        "end": span.end,
        "headings": list(document.heading_path(span.start)),
    }


def to_nodes(document: Document, spans: Iterable[Span]) -> list[TextNode]:
    """One node a span; metadata stays out of what is embedded and prompted."""
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    source = RelatedNodeInfo(node_id=document.id)
    nodes = []
    for span in spans:
        known = metadata(document, span)
        nodes.append(
            TextNode(
                id_=node_id(document.id, span),
                text=document.text[span.start : span.end],
                metadata=known,
                excluded_embed_metadata_keys=list(known),
                excluded_llm_metadata_keys=list(known),
                start_char_idx=span.start,
                end_char_idx=span.end,
                relationships={NodeRelationship.SOURCE: source},
            )
        )
    return nodes
