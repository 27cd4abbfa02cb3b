"""A cross-encoder of sentence-transformers: reads question and passage together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipelines.errors import EngineFailed, ModelMissing
from pipelines.registry import Need, knob, part
from pipelines.retrieval.candidates import Reranker, RetrievalContext
from pipelines.retrieval.reranking import RerankParams, by_score

#: Longest pair read, in tokens; what is longer is cut.
_WINDOW = 512


class CrossEncoderParams(RerankParams):
    """Knobs of a cross-encoder."""

    model: str = knob("cross-encoder/ms-marco-MiniLM-L-6-v2", "Name on the Hugging Face hub, or a folder.")
    download: bool = knob(False, "Fetch the model if it is not on this machine; offline mode forbids it.")


@part(
    "reranker",
    "cross-encoder",
    label="Cross-encoder",
    params=CrossEncoderParams,
    needs=(Need("pip install sentence-transformers", module="sentence_transformers"),),
    rank=40,
)
def cross_encoder(params: CrossEncoderParams, context: RetrievalContext) -> Reranker:
    """A model made for it reads question and passage together and scores the pair."""

    def score(query: str, texts: list[str]) -> Sequence[float]:
        offline = context.aids is None or context.aids.settings.offline
        return _holder(params.model).score(query, texts, download=params.download and not offline)

    return by_score(params, context, score)


class _Holder:
    """One model of this process, loaded when it is first asked. Safe from any thread."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._encoder: Any = None
        self._lock = threading.Lock()  # its tokenizer is not to be used by two threads at once

    def score(self, query: str, texts: Sequence[str], *, download: bool) -> list[float]:
        """A score for each text. Raises ModelMissing, EngineFailed."""
        import numpy as np

        with self._lock:
            if self._encoder is None:
                self._encoder = _load(self._model, download)
            try:
                found = np.asarray(
                    self._encoder.predict([(query, text) for text in texts], show_progress_bar=False), dtype=np.float64
                )
            except Exception as error:  # torch and transformers have no common base for their errors
                raise EngineFailed(f"The cross-encoder {self._model} failed: {error}.") from error
        if found.shape != (len(texts),):
            raise EngineFailed(
                f"{self._model} does not give one score for each passage.", "Choose a cross-encoder with one label."
            )
        return [float(one) for one in found]


@lru_cache(maxsize=2)
def _holder(model: str) -> _Holder:
    return _Holder(model)


def _load(model: str, download: bool) -> Any:
    try:
        from sentence_transformers import CrossEncoder

        return CrossEncoder(model, max_length=_WINDOW, local_files_only=not download)
    except ImportError as error:
        raise ModelMissing(
            f"sentence-transformers cannot be loaded: {error}.", "Type: pip install sentence-transformers"
        ) from error
    except Exception as error:  # the hub, torch and transformers have no common base for their errors
        if download:
            raise ModelMissing(f"The cross-encoder {model} cannot be had: {error}.", "Is the name right?") from error
        raise ModelMissing(
            f"The cross-encoder {model} is not on this machine.",
            "Set reranker.download=true without --offline to fetch it, or give a folder as reranker.model.",
        ) from error
