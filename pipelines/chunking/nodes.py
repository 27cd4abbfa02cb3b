"""Chunks as LlamaIndex nodes: the text that is searched, where it stands, and what is read for it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pipelines.chunking import Cut
from pipelines.chunking.base import Chunk, Span
from pipelines.loading.document import Document

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode

_NAMESPACE = uuid.UUID("6f1c1a52-0c7e-4d0a-9b6e-5a3f0f0a7c11")


def node_id(document_id: str, piece: Span, chunk: Chunk) -> str:
    """The same chunk of the same document has the same id in every run."""
    name = f"{document_id}:{piece.start}:{piece.end}"
    if chunk.read != piece:
        name += f":{chunk.read.start}:{chunk.read.end}"
    return str(uuid.uuid5(_NAMESPACE, name))


def metadata(document: Document, piece: Span, chunk: Chunk) -> dict[str, Any]:
    """What a node knows of itself; the keys are payload fields of the store.

    ``read``, ``parents`` (``[start, end, children]``, smallest first) and ``header`` are there only where
    they say something.
    """
    pages = document.pages_of(piece.start, piece.end)
    main = max(pages, key=lambda page: min(page.end, piece.end) - max(page.start, piece.start))
    known: dict[str, Any] = {
        "document": document.name,
        "page": main.number,  # the one with most of it: a footer of the page before is not where it stands
        "page_label": main.label,
        "pages": [page.number for page in pages],
        "start": piece.start,
        "end": piece.end,
        "headings": list(document.heading_path(piece.start)),
    }
    if chunk.read != piece:
        known["read"] = [chunk.read.start, chunk.read.end]
    if chunk.parents:
        known["parents"] = [[one.span.start, one.span.end, one.children] for one in chunk.parents]
    if chunk.header:
        known["header"] = chunk.header
    return known


def to_nodes(document: Document, made: Cut) -> list[TextNode]:
    """A node for everything that gets a vector.

    Metadata stays out of what is embedded and prompted, but for the header: it is embedded before the text.
    """
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    source = RelatedNodeInfo(node_id=document.id)
    nodes = []
    for chunk, pieces in zip(made.chunks, made.pieces, strict=True):
        for piece in pieces:
            known = metadata(document, piece, chunk)
            nodes.append(
                TextNode(
                    id_=node_id(document.id, piece, chunk),
                    text=document.text[piece.start : piece.end],
                    metadata=known,
                    metadata_template="{value}",
                    excluded_embed_metadata_keys=[key for key in known if key != "header"],
                    excluded_llm_metadata_keys=list(known),
                    start_char_idx=piece.start,
                    end_char_idx=piece.end,
                    relationships={NodeRelationship.SOURCE: source},
                )
            )
    return nodes
