"""A GGUF file running in this process (xllamacpp, the llama.cpp server as a library), one at a time."""

from __future__ import annotations

import gc
import os
import platform
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EngineFailed, EngineRefused

if TYPE_CHECKING:
    import httpx

#: Tokens of the prompt between two looks at the cancel flag.
BATCH = 128


@dataclass(frozen=True)
class Loaded:
    """A model in memory."""

    path: Path
    n_ctx: int
    server: Any  # xllamacpp.Server
    http: httpx.Client  # its own loopback port, behind a random key
    load_s: float

    def tokenize(self, text: str) -> int:
        """Number of tokens, special ones not added."""
        answer = self.http.post("/tokenize", json={"content": text, "add_special": False, "parse_special": False})
        answer.raise_for_status()
        return len(answer.json()["tokens"])


class Runtime:
    """Loads on first use, serves many threads, and unloads one model before it loads the next.

    Args:
        threads: Threads to compute with; 0: one per core this process may use.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads or _cores()
        self._turn = threading.Condition()
        self._users = 0
        self._loaded: Loaded | None = None

    @property
    def loaded(self) -> Loaded | None:
        """What is in memory now."""
        return self._loaded

    @contextmanager
    def use(self, path: Path, n_ctx: int | None = None) -> Iterator[tuple[Loaded, float]]:
        """The model of a file, kept in memory while the block runs, and the seconds spent loading it now.

        Args:
            path: A GGUF file.
            n_ctx: Context window in tokens; None: whatever it is loaded with, else 4096.

        Raises:
            EngineRefused: this machine cannot run the engine. EngineFailed: the file cannot be loaded.
        """
        loaded, spent = self._enter(path, n_ctx)
        try:
            yield loaded, spent
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    def _enter(self, path: Path, n_ctx: int | None) -> tuple[Loaded, float]:
        with self._turn:
            while True:
                now = self._loaded
                if now is not None and now.path == path and n_ctx in (None, now.n_ctx):
                    self._users += 1
                    return now, 0.0
                if self._users == 0:
                    break
                self._turn.wait()
            self._unload()
            self._loaded = _load(path, n_ctx or 4096, self._threads)
            self._users += 1
            return self._loaded, self._loaded.load_s

    def close(self) -> None:
        """Wait for running answers, then free the memory."""
        with self._turn:
            while self._users:
                self._turn.wait()
            self._unload()

    def _unload(self) -> None:
        if self._loaded is not None:
            self._loaded.http.close()
            self._loaded = None
            gc.collect()  # the server frees its memory when its last reference goes


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load(path: Path, n_ctx: int, threads: int) -> Loaded:
    import httpx

    xllamacpp = _library()
    key = secrets.token_urlsafe(32)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = n_ctx
    params.n_parallel = 1
    params.n_batch = BATCH
    params.cache_ram_mib = 0  # its default keeps up to 8 GB of old prompts
    params.warmup = False
    params.verbosity = -1
    params.ui = False  # the library opens a loopback port in any case: no page on it, and a key
    params.api_keys = [key]
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.hostnames = ["127.0.0.1"]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # builds without OpenMP: waiting threads sleep
    started = time.perf_counter()
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise EngineFailed(
            f"The built-in engine could not load {path.name}: {error}",
            "The file may be damaged or of an architecture it does not know, or memory ran out (lower num_ctx).",
        ) from error
    server.handle_metrics()  # answered once its loop runs: freed before that, the server would wait for ever
    load_s = time.perf_counter() - started
    http = httpx.Client(
        base_url=server.listening_address, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=60
    )
    return Loaded(path, n_ctx, server, http, load_s)


def _library() -> Any:
    """The library, or why this machine cannot run it: without AVX2 it would take the process down."""
    if lacks_avx2():
        raise EngineRefused(
            "The built-in engine needs a processor with AVX2.", "Use Ollama, or the answer style quotes."
        )
    # its threads wait for each other many times a token; spinning while they wait, as OpenMP does by default,
    # makes two threads on a busy two-core machine ten times slower than one
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineRefused(
            f"The built-in engine cannot start: {error}.",
            "On Debian and Ubuntu `apt install libgomp1` helps; else `pip install --force-reinstall xllamacpp`.",
        ) from error
    return xllamacpp


def lacks_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this is an x86 processor known to lack AVX2 (known on Linux only)."""
    if platform.machine() not in ("x86_64", "AMD64") or not cpuinfo.exists():
        return False
    flags = [line for line in cpuinfo.read_text("utf-8", "replace").splitlines() if line.startswith("flags")]
    return bool(flags) and "avx2" not in flags[0].split()
