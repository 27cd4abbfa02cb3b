"""One answer as a value: events fold into it, a view draws it, SQLite keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipelines.conversations import State, StoredMessage
from pipelines.engines.base import Stats, ThinkingEvent, TokenEvent
from pipelines.events import (
    Answered,
    AskEvent,
    Citation,
    Condensed,
    ContextMeter,
    Failed,
    IndexProgress,
    Prompted,
    Retrieved,
)
from pipelines.retrieval.base import Hit


@dataclass(frozen=True)
class Fault:
    """An error as it is shown and stored: its kind, what happened, the way out."""

    kind: str
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Turn:
    """Everything known of one answer so far."""

    question: str
    text: str = ""
    state: State = "running"
    thinking: str = ""
    condensed: str = ""
    hits: tuple[Hit, ...] | None = None  # None until the search has answered
    seconds: Mapping[str, float] = field(default_factory=dict)
    preparing: IndexProgress | None = None
    messages: tuple[tuple[str, str], ...] = ()
    meter: ContextMeter | None = None
    citations: tuple[Citation, ...] = ()
    style: str = ""
    answerable: bool = True
    engine: str = ""
    model: str = ""
    stats: Stats | None = None
    finish: str = ""
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    fault: Fault | None = None

    @property
    def passages(self) -> tuple[Hit, ...]:
        """The hits the prompt holds: ``[n]`` in the answer is the n-th of them."""
        left_out = set(self.meter.left_out) if self.meter else set()
        return tuple(hit for n, hit in enumerate(self.hits or (), 1) if f"passage {n}" not in left_out)

    @property
    def unused(self) -> tuple[Hit, ...]:
        """Hits that found no room in the prompt."""
        used = self.passages
        return tuple(hit for hit in self.hits or () if hit not in used)

    def to_json(self) -> dict[str, Any]:
        """Plain data for SQLite."""
        kept: dict[str, Any] = _TURN.dump_python(self, mode="json", exclude_defaults=True)
        return kept

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Turn:
        """Read what :meth:`to_json` wrote."""
        return _TURN.validate_python(dict(data))

    def with_state(self, state: State) -> Turn:
        """The turn as SQLite last knew its state ("interrupted" after a kill)."""
        return replace(self, state=state)


_TURN = TypeAdapter(Turn)


def fold(turn: Turn, event: AskEvent | IndexProgress) -> Turn:
    """The turn after one more event."""
    match event:
        case IndexProgress():
            return replace(turn, preparing=event)
        case Condensed():
            return replace(turn, condensed=event.question, preparing=None)
        case Retrieved():
            return replace(turn, hits=event.hits, seconds=event.seconds, preparing=None)
        case Prompted():
            return replace(turn, messages=event.messages, meter=event.meter, engine=event.engine, model=event.model)
        case TokenEvent():
            return replace(turn, text=turn.text + event.text)
        case ThinkingEvent():
            return replace(turn, thinking=turn.thinking + event.text)
        case Answered():
            return _answered(turn, event)
        case Failed():
            error = event.error
            fault = Fault(type(error).__name__, error.message, error.fix)
            return replace(turn, state="failed", text=event.partial or turn.text, fault=fault, preparing=None)


def _answered(turn: Turn, event: Answered) -> Turn:
    return replace(
        turn,
        state="stopped" if event.finish == "cancelled" else "done",
        text=event.text,
        style=event.style,
        answerable=event.answerable,
        citations=event.citations,
        engine=event.engine,
        model=event.model,
        stats=event.stats,
        meter=event.meter or turn.meter,
        finish=event.finish,
        confidence=event.confidence,
        thinking=event.thinking or turn.thinking,
        notes=event.notes,
        preparing=None,
    )


def stored_turn(message: StoredMessage | None) -> Turn | None:
    """The answer a stored message holds."""
    if message is None or message.role != "assistant" or not message.details:
        return None
    try:
        return Turn.from_json(message.details).with_state(message.state)
    except ValidationError:  # written by another version of the app: its text is still worth showing
        question = str(message.details.get("question", ""))
        return Turn(question, message.text, message.state, style=message.style)
