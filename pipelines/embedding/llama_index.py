"""An embedder as LlamaIndex knows them, for its node parsers and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.embedding.base import Embedder

if TYPE_CHECKING:
    from llama_index.core.embeddings import BaseEmbedding


def as_llama_index(embedder: Embedder) -> BaseEmbedding:
    """Wrap an embedder in LlamaIndex's ``BaseEmbedding``; a text over the window is refused, as always."""
    from llama_index.core.bridge.pydantic import PrivateAttr
    from llama_index.core.embeddings import BaseEmbedding

    class PlaygroundEmbedding(BaseEmbedding):
        _embedder: Embedder = PrivateAttr()

        def _get_query_embedding(self, query: str) -> list[float]:
            vector: list[float] = self._embedder.embed([query], "query")[0].tolist()
            return vector

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = self._embedder.embed(texts).tolist()
            return vectors

    wrapped = PlaygroundEmbedding(model_name=embedder.id)
    wrapped._embedder = embedder
    return wrapped
