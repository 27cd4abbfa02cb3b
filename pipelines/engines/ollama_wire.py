"""What is sent to Ollama, and its answers as our types. Nothing here does I/O."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.engines.base import ChatEvent, DoneEvent, Message, ModelInfo, PullEvent, Stats, ThinkingEvent
from pipelines.engines.wire import token_events

_UNITS = {"": 1, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

#: Families that only embed, for servers that don't list capabilities (before 0.6.4).
EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "xlm-roberta"})
VISION_FAMILIES = frozenset({"clip", "mllama"})


def turn(message: Message) -> dict[str, Any]:
    """A message as Ollama takes it: pictures as bare base64."""
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        body["images"] = [base64.b64encode(image).decode("ascii") for image in message.images]
    return body


def seconds(nanoseconds: Any) -> float | None:
    """Ollama's durations are nanoseconds."""
    return nanoseconds / 1e9 if isinstance(nanoseconds, int | float) else None


def count(value: Any) -> int | None:
    """A number the server may have left out."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def chat_events(line: Mapping[str, Any], ttft_s: float | None) -> Iterator[ChatEvent]:
    """One line of a chat stream as events."""
    message = line.get("message") or {}
    thinking, content = message.get("thinking") or "", message.get("content") or ""
    if thinking:
        yield ThinkingEvent(thinking)
    # the log-probabilities of a line that only thinks belong to the thinking
    yield from token_events(content, () if thinking and not content else line.get("logprobs") or ())
    if line.get("done"):
        stats = Stats(
            load_s=seconds(line.get("load_duration")),
            ttft_s=ttft_s,
            prompt_tokens=count(line.get("prompt_eval_count")),
            prompt_s=seconds(line.get("prompt_eval_duration")),
            completion_tokens=count(line.get("eval_count")),
            generation_s=seconds(line.get("eval_duration")),
        )
        yield DoneEvent("length" if line.get("done_reason") == "length" else "stop", stats)


class PullProgress:
    """Adds the layers of a model up, so that the bar never jumps back."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def event(self, line: Mapping[str, Any]) -> PullEvent:
        """One line of a pull stream."""
        digest, total = line.get("digest"), count(line.get("total"))
        if isinstance(digest, str) and total is not None:
            before = self._layers.get(digest, (0, 0))[0]
            self._layers[digest] = (max(before, count(line.get("completed")) or 0), total)
        done = sum(part for part, _ in self._layers.values())
        whole = sum(size for _, size in self._layers.values())
        return PullEvent(str(line.get("status", "")), done, whole or None)


def parse_size(text: str) -> int | None:
    """``"134.52M"`` as 134520000; None for what is not a size."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMBT]?)\s*", text or "", re.IGNORECASE)
    return round(float(found[1]) * _UNITS[found[2].upper()]) if found else None


def parse_parameters(text: str) -> dict[str, Any]:
    """The ``parameters`` text of /api/show as typed options; ``stop`` is always a list."""
    options: dict[str, Any] = {}
    for line in (text or "").splitlines():
        name, _, raw = line.strip().partition(" ")
        if not raw.strip():
            continue
        value = _literal(raw.strip())
        if name == "stop":
            options.setdefault("stop", []).append(str(value))
        else:
            options[name] = value
    return options


def _literal(text: str) -> Any:
    """A number, a truth value or a quoted string as Go prints it; anything else as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip('"')


def model_of_tag(tag: Mapping[str, Any]) -> ModelInfo:
    """One entry of /api/tags; capabilities are empty where the server (before 0.32) does not list them.

    "remote" is ours: Ollama would send the prompt to another machine.
    """
    details = tag.get("details") or {}
    remote = {"remote"} if tag.get("remote_host") else set()
    return ModelInfo(
        name=str(tag.get("model") or tag.get("name") or ""),
        size_bytes=count(tag.get("size")),
        parameters=parse_size(str(details.get("parameter_size", ""))),
        context=count(details.get("context_length")),
        capabilities=frozenset(tag.get("capabilities") or ()) | remote,
        digest=str(tag.get("digest", "")),
        family=str(details.get("family", "")),
    )


def model_of_show(tag: ModelInfo, show: Mapping[str, Any]) -> ModelInfo:
    """A model with everything /api/show knows of it.

    Args:
        tag: What /api/tags said.
        show: ``details``, ``model_info``, ``capabilities``, ``parameters`` of /api/show.
    """
    known = show.get("model_info") or {}
    details = show.get("details") or {}
    # a model with a picture projector may give the projector's family and size in `details`
    family = str(known.get("general.architecture") or details.get("family") or tag.family)
    capabilities = frozenset(show.get("capabilities") or ()) or _guess_capabilities(family, details, known)
    return ModelInfo(
        name=tag.name,
        size_bytes=tag.size_bytes,
        parameters=count(known.get("general.parameter_count"))
        or parse_size(str(details.get("parameter_size", "")))
        or tag.parameters,
        context=count(known.get(f"{family}.context_length")) or tag.context,
        capabilities=capabilities | (tag.capabilities & {"remote"}),
        digest=tag.digest,
        defaults=parse_parameters(str(show.get("parameters") or "")),
        family=family,
        vocabulary=count(known.get(f"{family}.vocab_size")) or len(known.get("tokenizer.ggml.tokens") or ()) or None,
    )


def _guess_capabilities(family: str, details: Mapping[str, Any], known: Mapping[str, Any]) -> frozenset[str]:
    families = {family, *(details.get("families") or ())}
    if families & EMBEDDING_FAMILIES or f"{family}.pooling_type" in known:
        return frozenset({"embedding"})
    vision = any("vision" in key for key in known) or bool(families & VISION_FAMILIES)
    return frozenset({"completion", "vision"} if vision else {"completion"})
