"""The real parsing process with a parser that misbehaves on files of certain names."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from pipelines.loading import pdfium, worker


def send_text(shelf: pdfium.Shelf, request: Mapping[str, Any], send: pdfium.Send) -> None:
    """Crash or hang after the first page."""

    def misbehave(header: Mapping[str, Any], body: bytes = b"") -> None:
        send(header, body)
        if header.get("number") == 1 and request["name"] == "abort.pdf":
            os.abort()
        if header.get("number") == 1 and request["name"] == "hang.pdf":
            time.sleep(3600)

    pdfium.send_text(shelf, request, misbehave)


if __name__ == "__main__":
    worker.OPERATIONS = {**worker.OPERATIONS, "text": "tests.hostile_worker:send_text"}
    worker.main()
