"""What is known of the distributions an answer's tokens were drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.sampling import FloatArray

IntArray = NDArray[np.int64]

#: More tokens than any model has: taken where a model does not say.
WIDEST = 300_000

#: A tail below this is none: log-probabilities come in single precision.
NOISE = 1e-6

_SAME = 1e-3  # how much the two log-probabilities an engine gives of one token may differ


@dataclass(frozen=True)
class Known:
    """What is known of the distributions of n tokens.

    Attributes:
        logprobs: (n, K) natural log-probabilities of the candidates, descending, -inf pads.
        chosen: (n,) column of the token that was said, -1 where it is not among the candidates.
        chosen_logprob: (n,) its log-probability.
        vocabulary: Number of tokens there are, or :data:`WIDEST`.
    """

    logprobs: FloatArray
    chosen: IntArray
    chosen_logprob: FloatArray
    vocabulary: int

    @classmethod
    def of(cls, tokens: Sequence[TokenEvent], vocabulary: int | None) -> Known:
        """Out of an answer's tokens, each with its log-probability; candidates may differ in number.

        Raises:
            ValueError: a token has no log-probability.
        """
        widest = max((len(token.candidates) for token in tokens), default=0)
        logprobs = np.full((len(tokens), widest), -np.inf)
        for at, token in enumerate(tokens):
            logprobs[at, : len(token.candidates)] = [candidate.logprob for candidate in token.candidates]
        said = [token.logprob for token in tokens if token.logprob is not None]
        if len(said) < len(tokens):
            raise ValueError("a token has no log-probability")
        chosen = np.array([_column(token) for token in tokens], np.int64)
        return cls(logprobs, chosen, np.array(said, np.float64), vocabulary or WIDEST)

    @classmethod
    def full(cls, rows: Sequence[tuple[ArrayLike, ArrayLike]], said: Sequence[int]) -> Known:
        """Out of whole distributions.

        Args:
            rows: For each token the numbers and log-probabilities of all V tokens, descending.
            said: The number of each token that was said.

        Raises:
            ValueError: a token that was said is not in its row.
        """
        logprobs = np.stack([np.asarray(values, np.float64) for _, values in rows])
        found = [np.flatnonzero(np.asarray(ids) == token) for (ids, _), token in zip(rows, said, strict=True)]
        if not all(len(places) for places in found):
            raise ValueError("a token that was said is not in its distribution")
        chosen = np.array([places[0] for places in found], np.int64)
        return cls(logprobs, chosen, logprobs[np.arange(len(chosen)), chosen], logprobs.shape[1])

    def __len__(self) -> int:
        return len(self.chosen)

    def row(self, at: int) -> Known:
        """One token."""
        return self._rows(slice(at, at + 1 or None))

    def _rows(self, rows: slice) -> Known:
        return Known(self.logprobs[rows], self.chosen[rows], self.chosen_logprob[rows], self.vocabulary)

    @property
    def covered(self) -> FloatArray:
        """(n,) probability of the candidates together."""
        return np.asarray(np.exp(self.logprobs).sum(axis=1))

    @property
    def tail(self) -> FloatArray:
        """(n,) probability of all other tokens together; 0 where no more is missing than rounding explains."""
        missing = 1 - self.covered
        return np.where(missing > NOISE, missing, 0)


def _column(token: TokenEvent) -> int:
    """Which candidate was said; two of the same text are told apart by number, else by log-probability."""
    if token.id is not None:
        return next((at for at, other in enumerate(token.candidates) if other.id == token.id), -1)
    same = [at for at, other in enumerate(token.candidates) if _bytes(other) == _bytes(token)]
    near = [at for at in same if abs(token.candidates[at].logprob - (token.logprob or 0)) < _SAME]
    return near[0] if near else -1


def _bytes(token: TokenEvent | Candidate) -> bytes:
    return bytes(token.bytes) or (token.text if isinstance(token, TokenEvent) else token.token).encode()
