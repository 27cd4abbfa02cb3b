"""Ollama as an engine.

The ``ollama`` client is used where it passes everything on (show, embed). Three calls go over its connection
directly: /api/chat (the client drops the tokens' bytes, has no ``truncate`` and cannot be stopped while
waiting), /api/pull (the same) and /api/tags (it drops the capabilities).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from threading import Event as CancelFlag
from typing import Any

from pipelines.engines import ollama_errors as errors
from pipelines.engines import ollama_versions as versions
from pipelines.engines import ollama_wire as wire
from pipelines.engines.base import ChatEvent, DoneEvent, Message, ModelInfo, PullEvent, Stats, TokenEvent
from pipelines.engines.ollama_http import OllamaServer
from pipelines.engines.tokens import estimate_tokens
from pipelines.errors import (
    Cancelled,
    ContextOverflow,
    DownloadFailed,
    DownloadForbidden,
    EngineError,
    EngineFailed,
    EngineRefused,
    EngineUnreachable,
    ModelMissing,
)


class OllamaEngine:
    """One Ollama server. Thread-safe; nothing is sent before the first call.

    Args:
        url: Base address, with scheme and port.
        offline: Refuse to pull, since Ollama would fetch from its library.
    """

    name = "ollama"

    def __init__(self, url: str, *, offline: bool = False) -> None:
        self.url = url.rstrip("/")
        self._offline = offline
        self._server = OllamaServer(url)
        self._version = ""
        self._shown: dict[tuple[str, str], ModelInfo] = {}  # (name, digest) -> details; a digest never changes

    # the server ------------------------------------------------------------------------------------

    def probe(self, timeout_s: float = 2.0) -> str:
        """Ask for the version now; raises EngineUnreachable, EngineFailed."""
        self._version = str(self._server.get("/api/version", timeout_s=timeout_s).get("version", ""))
        return self._version

    @property
    def version(self) -> str:
        """The server's version, asked for once."""
        return self._version or self.probe()

    @property
    def default_options(self) -> dict[str, Any]:
        """Values for options that neither the request nor the model file sets."""
        return versions.default_options(self._number)

    @property
    def _number(self) -> versions.Version:
        return versions.parse_version(self.version)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    # models ----------------------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """Models of this server; those that can chat have "completion" among their capabilities."""
        tags = [wire.model_of_tag(tag) for tag in self._server.get("/api/tags").get("models") or ()]
        return [tag if tag.capabilities else self._try_show(tag) for tag in tags]

    def _try_show(self, tag: ModelInfo) -> ModelInfo:
        """Details, or just the tag: one damaged model must not hide the others."""
        try:
            return self._show(tag)
        except EngineUnreachable:
            raise
        except EngineError:
            return tag

    def info(self, model: str) -> ModelInfo:
        """Everything known of one model.

        Raises:
            ModelMissing: the message has the line that pulls it.
        """
        full = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
        for tag in self._server.get("/api/tags").get("models") or ():
            found = wire.model_of_tag(tag)
            if found.name in (model, full):
                return self._show(found)
        raise ModelMissing(f"Ollama has no model {model!r}.", errors.pull_line(model), pull=model)

    def _show(self, tag: ModelInfo) -> ModelInfo:
        key = (tag.name, tag.digest)
        if key not in self._shown:
            with self._server.boundary(tag.name):
                answer = self._server.client.show(tag.name)
                self._shown[key] = wire.model_of_show(tag, answer.model_dump(by_alias=True))
        return self._shown[key]

    def ignored_options(self, model: str) -> dict[str, str]:
        """Options this server does not take for the model, each with the reason."""
        return versions.ignored_options(self._number, self.info(model).family)

    def sampler_order(self, model: str) -> tuple[str, ...]:
        """In which order the samplers cut the model's distribution."""
        return versions.sampler_order(self._number, self.info(model).family)

    def count_tokens(self, model: str, text: str) -> tuple[int, bool]:
        """An estimate, a little too high: Ollama has no tokenizer endpoint. Never exact."""
        return estimate_tokens(text), False

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
        if any(message.images for message in messages) and "vision" not in self.info(model).capabilities:
            raise EngineRefused(
                f"{model!r} cannot see pictures, and Ollama would let it invent an answer.",
                "Choose a model with the capability vision.",
            )
        body = self._chat_body(model, messages, options, top_logprobs, think, schema)
        said: list[str] = []
        pieces, started = 0, time.perf_counter()
        ttft_s: float | None = None
        lines = self._server.stream("/api/chat", body, cancel)
        try:
            with self._server.boundary(model), closing(lines):
                for line in lines:
                    if "error" in line:
                        raise errors.translate(line.get("status"), line["error"], model=model)
                    ttft_s = ttft_s or time.perf_counter() - started
                    for event in wire.chat_events(line, ttft_s):
                        yield event
                        if isinstance(event, TokenEvent):
                            said.append(event.text)
                        if isinstance(event, DoneEvent):
                            return
                    pieces += 1
            raise EngineFailed(f"Ollama's answer broke off before its end ({model!r}).", "Try again.")
        except Cancelled:
            yield DoneEvent("cancelled", Stats(ttft_s=ttft_s, completion_tokens=pieces))
        except EngineFailed as error:
            error.partial = "".join(said)
            raise

    def _chat_body(
        self,
        model: str,
        messages: Sequence[Message],
        options: Mapping[str, Any],
        top_logprobs: int,
        think: bool | None,
        schema: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": [wire.turn(message) for message in messages],
            "stream": True,
            "options": {name: value for name, value in options.items() if value is not None},
        }
        if think is not None:
            body["think"] = think
        if schema is not None:
            body["format"] = dict(schema)
        if self._number >= versions.STRICT_CONTEXT:
            body |= {"truncate": False, "shift": False}
        if self._number >= versions.LOGPROBS:
            body |= {"logprobs": True, "top_logprobs": top_logprobs}
        return body

    # other work ------------------------------------------------------------------------------------

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts, none of them cut.

        Returns:
            One vector a text, in order.

        Raises:
            EngineRefused: the model does not embed, or a text is longer than its window (the longest is named).
            EngineError: anything else.
        """
        if not texts:
            return []
        try:
            with self._server.boundary(model):
                vectors = self._server.client.embed(model, list(texts), truncate=False).embeddings
        except ContextOverflow as error:
            raise errors.too_long(model, texts) from error
        except EngineError as error:
            if "does not support embeddings" not in error.message:
                raise
            raise EngineRefused(
                f"{model!r} does not embed on this Ollama ({self.version}).",
                "Choose an embedding model, such as nomic-embed-text.",
            ) from error
        if len(vectors) != len(texts):
            raise EngineFailed(f"Ollama gave {len(vectors)} vectors for {len(texts)} texts ({model!r}).")
        return [list(vector) for vector in vectors]

    def pull(self, name: str, cancel: CancelFlag | None = None) -> Iterator[PullEvent]:
        """Have Ollama fetch a model; bytes add up over its layers.

        Raises:
            Cancelled, DownloadForbidden, DownloadFailed, ModelMissing, EngineUnreachable.
        """
        if self._offline:
            raise DownloadForbidden(
                f"Pulling {name!r} is a download, and downloads are switched off.",
                "Start without --offline (PLAYGROUND_OFFLINE=0) to allow it.",
            )
        progress, status = wire.PullProgress(), ""
        with closing(self._server.stream("/api/pull", {"model": name, "stream": True}, cancel)) as lines:
            for line in lines:
                if "error" in line:
                    raise errors.translate_pull(line["error"], model=name)
                event = progress.event(line)
                status = event.status
                yield event
        if status != "success":
            raise DownloadFailed(f"Pulling {name!r} broke off.", "Pull again: it goes on where it stopped.")
