"""The parsing process itself: ``python -m pipelines.loading.worker``, frames in, frames out.

It holds one open PDF at a time, so that page after page of the same file costs no new parsing. It ends when
the app does.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from pipelines.errors import EncryptedFile, PlaygroundError
from pipelines.loading import wire
from pipelines.loading.pdfium import REPAIR, Shelf

#: What can be asked for -> the function that does it: ``(shelf, request, send)``. Imported when first asked.
OPERATIONS: Mapping[str, str] = {
    "count": "pipelines.loading.pdfium:send_count",
    "text": "pipelines.loading.pdfium:send_text",
    "rectangles": "pipelines.loading.pdfium_rectangles:send_rectangles",
    "words": "pipelines.loading.pdfium_rectangles:send_words",
    "picture": "pipelines.loading.pdfium_picture:send_picture",
    "about": "pipelines.loading.second:send_about",
    "second text": "pipelines.loading.second:send_text",
}


def main() -> None:
    """Serve until the app closes the pipe."""
    serve(Shelf(), lambda name: OPERATIONS[name])


def serve(kept: Any, place: Callable[[str], str], fix: str = REPAIR) -> None:
    """Do what the app asks, one operation after the other, until it closes the pipe.

    Args:
        kept: What operations keep between calls; the first argument of each.
        place: From an operation's name to the function that does it, "module:function".
        fix: What to do about a file that breaks a parser.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the app's to handle
    logging.disable()  # pypdf remarks on every oddity of a file
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever C code prints must not land among the frames
    requests: queue.SimpleQueue[wire.Frame] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    wire.write(answers, {"ready": True})
    while True:
        header, body = requests.get()
        _answer(kept, place, {**header, "body": body, "fix": fix}, answers)


def _listen(pipe: BinaryIO, requests: queue.SimpleQueue[wire.Frame]) -> None:
    """Queue requests; end the process with the app, even while a parser hangs."""
    while (frame := wire.read(pipe)) is not None:
        requests.put(frame)
    os._exit(0)


def _answer(kept: Any, place: Callable[[str], str], request: dict[str, Any], answers: BinaryIO) -> None:
    """Do one operation; its failure is an answer too."""

    def send(header: Mapping[str, Any], body: bytes = b"") -> None:
        wire.write(answers, header, body)

    try:
        module, _, function = place(request["operation"]).partition(":")
        getattr(importlib.import_module(module), function)(kept, request, send)
    except PlaygroundError as error:
        send(
            {
                "error": type(error).__name__,
                "message": error.message,
                "fix": error.fix,
                "password_given": isinstance(error, EncryptedFile) and error.password_given,
            }
        )
    except MemoryError:
        send(_failure(request, "ParsingTimeout", "needs more memory than there is"))
    except RecursionError:
        send(_failure(request, "DamagedFile", "is nested too deeply to parse"))
    except Exception as error:  # a file that breaks a parser may raise anything
        what = f"({type(error).__name__}: {error})"
        if engine := request.get("engine"):
            failed = f"{engine} failed on {request['name']} {what}."
            send({"error": "EngineFailed", "message": failed, "fix": "Try another reader."})
        else:
            send(_failure(request, "DamagedFile", f"cannot be parsed {what}"))
    else:
        send({"done": True})


def _failure(request: Mapping[str, Any], kind: str, what: str) -> dict[str, Any]:
    return {
        "error": kind,
        "message": f"{request['name']} {what}.",
        "fix": request["fix"],
    }


if __name__ == "__main__":
    main()
