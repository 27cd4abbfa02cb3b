"""Errors of Ollama as ours, in a person's words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.errors import (
    ContextOverflow,
    DownloadFailed,
    EngineError,
    EngineFailed,
    EngineRefused,
    ModelMissing,
    PlaygroundError,
)

_OVERFLOW = re.compile(
    r"exceed\w* (the )?(available|maximum|model'?s)? ?context|exceed_context_size|context (length|size|window) exceeded"
    r"|input length exceeds|prompt is too long|longer than the context",
    re.IGNORECASE,
)
_MISSING = re.compile(r"\bmodel\b.*\bnot found\b|try pulling it first", re.IGNORECASE)
_REFUSED = re.compile(
    r"must be of type|does not support|invalid (option|model|JSON schema|format)|not supported|is required"
    r"|multimodal data provided",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(r"no such host|dial tcp|network is unreachable|i/o timeout|TLS handshake", re.IGNORECASE)


def pull_line(model: str) -> str:
    """What a person types to get a model."""
    return f"Get it: `ollama pull {model}`, or `playground pull {model}`, or the pull button of the engine card."


def error_text(body: Any, depth: int = 8) -> str:
    """The sentence inside an error, which may be JSON in a string in JSON (since 0.32)."""
    if depth and isinstance(body, str) and body.lstrip().startswith("{"):
        try:
            return error_text(json.loads(body), depth - 1)
        except ValueError:
            return body
    if depth and isinstance(body, Mapping):
        inner = body.get("error") or body.get("message")
        return error_text(inner, depth - 1) if inner else json.dumps(dict(body), ensure_ascii=False)
    return str(body)


def translate(status: int | None, body: Any, *, model: str) -> EngineError:
    """An error of Ollama as one of ours.

    Args:
        status: HTTP status; None for an error inside a stream that began well.
        body: The body, or the line's ``error``.
        model: Named in the message.
    """
    text = error_text(body).strip()[:500] or f"HTTP status {status}"
    if _OVERFLOW.search(text) or "exceed_context_size" in str(body):
        return ContextOverflow(
            f"The prompt does not fit the context window of {model!r}: {text}.",
            "Raise sampling.num_ctx, or lower retriever.k or chunker.size.",
        )
    if _MISSING.search(text) or (status == 404 and "page not found" not in text):
        return ModelMissing(f"Ollama has no model {model!r}.", pull_line(model), pull=model)
    if status in (401, 403):
        return EngineRefused(f"Ollama refused the request ({status}): {text}.", "Set OLLAMA_API_KEY if it needs a key.")
    if "requires more system memory" in text:
        return EngineFailed(
            f"Ollama could not load {model!r}: {text}.", "Lower sampling.num_ctx or take a smaller model."
        )
    if status in (400, 404, 422, 501) or _REFUSED.search(text):
        return EngineRefused(f"Ollama refused the request to {model!r}: {text}.")
    return EngineFailed(f"Ollama failed on {model!r}: {text}.", "Try again; `ollama ps` and its log say more.")


def translate_pull(body: Any, *, model: str) -> PlaygroundError:
    """An error while pulling."""
    text = error_text(body).strip()[:500] or "no reason given"
    if "file does not exist" in text or "not found" in text:
        return ModelMissing(
            f"Ollama's library has no model {model!r}.", "The names it has are listed on ollama.com/library."
        )
    if "invalid model" in text:
        return ModelMissing(f"{model!r} is not a model name.", "Names look like `llama3.2` or `qwen3:4b`.")
    if _NO_NETWORK.search(text):
        return DownloadFailed(
            f"Ollama could not reach its library for {model!r}: {text}.",
            "Check the network of the machine Ollama runs on, then pull again: it goes on where it stopped.",
        )
    return DownloadFailed(f"Ollama could not pull {model!r}: {text}.", "Pull again: it goes on where it stopped.")


def too_long(model: str, texts: Sequence[str]) -> EngineRefused:
    """The error for a batch that holds a text over the model's window; the server does not say which."""
    place = max(range(len(texts)), key=lambda i: len(texts[i]))
    text = texts[place]
    return EngineRefused(
        f"A text is longer than the window of {model!r}: number {place + 1} of {len(texts)}, "
        f"{len(text)} characters, begins {text[:40]!r}.",
        "Lower chunker.size.",
    )
