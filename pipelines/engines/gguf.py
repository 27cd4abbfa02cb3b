"""A GGUF file's own header: metadata and the sizes of its tensors, read without loading the model.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The file is hostile input: every count is
bounded by the bytes that are left, long arrays (vocabularies) are skipped, and at most 128 MB are read.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAX_HEADER = 128 << 20  # the largest vocabularies of today take 20 MB
MAX_KEYS = 4096
MAX_TENSORS = 65536
MAX_STRING = 1 << 20  # a chat template has some kilobytes
MAX_NAME = 65535
KEEP_ARRAY = 64  # longest array kept; longer ones are skipped over

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


class NotGguf(ValueError):
    """The file is not GGUF, is damaged, or is larger than a header may be."""


@dataclass(frozen=True)
class Skipped:
    """A long array that was not read."""

    length: int


@dataclass(frozen=True)
class GgufHeader:
    """What a model file says of itself."""

    metadata: dict[str, Any]
    parameters: int  # number of weights, summed over the tensors

    @property
    def architecture(self) -> str:
        """Such as ``llama`` or ``qwen2``."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """The model's own name; may be empty."""
        return str(self.metadata.get("general.name", ""))

    @property
    def context(self) -> int | None:
        """The longest context it was made for, in tokens."""
        value = self.metadata.get(f"{self.architecture}.context_length")
        return value if isinstance(value, int) and value > 0 else None

    @property
    def vocabulary(self) -> int | None:
        """Number of tokens."""
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, Skipped):
            return tokens.length
        return len(tokens) if isinstance(tokens, list) and tokens else None

    @property
    def chat_template(self) -> str:
        """Jinja template of a conversation; empty for models that cannot chat."""
        return str(self.metadata.get("tokenizer.chat_template", ""))


def read_header(path: Path) -> GgufHeader:
    """Read the header of a model file.

    Raises:
        NotGguf: says what is wrong; OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        return _Reader(file, min(path.stat().st_size, MAX_HEADER)).header()


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size
        self._order = "<"

    def header(self) -> GgufHeader:
        if self._take(4) != b"GGUF":
            raise NotGguf("it does not begin with GGUF")
        version = self._number("I")
        if version & 0xFFFF == 0:  # written on a big-endian machine
            self._order = ">"
            version = struct.unpack(">I", struct.pack("<I", version))[0]
        if version not in (2, 3):
            raise NotGguf(f"it has version {version}; 2 and 3 are known")
        tensors = self._count(MAX_TENSORS, "tensors")
        keys = self._count(MAX_KEYS, "metadata keys")
        metadata = dict(self._pair() for _ in range(keys))
        return GgufHeader(metadata, sum(self._tensor() for _ in range(tensors)))

    def _take(self, size: int) -> bytes:
        if size > self._left:
            raise NotGguf("it ends inside its header")
        self._left -= size
        data = self._file.read(size)
        if len(data) != size:
            raise NotGguf("it ends inside its header")
        return data

    def _skip(self, size: int) -> None:
        if size > self._left:
            raise NotGguf("it ends inside its header")
        self._left -= size
        self._file.seek(size, 1)

    def _number(self, code: str) -> Any:
        form = self._order + code
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _count(self, limit: int, what: str) -> int:
        value = int(self._number("Q"))
        if value > limit:
            raise NotGguf(f"it claims {value} {what}")
        return value

    def _string(self, limit: int = MAX_STRING) -> str:
        return self._take(self._count(limit, "bytes in one string")).decode("utf-8", "replace")

    def _pair(self) -> tuple[str, Any]:
        return self._string(MAX_NAME), self._value(int(self._number("I")))

    def _value(self, kind: int, depth: int = 0) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            if depth > 3:
                raise NotGguf("its arrays are nested too deeply")
            return self._array(depth)
        if kind not in _SCALARS:
            raise NotGguf(f"it has a value of the unknown kind {kind}")
        return self._number(_SCALARS[kind])

    def _array(self, depth: int) -> list[Any] | Skipped:
        """A short array; of a long one only its length."""
        kind, length = int(self._number("I")), int(self._number("Q"))
        if length <= KEEP_ARRAY:
            return [self._value(kind, depth + 1) for _ in range(length)]
        if kind in _SCALARS:
            self._skip(length * struct.calcsize("<" + _SCALARS[kind]))
        elif kind == _STRING:
            for _ in range(length):  # each takes eight bytes at least, so the bytes left bound the loop
                self._skip(self._count(MAX_STRING, "bytes in one string"))
        else:
            raise NotGguf("it has a long array of arrays")
        return Skipped(length)

    def _tensor(self) -> int:
        """Number of weights of the next tensor."""
        self._string(MAX_NAME)
        dimensions = int(self._number("I"))
        if dimensions > 8:
            raise NotGguf(f"it has a tensor of {dimensions} dimensions")
        shape = [int(self._number("Q")) for _ in range(dimensions)]
        self._take(4 + 8)  # its number format, and where it starts
        return math.prod(shape)
