"""Requests to llama.cpp's server, and its answers and errors as our types. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.engines.base import ChatEvent, DoneEvent, FinishReason, Message, Stats, ThinkingEvent
from pipelines.engines.wire import token_events
from pipelines.errors import ContextOverflow, EngineError, EngineFailed, EngineRefused

#: Ollama's name of an option -> llama.cpp's, on its chat endpoint.
OPTION_NAMES = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "repeat_penalty": "repeat_penalty",
    "repeat_last_n": "repeat_last_n",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "num_predict": "max_tokens",
    "stop": "stop",
}


def turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    """A conversation as the server takes it."""
    return [{"role": message.role, "content": message.content} for message in messages]


def request(
    messages: Sequence[Message],
    options: Mapping[str, Any],
    top_logprobs: int,
    think: bool | None,
    schema: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The body of a streamed chat completion; options it does not have are left out."""
    body: dict[str, Any] = {
        "messages": turns(messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # a chunk after each batch of the prompt: the moment to look at a cancel flag
        "logprobs": True,
        "top_logprobs": max(1, top_logprobs),
        # a prompt read from the cache rounds differently from one computed: same seed, same text, only without
        "cache_prompt": options.get("seed") is None,
    }
    body |= {OPTION_NAMES[name]: value for name, value in options.items() if name in OPTION_NAMES}
    if think is not None:
        body["chat_template_kwargs"] = {"enable_thinking": think}
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
    return body


class Answer:
    """One answer as it comes in.

    Args:
        model: Named in errors.
        top_logprobs: Candidates to keep for each token.
    """

    def __init__(self, model: str, top_logprobs: int) -> None:
        self._model = model
        self._top = top_logprobs
        self._usage: Mapping[str, Any] = {}
        self._timings: Mapping[str, Any] = {}
        self.text = ""
        self.pieces = 0
        self.finish: FinishReason | None = None
        self.load_s: float | None = None
        self.ttft_s: float | None = None

    def events(self, chunk: Mapping[str, Any]) -> Iterator[ChatEvent]:
        """One chunk as events; raises EngineError for an error chunk."""
        if "error" in chunk:
            raise translate(chunk["error"], self._model)
        self._usage = chunk.get("usage") or self._usage
        self._timings = chunk.get("timings") or self._timings
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            thinking, content = delta.get("reasoning_content") or "", delta.get("content") or ""
            logprobs = (choice.get("logprobs") or {}).get("content") or ()
            if thinking:
                yield ThinkingEvent(thinking)
            for event in token_events(content, () if thinking and not content else logprobs):
                self.text += event.text
                yield replace(event, candidates=event.candidates[: self._top])
            self.pieces += bool(thinking or content or logprobs)
            if reason := choice.get("finish_reason"):
                self.finish = "length" if reason == "length" else "stop"

    def done(self, finish: FinishReason) -> DoneEvent:
        """The end, with what was measured."""
        return DoneEvent(
            finish,
            Stats(
                load_s=self.load_s,
                ttft_s=self.ttft_s,
                prompt_tokens=self._usage.get("prompt_tokens"),
                prompt_s=_seconds(self._timings.get("prompt_ms")),
                completion_tokens=self._usage.get("completion_tokens", self.pieces),
                generation_s=_seconds(self._timings.get("predicted_ms")),
            ),
        )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def translate(error: Any, model: str) -> EngineError:
    """An error chunk, or an exception of the library, as one of ours."""
    if isinstance(error, Mapping):
        text, kind, code = str(error.get("message", "")), error.get("type"), error.get("code")
        if kind == "exceed_context_size_error":
            return ContextOverflow(
                f"The prompt has {error.get('n_prompt_tokens', 'too many')} tokens; the context window of {model!r} "
                f"holds {error.get('n_ctx', 'fewer')}.",
                "Raise sampling.num_ctx, or lower retriever.k or chunker.size.",
            )
        refused = isinstance(code, int) and 400 <= code < 502 and code != 500
    else:
        text, refused = str(error), isinstance(error, ValueError | TypeError)
    if refused:
        return EngineRefused(f"The built-in engine refused the request to {model!r}: {text}.")
    return EngineFailed(f"The built-in engine failed on {model!r}: {text}.", "Try again.")
