"""How a command ends: 0 done, 1 something a person can mend, 2 wrong usage, 130 interrupted."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.errors import PlaygroundError
from playground.cli.console import problem

INTERRUPTED = 130


def exit_code(run: Callable[[], int]) -> int:
    """Run a command and turn whatever it raises into one line on stderr and a code."""
    from typer import TyperException

    try:
        with interruptible():
            return run()
    except BrokenPipeError:
        return _stop_writing()
    except TyperException as error:
        problem(f"{error.format_message().rstrip('.')}. {_hint(error)}")
        return error.exit_code
    except Exception as error:
        return report(error)


def report(error: Exception) -> int:
    """Say what went wrong, for a person; the traceback only when asked for."""
    problem(f"{describe_fault(error)} {getattr(error, 'fix', '')}")
    return error.exit_code if isinstance(error, PlaygroundError) else 1


def describe_fault(error: Exception) -> str:
    """An exception in one sentence; its traceback goes to stderr when PLAYGROUND_DEBUG asks for it."""
    if os.environ.get("PLAYGROUND_DEBUG", "") not in ("", "0"):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, PlaygroundError):
        return error.message
    said = f"{type(error).__name__}: {error or 'no message'}".rstrip(".")
    return f"{said}. This is a fault of the playground: PLAYGROUND_DEBUG=1 shows where."


@contextmanager
def interruptible() -> Iterator[None]:
    """Make Ctrl-C end the process at once, wherever it is.

    Nothing is unwound: a data folder stands being killed at any moment, and freeing a half-loaded model
    takes seconds, or for ever. Python runs a signal handler only between two steps of its main thread, and
    loading a model is one long step; but the operating system writes to a socket at once, and a thread
    that waits for it ends the process just as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.signal(signal.SIGINT, lambda number, frame: _end())
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_when_told, args=(reader,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, before)
        writer.close()


def _end_when_told(reader: socket.socket) -> None:
    with reader:
        while received := reader.recv(1):
            if received[0] == signal.SIGINT:
                _end()


_ending = threading.Lock()


def _end() -> None:
    if _ending.acquire(blocking=False):
        os.write(2, b"\nstopped: Interrupted.\n" if os.isatty(2) else b"stopped: Interrupted.\n")
        os._exit(INTERRUPTED)


def _stop_writing() -> int:
    """The reader of our output went away: end quietly, also when Python flushes at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 1


def _hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context is not None else ""
