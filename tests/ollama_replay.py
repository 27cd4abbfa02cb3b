"""A local HTTP server that answers as a recorded Ollama did, whole, cut off, in odd pieces, or slowly."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).parent / "ollama_captures"


@dataclass
class Reply:
    """What to send, and how."""

    status: int
    body: bytes
    content_type: str = "application/x-ndjson"
    cut: int | None = None  # bytes after which the connection breaks
    pieces: int = 1 << 20  # bytes a chunk
    hold: bool = False  # send nothing until the client hangs up
    hang: bool = False  # send the body, then nothing until the client hangs up


def captured(version: str, name: str, **how: Any) -> Reply:
    """A recorded answer."""
    head, _, body = (CAPTURES / version / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return Reply(int(lines[0].split()[1]), body, headers["Content-Type"], **how)


def ndjson(*lines: Any, **how: Any) -> Reply:
    """An answer written by hand."""
    return Reply(200, b"".join(json.dumps(line).encode() + b"\n" for line in lines), **how)


@dataclass
class Replay:
    """The server. ``with Replay("0.32.15") as server: server.routes["/api/chat"] = …``."""

    version: str
    routes: dict[str, Reply] = field(default_factory=dict)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Replay:
        for path, name in {"version": "version", "tags": "tags", "show": "show"}.items():
            self.routes.setdefault(f"/api/{path}", captured(self.version, name))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def chat(self, name: str, **how: Any) -> Replay:
        """Answer /api/chat with a recording."""
        self.routes["/api/chat"] = captured(self.version, name, **how)
        return self


def _handler(replay: Replay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            replay.requests.append((self.path, body))
            reply = replay.routes.get(self.path) or Reply(404, b"404 page not found", "text/plain")
            self.close_connection = True
            if reply.hold:
                return self._wait_for_hang_up()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in _pieces(reply.body[: reply.cut], reply.pieces):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            if reply.hang:
                return self._wait_for_hang_up()
            if reply.cut is None:
                self.wfile.write(b"0\r\n\r\n")
            return None

        def _wait_for_hang_up(self) -> None:
            ready, _, _ = select.select([self.connection], [], [], 20)
            if ready and not self.connection.recv(1):
                replay.hung_up.set()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
