"""A process for hostile files, seen from the app: started, watched, and ended when it goes too far.

PDFs and pictures are hostile and their parsers are C++. They run in a process of their own with a limit on time
and memory; when that process crashes, hangs or grows, only the one file fails.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self, cast

from pipelines import errors
from pipelines.errors import Cancelled, DamagedFile, EngineFailed, ParsingTimeout, PlaygroundError
from pipelines.loading import wire

if TYPE_CHECKING:
    from pipelines.settings import Settings


class Flag(Protocol):
    """What tells that a person pressed Stop: a ``threading.Event``, or several in one."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


#: Called with each part of an answer: its header and its bytes.
OnPart = Callable[[dict[str, Any], bytes], None]

_POLL = 0.03  # seconds between two looks at time, memory and the Stop button
_TRANSLATED = (
    "UsageError",
    "UnsupportedFile",
    "DamagedFile",
    "EncryptedFile",
    "FileTooLarge",
    "ParsingTimeout",
    "EngineFailed",
)


@dataclass(frozen=True)
class Wording:
    """How messages speak of what a process does. A request's ``engine`` goes before ``parser``."""

    parser: str = "the PDF parser"
    work: str = "parse"
    too_slow: str = "Split the file into smaller ones, or raise PLAYGROUND_PARSE_SECONDS."
    too_large: str = "Split the file into smaller ones, or raise PLAYGROUND_PARSE_MEMORY_MB."
    crashed: str = "Open it in a PDF viewer, print it to a new PDF, and add that one."


@dataclass(frozen=True)
class _Running:
    """One process, the frames it sends (None: its end) and what it prints."""

    process: subprocess.Popen[bytes]
    frames: queue.SimpleQueue[wire.Frame | None]
    printed: BinaryIO


class Worker:
    """Owns one process: started at the first call, started anew after a failure.

    Calls from several threads wait for each other. Close it, use it in a ``with`` block, or let it end with
    the program.

    Args:
        module: The program to run; it speaks :mod:`pipelines.loading.wire`.
        seconds: Longest time one call may take.
        memory_mb: Most memory the process may hold (resident set).
        wording: How its messages speak.
    """

    def __init__(self, module: str, *, seconds: float, memory_mb: float, wording: Wording) -> None:
        self.seconds, self.memory_mb = seconds, memory_mb
        self._module, self._wording = module, wording
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._finalizer: weakref.finalize[..., Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process now, whatever it is doing. A call under way in another thread fails."""
        self._end()

    def _end(self) -> None:
        """End this process alone; what closes a worker may end others that go with it."""
        if self._finalizer is not None:
            self._finalizer()

    def call(
        self,
        operation: str,
        request: Mapping[str, Any],
        on_part: OnPart,
        *,
        body: bytes = b"",
        seconds: float | None = None,
        cancel: Flag | None = None,
    ) -> None:
        """Have one operation done.

        Args:
            operation: A name the process knows.
            request: Its arguments, JSON; ``name`` is the file's name and ``engine`` the engine's, for messages.
            on_part: Takes each part of the answer as it comes, in this thread.
            body: Raw bytes for the operation, which finds them as ``request["body"]``.
            seconds: A limit for this call instead of the worker's own; waiting for other calls does not count.
            cancel: When set, the process is ended.

        Raises:
            DamagedFile: the file cannot be parsed, or crashed the parser. EngineFailed: the same, of an engine.
            EncryptedFile, FileTooLarge, UnsupportedFile, UsageError: as the operation says.
            ParsingTimeout: over the limit on time or memory. Cancelled: ``cancel`` was set.
        """
        with self._turn(str(request["name"]), cancel):
            limit = self.seconds if seconds is None else seconds
            running = self._start()
            try:
                watch = _Watch(running, request, limit, self.memory_mb, cancel, self._wording)
                last = _converse(running, {**request, "operation": operation}, body, on_part, watch)
            except BaseException:
                self._end()
                raise
            if "error" in last:
                raise _translated(last)

    @contextlib.contextmanager
    def _turn(self, name: str, cancel: Flag | None) -> Iterator[None]:
        """Wait for the calls before this one, with an eye on the Stop button."""
        while not self._lock.acquire(timeout=_POLL):
            if cancel is not None and cancel.is_set():
                raise Cancelled(f"Reading {name} was stopped.")
        try:
            yield
        finally:
            self._lock.release()

    def _start(self) -> _Running:
        if self._running is not None and self._running.process.poll() is None:
            return self._running
        self._end()
        printed = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (closed with the process)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._running = _Running(process, queue.SimpleQueue(), printed)
        self._finalizer = weakref.finalize(self, _kill, self._running)
        threading.Thread(target=_listen, args=(self._running,), daemon=True).start()
        return self._running


class PdfWorker(Worker):
    """The process that parses PDFs; operations are those of :data:`pipelines.loading.worker.OPERATIONS`."""

    def __init__(
        self, *, seconds: float = 50, memory_mb: float = 1800, module: str = "pipelines.loading.worker"
    ) -> None:
        super().__init__(module, seconds=seconds, memory_mb=memory_mb, wording=Wording())

    @classmethod
    def from_settings(cls, settings: Settings) -> PdfWorker:
        """A process with the limits a person set."""
        return cls(seconds=settings.parse_seconds, memory_mb=settings.parse_memory_mb)


class _Watch:
    """The limits of one call."""

    def __init__(
        self,
        running: _Running,
        request: Mapping[str, Any],
        seconds: float,
        memory_mb: float,
        cancel: Flag | None,
        wording: Wording,
    ) -> None:
        import psutil

        self.name, self.engine, self.wording = str(request["name"]), str(request.get("engine", "")), wording
        self.seconds, self.memory_mb, self.cancel = seconds, memory_mb, cancel
        self._deadline = time.monotonic() + seconds
        self._next = 0.0
        self._gone = psutil.NoSuchProcess
        try:
            self._process: psutil.Process | None = psutil.Process(running.process.pid)
        except psutil.NoSuchProcess:
            self._process = None  # its end will be read from its pipe

    def check(self) -> None:
        """Look, but not more often than needed.

        Raises:
            Cancelled, ParsingTimeout.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _POLL
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(f"Reading {self.name} was stopped.")
        if now > self._deadline:
            raise ParsingTimeout(
                f"{self.name} took longer than {self.seconds:,.0f} s to {self._work}.",
                self.wording.too_slow,
            )
        held = self._held_mb()
        if held > self.memory_mb:
            raise ParsingTimeout(
                f"{self.name} needs more than {self.memory_mb:,.0f} MB of memory to {self._work}.",
                self.wording.too_large,
            )

    @property
    def _work(self) -> str:
        return f"{self.wording.work} with {self.engine}" if self.engine else self.wording.work

    def _held_mb(self) -> float:
        if self._process is None:
            return 0
        try:
            return float(self._process.memory_info().rss) / 1e6
        except self._gone:
            self._process = None
            return 0


def _converse(
    running: _Running, request: Mapping[str, Any], body: bytes, on_part: OnPart, watch: _Watch
) -> dict[str, Any]:
    """Ask, hand on the parts, return the last header (it has ``done`` or ``error``)."""
    with contextlib.suppress(OSError):  # gone already: the end of its frames tells
        wire.write(cast(BinaryIO, running.process.stdin), request, body)
    while True:
        watch.check()
        try:
            frame = running.frames.get(timeout=_POLL)
        except queue.Empty:
            continue
        if frame is None:
            raise _crashed(running, watch)
        header, part = frame
        if "done" in header or "error" in header:
            return header
        if "ready" not in header:
            on_part(header, part)


def _listen(running: _Running) -> None:
    """Move frames from the process's pipe to the queue; runs in a thread of its own."""
    assert running.process.stdout is not None
    with running.process.stdout as pipe:
        while True:
            try:
                frame = wire.read(cast(BinaryIO, pipe))
            except (ValueError, OSError):  # not our protocol: as good as dead
                running.process.kill()
                frame = None
            running.frames.put(frame)
            if frame is None:
                return


def _kill(running: _Running) -> None:
    """Kill a process and let go of its pipes."""
    running.process.kill()
    running.process.wait()
    for stream in (running.process.stdin, running.printed):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


def _crashed(running: _Running, watch: _Watch) -> PlaygroundError:
    code = running.process.wait()
    said: list[str] = []
    with contextlib.suppress(ValueError):  # closed while we looked: someone ended the worker on purpose
        running.printed.seek(0, os.SEEK_END)
        running.printed.seek(max(0, running.printed.tell() - 2000))
        said = running.printed.read().decode(errors="replace").strip().splitlines()
    parser = watch.engine or watch.wording.parser
    if code == 1 and said:  # Python itself gave up, before or outside of any file
        return PlaygroundError(f"{parser[0].upper()}{parser[1:]} did not run: {said[-1]}", "Install the app again.")
    kind = EngineFailed if watch.engine else DamagedFile
    return kind(f"{watch.name} crashed {parser} ({_exit_name(code)}).", watch.wording.crashed)


def _exit_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"


def _translated(header: Mapping[str, Any]) -> PlaygroundError:
    """An error of the worker as the one of our tree; only the known ones are believed."""
    name = header["error"] if header["error"] in _TRANSLATED else "DamagedFile"
    message, fix = str(header.get("message", "")), str(header.get("fix", ""))
    if name == "EncryptedFile":
        return errors.EncryptedFile(message, fix, password_given=bool(header.get("password_given")))
    kind: type[PlaygroundError] = getattr(errors, name)
    return kind(message, fix)
