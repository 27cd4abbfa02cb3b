"""One text drawn from a model, as a value that grows while the model writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from typing import Any, Literal

from pipelines.engines.base import (
    Candidate,
    ChatEvent,
    DoneEvent,
    Engine,
    FinishReason,
    Message,
    Stats,
    ThinkingEvent,
    TokenEvent,
)
from pipelines.engines.sampling import SamplingParams, schema_of
from pipelines.engines.sampling import default as options_of
from pipelines.errors import Cancelled, EngineFailed, PlaygroundError, UsageError

State = Literal["waiting", "running", "done", "stopped", "failed"]

#: Candidates a token is asked for: the most that Ollama gives.
CANDIDATES = 20


@dataclass(frozen=True)
class Sample:
    """A text drawn with certain settings, so far. Immutable: each event makes a new one."""

    params: SamplingParams
    engine: str
    version: str  # of the engine; "" until it has answered
    model: str
    text: str = ""
    thinking: str = ""
    tokens: tuple[TokenEvent, ...] = ()  # of the answer, each with its log-probability; () where the server gives none
    state: State = "waiting"
    finish: FinishReason | None = None
    stats: Stats | None = None
    error: PlaygroundError | None = None  # the text before it is kept

    @property
    def waited_s(self) -> float | None:
        """Seconds before the first token that were neither loading nor reading the prompt: mostly the queue.

        An estimate, since the three are measured by different clocks; None where one of them is not known.
        """
        stats = self.stats
        if stats is None or stats.ttft_s is None or stats.load_s is None or stats.prompt_s is None:
            return None
        return max(0.0, stats.ttft_s - stats.load_s - stats.prompt_s)

    def to_json(self, candidates: bool = True) -> dict[str, Any]:
        """The sample in the fields of the command line.

        Args:
            candidates: Whether each token lists what else might have been said.
        """
        data: dict[str, Any] = {
            "text": self.text,
            "tokens": [_token_json(token, candidates) for token in self.tokens] or None,
            "finish": self.finish,
            "stats": self.stats and self._stats_json(self.stats),
            "seed": self.params.seed,
            "state": self.state,
        }
        if self.thinking:
            data["thinking"] = self.thinking
        if self.error is not None:
            data["error"] = {"message": self.error.message, "fix": self.error.fix}
        return data

    def _stats_json(self, stats: Stats) -> dict[str, Any]:
        return {
            "load_s": stats.load_s,
            "waited_s": self.waited_s,
            "ttft_s": stats.ttft_s,
            "prompt_tokens": stats.prompt_tokens,
            "prompt_s": stats.prompt_s,
            "completion_tokens": stats.completion_tokens,
            "generation_s": stats.generation_s,
            "tokens_per_s": stats.tokens_per_s,
        }


def draw(
    engine: Engine,
    model: str,
    messages: Sequence[Message],
    params: SamplingParams,
    *,
    top_logprobs: int = CANDIDATES,
    cancel: CancelFlag | None = None,
) -> Iterator[Sample]:
    """Have a model write one text.

    Args:
        engine: What runs the model.
        model: Its name.
        messages: The conversation, the last turn the user's.
        params: How words are drawn.
        top_logprobs: Candidates wanted per token.
        cancel: When set, the sample ends as "stopped".

    Yields:
        The sample before anything is sent, after each event, and at its end: "done", "stopped", or "failed" with
        the error and the text so far. Errors of engines are never raised.
    """
    sample = Sample(params, engine.name, "", model)
    try:
        sample = replace(sample, version=engine.version)
        yield sample
        events = engine.chat(
            model, messages, options_of(params), top_logprobs=top_logprobs, schema=schema_of(params), cancel=cancel
        )
        with closing(events):  # type: ignore[type-var]
            for event in events:
                sample = _grown(sample, event)
                yield sample
    except Cancelled:
        yield replace(sample, state="stopped", finish="cancelled")
    except PlaygroundError as error:
        partial = error.partial if isinstance(error, EngineFailed) else ""
        kept = max(sample.text, partial, key=len)
        yield replace(sample, state="failed", text=kept, error=error)


def _grown(sample: Sample, event: ChatEvent) -> Sample:
    match event:
        case TokenEvent():
            told = () if event.logprob is None else (event,)
            return replace(sample, state="running", text=sample.text + event.text, tokens=sample.tokens + told)
        case ThinkingEvent():
            return replace(sample, state="running", thinking=sample.thinking + event.text)
        case DoneEvent():
            state: State = "stopped" if event.finish == "cancelled" else "done"
            return replace(sample, state=state, finish=event.finish, stats=event.stats)


def seeds(n: int, given: Sequence[int] = (), first: int = 1) -> tuple[int, ...]:
    """The seeds of ``n`` repeats: those given, which may be more than ``n``; else ``first`` and the numbers after it.

    Raises:
        UsageError: fewer are given than repeats are wanted, or ``n`` is below 1.
    """
    if n < 1:
        raise UsageError(f"{n} repeats are none.", "Ask for 1 or more.")
    if given and len(given) < n:
        raise UsageError(f"{n} repeats need {n} seeds; {len(given)} were given.", "Give more, or leave them out.")
    return tuple(given) or tuple(range(first, first + n))


def _token_json(token: TokenEvent, candidates: bool) -> dict[str, Any]:
    data = {"token": token.text, "logprob": token.logprob, **_bytes_json(token.text, token.bytes)}
    return {**data, "candidates": [_candidate_json(one) for one in token.candidates]} if candidates else data


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "token": candidate.token,
        "logprob": candidate.logprob,
        **_bytes_json(candidate.token, candidate.bytes),
    }


def _bytes_json(text: str, given: Sequence[int]) -> dict[str, list[int]]:
    """The bytes of a token, where its text does not say them: half a character, or text held back."""
    return {"bytes": list(given)} if given and bytes(given) != text.encode("utf-8", "replace") else {}
