"""Frames between the app and the parsing process: a JSON header and raw bytes, both with their length first.

Plain data only: the other side eats hostile files, so nothing it sends may be able to run.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">II")  # bytes of the header, bytes of the body

#: Longest header and body taken from the other side, in bytes.
MAX_HEADER = 64 * 2**20
MAX_BODY = 512 * 2**20

Frame = tuple[dict[str, Any], bytes]


def write(stream: BinaryIO, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Send one frame.

    Raises:
        OSError: the other side is gone.
    """
    head = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(head), len(body)) + head)
    stream.write(body)
    stream.flush()


def read(stream: BinaryIO) -> Frame | None:
    """Take one frame; None at the end of the stream, also in the middle of a frame.

    Raises:
        ValueError: the bytes are not a frame, or one longer than allowed.
    """
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    if head_length > MAX_HEADER or body_length > MAX_BODY:
        raise ValueError(f"a frame of {head_length} + {body_length} bytes")
    head, body = stream.read(head_length), stream.read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    header = json.loads(head)
    if not isinstance(header, dict):
        raise ValueError("a header that is not an object")
    return header, body
