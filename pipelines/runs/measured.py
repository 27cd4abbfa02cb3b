"""What monitoring reads of every run, packed so that a hundred thousand are read at once.

SQLite puts the packed numbers of runs that are alike in all names behind each other: Python makes an object for each
such group, not for each run.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: What is packed, in this order. One more takes a migration that appends a NaN to the runs that have been packed.
PACKED = (
    "began", "seconds", "ttft_s", "tokens_per_s", "prompt_tokens", "completion_tokens", "left_out", "remembered",
    "embedded", "cached",
)  # fmt: skip

#: Groups of the runs that have ended; read from one index in its own order.
QUERY = (
    "select kind, state, engine, model, group_concat(hex(measured), '') from run "
    "where state != 'running' and began >= ? group by kind, state, engine, model"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """Runs alike in all names; a column a number, NaN where it is not known."""

    kind: str
    state: str
    engine: str
    model: str
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.numbers["began"])


def pack(began: float, numbers: Mapping[str, float]) -> bytes:
    """Numbers of a run, eight bytes each."""
    known = {**numbers, "began": began}
    return struct.pack(f"<{len(PACKED)}d", *(known.get(name, float("nan")) for name in PACKED))


def groups(rows: Sequence[tuple[str, str, str, str, str]]) -> list[Group]:
    """What :data:`QUERY` found."""
    found = []
    for kind, state, engine, model, packed in rows:
        matrix = np.frombuffer(bytes.fromhex(packed), "<f8").reshape(-1, len(PACKED))
        found.append(Group(kind, state, engine, model, dict(zip(PACKED, matrix.T, strict=True))))
    return found
