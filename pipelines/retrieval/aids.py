"""What some stages need besides lists: the recipe's language model, and the vector of every token."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.engines.writing import Memory, Writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.embedding.base import Embedder
    from pipelines.engines.detect import Engines
    from pipelines.recipe import Choice, Recipe
    from pipelines.settings import Settings

#: Texts whose token vectors are kept: about 200 kB each.
_TEXTS = 600


class Aids:
    """One for a process; nothing is loaded before it is asked for. Safe from any thread.

    Args:
        settings: Where engines are, and whether anything may be downloaded.
        embedder: Gives the built-in embedding model.
        engines: Those of the process; None: opened here when a model is first asked.
    """

    def __init__(
        self, settings: Settings, embedder: Callable[[Choice], Embedder], engines: Engines | None = None
    ) -> None:
        self.settings = settings
        self._embedder, self._engines, self._own = embedder, engines, engines is None
        self._written = Memory()
        self._lock = threading.Lock()
        self._tokens: OrderedDict[str, NDArray[np.float16]] = OrderedDict()

    def writer(self, recipe: Recipe, cancel: CancelFlag | None = None) -> Writer:
        """The recipe's language model. Raises ModelMissing, EngineUnreachable."""
        from pipelines.engines import Engines

        with self._lock:
            if self._engines is None:
                self._engines = Engines(self.settings)
        return Writer.of(self._engines, recipe, self._written, cancel)

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """A unit vector a token, (tokens, 384), of each text, by the built-in model; long texts in parts.

        Raises:
            ModelMissing, EngineFailed.
        """
        with self._lock:
            known = {text: self._tokens[text] for text in texts if text in self._tokens}
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        made = dict(zip(missing, self._embed_tokens(missing), strict=True)) if missing else {}
        with self._lock:
            self._tokens |= made
            while len(self._tokens) > _TEXTS:
                self._tokens.popitem(last=False)
        return [known[text] if text in known else made[text] for text in texts]

    def _embed_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        import numpy as np

        from pipelines.embedding.builtin import DIMENSIONS, BuiltinEmbedder
        from pipelines.embedding.pieces import pieces
        from pipelines.recipe import choose

        embedder = self._embedder(choose("embedder", "builtin"))
        assert isinstance(embedder, BuiltinEmbedder)
        parts = [pieces(text, embedder.ruler, embedder.window) for text in texts]
        vectors = iter(embedder.token_vectors([piece for some in parts for piece in some]))
        found = []
        for some in parts:
            rows = [next(vectors).vectors for _ in some] or [np.zeros((0, DIMENSIONS), dtype=np.float32)]
            joined = np.concatenate(rows)
            unit = joined / np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-12)
            found.append(unit.astype(np.float16))
        return found

    def close(self) -> None:
        """Close engines that were opened here."""
        if self._own and self._engines is not None:
            self._engines.close()
