"""The contract of embedding models: texts in, unit vectors out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
else:
    Vectors = Any

Kind = Literal["document", "query"]

#: Called after each batch with the number of texts done; raises to cancel.
OnProgress = Callable[[int], None]


class TokenRuler(Protocol):
    """Measures text in tokens. One pass over a text gives every token's place."""

    @property
    def name(self) -> str:
        """As shown to people: "tokens of all-MiniLM-L6-v2"."""
        ...

    @property
    def exact(self) -> bool:
        """False where another tokenizer stands in for the model's own."""
        ...

    @property
    def joins(self) -> bool:
        """Whether tokens reach over word borders, so that a piece cut out may count more than in its text."""
        ...

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every token, in characters, in order; without special tokens."""
        ...

    def count(self, text: str) -> int:
        """Number of tokens, without special tokens."""
        ...


class Embedder(Protocol):
    """One embedding model, ready to run."""

    @property
    def id(self) -> str:
        """Engine, model and version: two embedders with the same id give the same vectors."""
        ...

    @property
    def label(self) -> str:
        """As shown to people."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def window(self) -> int:
        """Most tokens of one text, special tokens not counted."""
        ...

    @property
    def ruler(self) -> TokenRuler:
        """Measures texts as the model does."""
        ...

    def embed(self, texts: Sequence[str], kind: Kind = "document", on_progress: OnProgress | None = None) -> Vectors:
        """Embed texts.

        Returns:
            float32 array (len(texts), dimensions), every row of unit length, in the order of ``texts``.

        Raises:
            EngineError: the model cannot be reached or failed. A text over ``window`` is refused
                (:class:`~pipelines.errors.EngineRefused`), never cut.
        """
        ...
