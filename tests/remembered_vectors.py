"""The built-in embedding model for tests that are not about it: loaded once a process, each text embedded once.

Every test has a data folder of its own, so its vectors on disk are its own too, and most embed the same few documents.
A vector depends on nothing but its text, which tests/test_embedding_builtin.py shows with the model as it is.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from pipelines.embedding import builtin
from pipelines.embedding.builtin import BuiltinEmbedder

_plain = BuiltinEmbedder.embed
_plain_session = builtin._open_session
_session = functools.cache(builtin._open_session)
_known: dict[str, Any] = {}


def remember(patch: pytest.MonkeyPatch) -> None:
    """Until the patch is undone."""
    patch.setattr(BuiltinEmbedder, "embed", _embed)
    patch.setattr(builtin, "_open_session", _session)


def forget(patch: pytest.MonkeyPatch) -> None:
    """The model as it is."""
    patch.setattr(BuiltinEmbedder, "embed", _plain)
    patch.setattr(builtin, "_open_session", _plain_session)


def _embed(self: BuiltinEmbedder, texts: Any, kind: Any = "document", on_progress: Any = None) -> Any:
    """As :meth:`BuiltinEmbedder.embed`: one text after the other, each reported."""
    builtin._within_window(texts)  # refuses before the first is embedded
    vectors = np.empty((len(texts), builtin.DIMENSIONS), dtype=np.float32)
    for index, text in enumerate(texts):
        if text not in _known:
            _known[text] = _plain(self, [text], kind)[0]
        vectors[index] = _known[text]
        if on_progress is not None:
            on_progress(index + 1)
    return vectors
