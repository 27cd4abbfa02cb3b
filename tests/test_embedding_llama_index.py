"""Our embedders in LlamaIndex's hands."""

from __future__ import annotations

import asyncio

import pytest

from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.embedding.llama_index import as_llama_index

MODEL = BuiltinEmbedder(threads=1)


def test_same_vectors():
    wrapped = as_llama_index(MODEL)
    expected = MODEL.embed(["a cat", "a bank"])
    assert wrapped.get_text_embedding("a cat") == pytest.approx(expected[0].tolist())
    batch = wrapped.get_text_embedding_batch(["a cat", "a bank"])
    assert batch[1] == pytest.approx(expected[1].tolist())
    assert wrapped.get_query_embedding("a cat") == pytest.approx(expected[0].tolist())
    assert asyncio.run(wrapped.aget_query_embedding("a bank")) == pytest.approx(expected[1].tolist())
    assert wrapped.model_name == MODEL.id


def test_a_parser_that_embeds():
    from llama_index.core.node_parser import SemanticSplitterNodeParser
    from llama_index.core.schema import Document

    text = "Cats purr. Cats sleep all day. The bank raised its rates. Interest on loans went up."
    parser = SemanticSplitterNodeParser(
        embed_model=as_llama_index(MODEL), buffer_size=0, breakpoint_percentile_threshold=60
    )
    nodes = parser.get_nodes_from_documents([Document(text=text)])
    assert [node.text.strip() for node in nodes] == [text[:31].strip(), text[31:]]
