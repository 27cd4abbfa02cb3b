"""The contract of engines: chat as a stream of events, models, capabilities, pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event as CancelFlag
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. ``images`` are PNG or JPEG bytes, for models with vision."""

    role: Role
    content: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A token the model might have said: natural log-probability of the raw distribution."""

    token: str
    logprob: float
    bytes: tuple[int, ...] = ()
    id: int | None = None  # its number in the vocabulary, where the engine gives it


@dataclass(frozen=True)
class TokenEvent:
    """A piece of answer. ``logprob`` and ``candidates``, the likeliest first, where the engine gives them."""

    text: str
    logprob: float | None = None
    candidates: tuple[Candidate, ...] = ()
    bytes: tuple[int, ...] = ()
    id: int | None = None


@dataclass(frozen=True)
class ThinkingEvent:
    """A piece of a thinking model's reasoning, never part of the answer."""

    text: str


@dataclass(frozen=True)
class Stats:
    """What the engine measured; None where it does not say."""

    load_s: float | None = None
    ttft_s: float | None = None  # seconds from sending to the first token, as seen here
    prompt_tokens: int | None = None
    prompt_s: float | None = None
    completion_tokens: int | None = None
    generation_s: float | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """Generation speed."""
        if not self.completion_tokens or not self.generation_s:
            return None
        return self.completion_tokens / self.generation_s


@dataclass(frozen=True)
class DoneEvent:
    """The stream ended well (or was cancelled)."""

    finish: FinishReason
    stats: Stats


ChatEvent = TokenEvent | ThinkingEvent | DoneEvent


#: Weights below which a model's free text is not to be trusted as the only answer.
CAPABLE = 300_000_000


@dataclass(frozen=True)
class ModelInfo:
    """A model at hand."""

    name: str
    size_bytes: int | None = None
    parameters: int | None = None  # number of weights
    context: int | None = None  # the model's own longest context
    capabilities: frozenset[str] = frozenset()  # "completion", "embedding", "vision", "thinking", "tools"
    digest: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)  # options its model file overrides
    family: str = ""
    vocabulary: int | None = None  # number of tokens it can say

    @property
    def capable(self) -> bool:
        """Large enough to write an answer; a model that hides its size is believed to be."""
        return self.parameters is None or self.parameters >= CAPABLE


@dataclass(frozen=True)
class PullEvent:
    """Progress of a download."""

    status: str
    done_bytes: int = 0
    total_bytes: int | None = None


class Engine(Protocol):
    """A runtime of language models: "ollama" or "builtin"."""

    @property
    def name(self) -> str:
        """As stored in runs."""
        ...

    @property
    def version(self) -> str:
        """Of the server or library."""
        ...

    @property
    def default_options(self) -> Mapping[str, Any]:
        """What the engine uses for options nobody set: option name -> value."""
        ...

    def models(self) -> list[ModelInfo]:
        """Models ready to use, with what is cheap to know; raises EngineUnreachable."""
        ...

    def info(self, model: str) -> ModelInfo:
        """Everything known of one model; raises ModelMissing with the line that gets it."""
        ...

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
        """Stream an answer; the last event is a DoneEvent. Closing the iterator closes the connection.

        Args:
            model: Name of the model.
            messages: The conversation, the last turn the user's.
            options: Ollama's own option names; None values are left out.
            top_logprobs: Candidates wanted per token, 0 to 20 (the built-in engine takes more).
            think: Switch a thinking model's reasoning on or off; None leaves it to the model.
            schema: JSON schema the answer must follow.
            cancel: When set, the stream ends with finish "cancelled".

        Raises:
            EngineError: EngineFailed keeps the text so far in ``partial``.
        """
        ...

    def count_tokens(self, model: str, text: str) -> tuple[int, bool]:
        """Tokens of a text, and whether the count is exact or an estimate."""
        ...

    def ignored_options(self, model: str) -> dict[str, str]:
        """Options this server and model do not take, each with the reason."""
        ...

    def sampler_order(self, model: str) -> tuple[str, ...]:
        """Names of the samplers in the order they cut the model's distribution."""
        ...

    def pull(self, name: str, cancel: CancelFlag | None = None) -> Iterator[PullEvent]:
        """Fetch a model.

        Raises:
            DownloadForbidden, DownloadFailed, ModelMissing (no such name), EngineUnreachable.
        """
        ...
