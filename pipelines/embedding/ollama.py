"""Embedding models of an Ollama server."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.embedding.base import Kind, OnProgress, Vectors
from pipelines.embedding.wordpiece import SPECIALS, WordPieceRuler, printable
from pipelines.errors import EngineFailed, EngineRefused
from pipelines.registry import Need, PartParams, knob, part
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.base import ModelInfo
    from pipelines.engines.ollama import OllamaEngine

#: The stand-in ruler may count fewer tokens than the model: this share of its context is planned with.
_MARGIN = 0.85


@dataclass(frozen=True)
class Prompts:
    """What a model was trained to see before a question and before a passage."""

    query: str = ""
    document: str = ""


_SENTENCE = Prompts(query="Represent this sentence for searching relevant passages: ")

#: Beginning of a model's name -> its prompts, from the model cards of (in order) nomic-ai/nomic-embed-text-v1.5,
#: mixedbread-ai/mxbai-embed-large-v1, Snowflake/snowflake-arctic-embed-l and -l-v2.0, BAAI/bge-large-en-v1.5 and
#: bge-m3, google/embeddinggemma-300m, Qwen/Qwen3-Embedding-0.6B, intfloat/multilingual-e5-large.
PROMPTS = {
    "nomic-embed-text": Prompts("search_query: ", "search_document: "),
    "mxbai-embed-large": _SENTENCE,
    "snowflake-arctic-embed": _SENTENCE,
    "snowflake-arctic-embed2": Prompts("query: "),
    "bge-": _SENTENCE,
    "bge-m3": Prompts(),
    "embeddinggemma": Prompts("task: search result | query: ", "title: none | text: "),
    "qwen3-embedding": Prompts(
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
    ),
    "multilingual-e5": Prompts("query: ", "passage: "),
}


def prompts_of(model: str) -> Prompts:
    """The prompts of a model by its name, whoever published it; none where it is not known.

    ``hf.co/org/bge-m3-GGUF:Q8_0`` is bge-m3: the longest name that fits wins.
    """
    bare = model.rpartition("/")[2].partition(":")[0].lower()
    fitting = [name for name in PROMPTS if bare.startswith(name)]
    return PROMPTS[max(fitting, key=len)] if fitting else Prompts()


class Params(PartParams):
    """Which model, and how much it is given."""

    name: str = knob("nomic-embed-text", "Model in Ollama, as `ollama list` names it.")
    window: int = knob(
        0, "Most tokens of one text; 0: what the model reads.", minimum=0, maximum=131_072, step=16, fold=True
    )
    batch: int = knob(16, "Texts sent in one request.", minimum=1, maximum=256, fold=True)


class OllamaEmbedder:
    """One embedding model of an Ollama server. Asks the server about the model when it is made.

    Raises:
        EngineUnreachable, ModelMissing: no server, or no such model there.
        EngineRefused: the model does not embed.
    """

    def __init__(self, engine: OllamaEngine, params: Params) -> None:
        info = engine.info(params.name)
        self._engine = engine
        self._params = params
        self._prompts = prompts_of(params.name)
        prompt_print = hashlib.sha256(repr(self._prompts).encode()).hexdigest()[:6]
        self.id = f"ollama:{info.name}:{info.digest[:12]}:{prompt_print}"
        self.label = f"{info.name} (Ollama)"
        self.ruler = WordPieceRuler("word pieces, about the model's own tokens", exact=False)
        self.window = params.window or self._window_of(info)
        self.dimensions = len(engine.embed(params.name, ["size"])[0])

    def _window_of(self, info: ModelInfo) -> int:
        """Tokens left for a text in what the server gives the model to read."""
        given = int(info.defaults.get("num_ctx") or self._engine.default_options["num_ctx"])
        context = min(info.context or given, given)
        prompt = max(map(self.ruler.count, (self._prompts.query, self._prompts.document)))
        return max(1, int(context * _MARGIN) - prompt - SPECIALS)

    def embed(self, texts: Sequence[str], kind: Kind = "document", on_progress: OnProgress | None = None) -> Vectors:
        """Embed texts, each with the prompt its kind needs.

        Returns:
            float32 array (len(texts), dimensions), rows of unit length, in the order of ``texts``.

        Raises:
            EngineRefused: a text is over the window (none is embedded then), or the server finds it too long.
            EngineError: the server is gone, or the model failed.
        """
        import numpy as np

        for place, text in enumerate(texts, 1):
            self._check(place, len(texts), text)
        prompt = self._prompts.query if kind == "query" else self._prompts.document
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), self._params.batch):
            some = [prompt + printable(text) for text in texts[start : start + self._params.batch]]
            vectors[start : start + len(some)] = self._unit(self._engine.embed(self._params.name, some))
            if on_progress is not None:
                on_progress(start + len(some))
        return vectors

    def _check(self, place: int, total: int, text: str) -> None:
        tokens = self.ruler.count(text)
        if tokens > self.window:
            raise EngineRefused(
                f"Text {place} of {total} has about {tokens} tokens, {self._params.name} reads {self.window}: "
                f"{text[:40]!r}…",
                "Cut it into shorter chunks (chunker.size).",
            )

    def _unit(self, vectors: list[list[float]]) -> Vectors:
        import numpy as np

        rows = np.asarray(vectors, dtype=np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if rows.shape[1] != self.dimensions or not np.all(np.isfinite(lengths) & (lengths > 0)):
            raise EngineFailed(
                f"Ollama gave vectors of {self._params.name!r} that are no directions (zero, endless, or of "
                f"another size).",
                "Update Ollama, or choose another embedding model.",
            )
        unit: Vectors = rows / lengths
        return unit


@part(
    "embedder", "ollama", label="Ollama", params=Params, needs=(Need("pip install ollama", module="ollama"),), rank=20
)
def build(params: Params, settings: Settings) -> OllamaEmbedder:
    """Any embedding model of Ollama, such as nomic-embed-text, mxbai-embed-large, embeddinggemma."""
    from pipelines.engines.ollama import OllamaEngine

    return OllamaEmbedder(OllamaEngine(settings.ollama_url, offline=settings.offline), params)
