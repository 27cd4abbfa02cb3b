"""The built-in engine: a small language model in this process, no server to install.

Options are Ollama's, with the defaults of the newest Ollama, so that a recipe means the same on both engines.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.engines import ollama_versions
from pipelines.engines.base import (
    ChatEvent,
    Message,
    ModelInfo,
    PullEvent,
)
from pipelines.engines.builtin_files import ModelFiles
from pipelines.engines.builtin_models import MODELS, known
from pipelines.engines.builtin_runtime import Runtime
from pipelines.engines.builtin_wire import Answer, request, translate
from pipelines.engines.download import fetch
from pipelines.errors import EngineError, EngineFailed, EngineRefused, ModelMissing
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.builtin_distributions import Distribution

POLL_S = 0.03
DEFAULTS = ollama_versions.default_options(ollama_versions.NEWEST)


class BuiltinEngine:
    """Models in GGUF files, run by xllamacpp. Thread-safe; a model is loaded on first use.

    Args:
        settings: ``models_dir``, ``builtin_model`` (a GGUF file of one's own), ``threads``, ``offline``.
    """

    name = "builtin"

    def __init__(self, settings: Settings) -> None:
        self.files = ModelFiles(settings)
        self._settings = settings
        self._runtime = Runtime(settings.threads)

    @property
    def version(self) -> str:
        """Version of the library that runs the models."""
        from importlib.metadata import version

        return version("xllamacpp")

    @property
    def default_options(self) -> dict[str, Any]:
        """Values for options that the request does not set."""
        return dict(DEFAULTS)

    def close(self) -> None:
        """Free the model's memory."""
        self._runtime.close()

    # models ----------------------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """Models ready to run, the best first; a missing or damaged file is left out, :meth:`info` says why."""
        return self.files.ready()

    def info(self, model: str) -> ModelInfo:
        """What the file says of itself.

        Raises:
            ModelMissing: not downloaded, or no such name. EngineFailed: the file is damaged.
        """
        return self.files.info(model)

    def ignored_options(self, model: str) -> dict[str, str]:
        """Options of old Ollamas that llama.cpp does not have."""
        gone = ("tfs_z", "penalize_newline", "mirostat", "mirostat_eta", "mirostat_tau")
        return {name: f"The built-in engine has no {name}." for name in gone}

    def sampler_order(self, model: str) -> tuple[str, ...]:
        """In which order the samplers cut the distribution: llama.cpp's own, for every model."""
        return ollama_versions.LLAMA_ORDER

    def count_tokens(self, model: str, text: str) -> tuple[int, bool]:
        """Exact, by the model's own tokenizer; loads the model when nothing is loaded yet."""
        import httpx

        self.files.info(model)  # a damaged file is told apart before it is loaded
        with self._runtime.use(self.files.path(model)) as (loaded, _):
            try:
                return loaded.tokenize(text), True
            except httpx.HTTPError as error:
                raise EngineFailed(f"The built-in engine could not count tokens: {error}.") from error

    # chat ------------------------------------------------------------------------------------------

    def chat(
        self,
        model: str,
        messages: Sequence[Message],
        options: Mapping[str, Any],
        *,
        top_logprobs: int = 0,
        think: bool | None = None,
        schema: Mapping[str, Any] | None = None,
        cancel: CancelFlag | None = None,
    ) -> Iterator[ChatEvent]:
        """Stream an answer; see :meth:`pipelines.engines.base.Engine.chat`."""
        path, info = self.files.path(model), self.files.info(model)
        if any(message.images for message in messages):
            raise EngineRefused(
                f"The built-in model {model!r} cannot see pictures.", "Use an Ollama model with vision."
            )
        chosen = DEFAULTS | {name: value for name, value in options.items() if value is not None}
        body = request(messages, chosen, top_logprobs, think, schema)
        n_ctx = _window(int(chosen["num_ctx"]), info)
        stop = cancel or threading.Event()
        gone = threading.Event()
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def work() -> None:
            try:
                with self._runtime.use(path, n_ctx) as (loaded, load_s):
                    inbox.put(load_s)
                    loaded.server.handle_chat_completions(body, receive)
                    inbox.put(None)
            except Exception as error:
                inbox.put(error)

        def receive(chunk: dict[str, Any]) -> bool:
            inbox.put(chunk)
            return gone.is_set() or stop.is_set() or not threading.main_thread().is_alive()

        # not a daemon: the interpreter waits for it at exit, where native code calling back would abort
        threading.Thread(target=work, name="builtin-chat").start()
        try:
            yield from self._events(inbox, stop, model, top_logprobs)
        finally:
            gone.set()

    def _events(
        self, inbox: queue.SimpleQueue[Any], stop: CancelFlag, model: str, top_logprobs: int
    ) -> Iterator[ChatEvent]:
        """What the worker puts in, as events, until it is done or the flag is set."""
        answer, started = Answer(model, top_logprobs), time.perf_counter()
        try:
            while not stop.is_set():
                try:
                    item = inbox.get(timeout=POLL_S)
                except queue.Empty:
                    continue
                if item is None:
                    break
                if isinstance(item, float):
                    answer.load_s = item
                elif isinstance(item, EngineError):
                    raise item
                elif isinstance(item, Exception):
                    raise translate(item, model) from item
                else:
                    for event in answer.events(item):
                        answer.ttft_s = answer.ttft_s or time.perf_counter() - started
                        yield event
            if stop.is_set():
                yield answer.done("cancelled")
            elif answer.finish is None:
                raise EngineFailed(f"The built-in engine's answer broke off ({model!r}).", "Try again.")
            else:
                yield answer.done(answer.finish)
        except EngineFailed as error:
            error.partial = answer.text
            raise

    def distributions(
        self,
        model: str,
        messages: Sequence[Message],
        ids: Sequence[int],
        at: Collection[int],
        *,
        num_ctx: int,
        cancel: CancelFlag | None = None,
    ) -> Iterator[Distribution]:
        """The model's whole distribution before some tokens of an answer it gave.

        See :func:`pipelines.engines.builtin_distributions.distributions`. The model stays in memory until the
        iterator ends or is closed.

        Args:
            model: Name of the model.
            messages: The conversation that was answered.
            ids: Numbers of the answer's tokens.
            at: Positions among them, from 0.
            num_ctx: The context window of the answer; another one loads the model again.
            cancel: When set, no further distribution is asked for.

        Raises:
            Cancelled, ContextOverflow, EngineRefused, EngineFailed, ModelMissing.
        """
        from pipelines.engines.builtin_distributions import distributions

        path, info = self.files.path(model), self.files.info(model)
        if info.vocabulary is None:
            raise EngineRefused(f"The file of {model!r} does not say how many tokens it has.")
        with self._runtime.use(path, _window(num_ctx, info)) as (loaded, _):
            yield from distributions(loaded, model, messages, ids, at, info.vocabulary, cancel)

    # downloads -------------------------------------------------------------------------------------

    def pull(self, name: str, cancel: CancelFlag | None = None) -> Iterator[PullEvent]:
        """Fetch a known model into ``models_dir``.

        Raises:
            Cancelled, DownloadForbidden, DownloadFailed, ModelMissing.
        """
        model = known(name)
        if model is None:
            names = ", ".join(model.name for model in MODELS)
            raise ModelMissing(f"There is no built-in model {name!r}.", f"There is: {names}.")
        yield from fetch(model, self._settings, cancel)


def _window(num_ctx: int, info: ModelInfo) -> int:
    """The context window a model is loaded with: never longer than its own."""
    return min(num_ctx, info.context or num_ctx)
