"""A streamed HTTP request that another thread can cut off, and lines out of bytes.

A model may think for a minute before its first byte, so a Stop button cannot wait for the next one: a small
watcher shuts the socket down, which wakes the reader and tells the server to stop generating.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.errors import Cancelled

if TYPE_CHECKING:
    import httpx

#: Longest line taken from a server. A line holds one token and its candidates: kilobytes.
MAX_LINE = 16 << 20

#: How often a watcher looks at the cancel flag, in seconds.
POLL_S = 0.03


class Lifeline:
    """The socket under one request. Needs a client without keep-alive: then it serves this request alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False
        self._over = threading.Event()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Callback of httpx's ``trace`` extension: remembers the socket as soon as there is one."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self._cut:
                self.cut()

    def cut(self) -> None:
        """Shut the socket down now, from any thread; a reader blocked on it wakes up."""
        self._cut = True
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # already closed by either side: nothing left to cut
                    self._socket.shutdown(socket.SHUT_RDWR)

    def watch(self, cancel: CancelFlag) -> None:
        """Cut as soon as the flag is set, until :meth:`release`."""

        def wait() -> None:
            while not self._over.wait(POLL_S):
                if cancel.is_set():
                    self.cut()
                    return

        threading.Thread(target=wait, name="cancel-watch", daemon=True).start()

    def release(self) -> None:
        """The request is over: the watcher ends."""
        self._over.set()


@contextmanager
def open_stream(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    cancel: CancelFlag | None = None,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[httpx.Response]:
    """Send a request and give the response before its body; leaving the block closes the connection.

    Raises:
        Cancelled: the flag was set, before or while waiting or reading.
        httpx.HTTPError: everything else, for the caller to translate.
    """
    import httpx

    if cancel is not None and cancel.is_set():
        raise Cancelled
    line = Lifeline()
    if cancel is not None:
        line.watch(cancel)
    try:
        request = client.stream(method, url, json=body, headers=headers, extensions={"trace": line.trace})
        with request as response:
            yield response
    except httpx.HTTPError:
        if cancel is not None and cancel.is_set():
            raise Cancelled from None
        raise
    finally:
        line.release()


def split_lines(chunks: Iterable[bytes], limit: int = MAX_LINE) -> Iterator[bytes]:
    r"""Lines of a byte stream, wherever it was split; blank ones are left out.

    Only ``\n`` ends a line. ``str.splitlines``, which httpx uses, also breaks on U+0085 and U+2028, which may
    stand inside a JSON string.

    Raises:
        ValueError: a line longer than ``limit`` bytes.
    """
    rest = bytearray()
    for chunk in chunks:
        start = len(rest)
        rest += chunk
        while (end := rest.find(b"\n", start)) >= 0:
            if line := bytes(rest[:end]).strip():
                yield line
            del rest[: end + 1]
            start = 0
        if len(rest) > limit:
            raise ValueError(f"a line of more than {limit} bytes")
    if line := bytes(rest).strip():
        yield line


def objects(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects of an NDJSON stream.

    Raises:
        ValueError: a line that is not a JSON object.
    """
    for line in split_lines(chunks):
        try:
            value = json.loads(line)
        except RecursionError as error:
            raise ValueError("JSON nested too deeply") from error
        if not isinstance(value, dict):
            raise ValueError(f"not an object: {line[:80]!r}")
        yield value
