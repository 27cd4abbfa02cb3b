"""The bridge from LlamaIndex: any node parser of its ecosystem as a chunker.

A part around one takes a few lines::

    @part("chunker", "mine", label="Mine", params=SizeParams)
    def mine(document: Document, params: SizeParams, bench: Bench) -> list[Chunk]:
        '''What it does.'''
        from llama_index.core.node_parser import SentenceSplitter

        tokens = bench.ruler(params.unit).offsets  # sizes count like those of the other chunkers
        parser = SentenceSplitter(chunk_size=params.size, chunk_overlap=params.repeated, tokenizer=tokens)
        return from_node_parser(parser, document)

Give the parser its models (``embed_model=as_llama_index(bench.embedder)``): LlamaIndex's own default is a paid
service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.chunking.base import Chunk, Parent, Span
from pipelines.chunking.placing import Ground, NotThere
from pipelines.embedding.wordpiece import printable
from pipelines.errors import CutFailed, PlaygroundError
from pipelines.loading.document import Document

if TYPE_CHECKING:
    from llama_index.core.node_parser import NodeParser
    from llama_index.core.schema import BaseNode

_SHOWN = 60  # characters of a piece that a message quotes


@dataclass(frozen=True)
class _Piece:
    """What of a node counts here."""

    text: str
    window: str
    children: tuple[_Piece, ...]


def from_node_parser(parser: NodeParser, document: Document) -> list[Chunk]:
    """The chunks a LlamaIndex node parser makes of a document, each at its place in the text.

    The parser gets one document with the whole text and no metadata. Where its nodes carry a window
    (SentenceWindowNodeParser) it is what is read; where they have parents (HierarchicalNodeParser) the leaves
    are the chunks. White space at the edges of a node, and nodes of nothing else, are left out.

    Args:
        parser: Its nodes must be in the order of the text, and hold the text as it is but for white space.
        document: What to cut.

    Raises:
        CutFailed: the parser failed, or a node's text does not stand in the document.
        EngineError: the parser embeds with one of our models, and it failed.
    """
    text, name = printable(document.text), type(parser).__name__
    pieces = _pieces(_parse(parser, document, text), getattr(parser, "window_metadata_key", "window"))
    try:
        placed = list(_placed(pieces, text, Ground(text)))
    except NotThere as error:
        raise CutFailed(
            f"{name} did not keep the text of {document.name}: “{_beginning(error.piece)}” does not stand in it, "
            "or not in the order the parser gave.",
            "Choose a node parser that cuts the text without rewriting it.",
        ) from error
    # Neighbouring parents that overlap can both hold the same leaf.
    return sorted({chunk.span: chunk for chunk in reversed(placed)}.values(), key=lambda chunk: chunk.span)


def _parse(parser: NodeParser, document: Document, text: str) -> Sequence[BaseNode]:
    from llama_index.core.schema import Document as LlamaIndexDocument

    try:
        return parser.get_nodes_from_documents([LlamaIndexDocument(text=text, id_=document.id)])
    except PlaygroundError:
        raise
    except Exception as error:
        raise CutFailed(
            f"{type(parser).__name__} could not cut {document.name}: {error or type(error).__name__}.",
            "Change its settings or choose another chunker.",
        ) from error


def _pieces(nodes: Iterable[BaseNode], window_key: str) -> tuple[_Piece, ...]:
    """Nodes as trees, roots in order; those of white space alone are left out."""
    from llama_index.core.schema import MetadataMode

    by_id = {node.node_id: node for node in nodes}

    def build(node: BaseNode) -> _Piece:
        window = node.metadata.get(window_key)
        below = tuple(build(by_id[child.node_id]) for child in node.child_nodes or () if child.node_id in by_id)
        text = node.get_content(MetadataMode.NONE)
        return _Piece(text, window if isinstance(window, str) else "", tuple(p for p in below if p.text.strip()))

    roots = (node for node in by_id.values() if node.parent_node is None or node.parent_node.node_id not in by_id)
    return tuple(piece for piece in map(build, roots) if piece.text.strip())


def _placed(pieces: Sequence[_Piece], text: str, whole: Ground, parents: tuple[Parent, ...] = ()) -> Iterator[Chunk]:
    """The leaves below some pieces, which stand in the smallest of ``parents``."""
    within = parents[0].span if parents else Span(0, len(text))
    ground = Ground(text[within.start : within.end]) if parents else whole
    for piece, place in zip(pieces, ground.place([piece.text for piece in pieces]), strict=True):
        span = Span(within.start + place.start, within.start + place.end)
        if piece.children:
            yield from _placed(piece.children, text, whole, (Parent(span, len(piece.children)), *parents))
        else:
            yield Chunk(span, whole.around(piece.window, span) if piece.window.strip() else span, parents)


def _beginning(piece: str) -> str:
    words = " ".join(piece.split())
    return words if len(words) <= _SHOWN else words[:_SHOWN].rstrip() + "…"
