"""Units a chunker can count in: tokens of the embedder, cl100k tokens, characters."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pipelines.embedding.base import TokenRuler
from pipelines.embedding.wordpiece import printable
from pipelines.errors import BadParameter, ModelMissing

if TYPE_CHECKING:
    import numpy as np
    import tiktoken
    from numpy.typing import NDArray

Unit = Literal["tokens", "cl100k", "characters"]

#: LlamaIndex ships the ranks in tiktoken's own cache layout: the file's name is a hash of its address.
_RANKS = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
_RANKS_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
#: How cl100k_base splits text into words (tiktoken_ext/openai_public.py).
_WORDS = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
#: Longer runs of spaces are cut: the pattern above backtracks over them until its stack overflows.
_SPACES = 500
_LONG_SPACES = re.compile(rf"(?<!\s)\s{{{_SPACES + 1},}}")


def ruler(unit: Unit, embedder_ruler: TokenRuler) -> TokenRuler:
    """The ruler for a chunker's ``unit``.

    Args:
        unit: "tokens" measures with the embedder's own tokenizer.
        embedder_ruler: The ruler of the embedder in use.

    Raises:
        BadParameter: no such unit.
    """
    if unit == "tokens":
        return embedder_ruler
    if unit == "cl100k":
        return Cl100kRuler()
    if unit == "characters":
        return CharacterRuler()
    raise BadParameter(f"There is no unit {unit!r}.", f"Units: {', '.join(get_args(Unit))}.")


@dataclass(frozen=True)
class CharacterRuler:
    """Every character is a token."""

    name: str = "characters"
    exact: bool = True
    joins: bool = False

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """(i, i + 1) for every character."""
        return list(zip(range(len(text)), range(1, len(text) + 1), strict=True))

    def count(self, text: str) -> int:
        """Number of characters (Unicode code points)."""
        return len(text)


@dataclass(frozen=True)
class Cl100kRuler:
    """Tokens of OpenAI's cl100k_base, the yardstick of many published chunk sizes."""

    name: str = "cl100k tokens"
    exact: bool = True
    joins: bool = True

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every token; tokens that share a character each hold all of it."""
        import numpy as np

        text = printable(text)
        if not text:
            return []
        lengths = _cl100k()[1][_encode(text)]
        ends = np.cumsum(lengths)
        utf8 = np.frombuffer(text.encode(), dtype=np.uint8)
        character = np.cumsum((utf8 & 0xC0) != 0x80) - 1  # of each byte: continuation bytes start none
        starts = character[ends - lengths].tolist()
        return list(zip(starts, (character[ends - 1] + 1).tolist(), strict=True))

    def count(self, text: str) -> int:
        """Number of tokens."""
        return len(_encode(printable(text)))


def _encode(text: str) -> list[int]:
    encoding, _ = _cl100k()
    return [token for piece in _pieces(text) for token in encoding.encode_ordinary(piece)]


def _pieces(text: str) -> list[str]:
    """The text, cut inside runs of spaces too long for the pattern; nearly always one piece."""
    if len(text) <= _SPACES:
        return [text]
    cuts = [at for run in _LONG_SPACES.finditer(text) for at in range(run.start(), run.end(), _SPACES)]
    edges = [0, *cuts, len(text)]
    return [text[start:end] for start, end in pairwise(edges) if start < end]


@cache
def _cl100k() -> tuple[tiktoken.Encoding, NDArray[np.int64]]:
    """The encoding, and the bytes of each token by its number.

    Built from ranks on disk: tiktoken's own loader would ask the network.
    """
    import numpy as np
    import tiktoken

    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, _ranks().splitlines())}
    lengths = np.zeros(max(ranks.values()) + 1, dtype=np.int64)
    lengths[list(ranks.values())] = list(map(len, ranks))
    encoding = tiktoken.Encoding("cl100k_base", pat_str=_WORDS, mergeable_ranks=ranks, special_tokens={})
    return encoding, lengths


def _ranks() -> bytes:
    fix = "Install it again: pip install --force-reinstall llama-index-core."
    spec = importlib.util.find_spec("llama_index.core")  # looks, imports only the empty namespace
    folder = Path(next(iter(spec.submodule_search_locations or ()), "")) if spec else Path()
    try:
        data = (folder / "_static" / "tiktoken_cache" / _RANKS).read_bytes()
    except OSError as error:
        raise ModelMissing("The cl100k tokens that come with llama-index-core are not there.", fix) from error
    if hashlib.sha256(data).hexdigest() != _RANKS_SHA256:
        raise ModelMissing("The cl100k tokens that come with llama-index-core are damaged.", fix)
    return data
