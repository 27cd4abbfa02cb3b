"""Whether a server and model take an option, found out by experiment: the same seed with the option at two values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event as CancelFlag
from typing import Any, Literal

from pipelines.engines.base import DoneEvent, Engine, Message, ThinkingEvent, TokenEvent
from pipelines.engines.writing import NUM_CTX
from pipelines.errors import Cancelled, EngineRefused

Verdict = Literal["taken", "no effect seen", "not told"]

#: Says the same few words again and again, since penalties only touch what was said; and has instructions of its own,
#: shorter than those a model comes with.
_MESSAGES = (Message("system", "Sing on."), Message("user", "La la la, the sea, the sea, la la la, the sea,"))

_SCHEMA = {"type": "object", "properties": {"song": {"type": "string"}}, "required": ["song"]}

#: Nothing cut, nothing penalised, flat odds: whatever narrows or shifts the draw changes the text.
_BASE: Mapping[str, Any] = {
    "temperature": 1.5,
    "top_k": 0,
    "top_p": 1.0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_penalty": 1.0,
    "repeat_last_n": 64,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "seed": 7,
    "num_predict": 12,
}

#: Option -> the two values compared. Each pair ends in a text of its own as good as surely, if it is listened to.
_EXTREMES: Mapping[str, tuple[Any, Any]] = {
    "temperature": (1.5, 0.0),
    "top_k": (0, 1),
    "top_p": (1.0, 0.01),
    "min_p": (0.0, 1.0),
    "typical_p": (1.0, 0.01),
    "repeat_penalty": (1.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
    "seed": (7, 8),
    "num_predict": (12, 3),
    "stop": (None, None),  # the second value is a piece of the text without it
    "format": (None, _SCHEMA),
}

#: Options an experiment tries.
OPTIONS: tuple[str, ...] = tuple(_EXTREMES)


@dataclass(frozen=True)
class Probed:
    """What came of one option: two values, the text with each, and whether they differ."""

    option: str
    values: tuple[Any, Any]
    texts: tuple[str, str]
    verdict: Verdict
    note: str = ""


def probe(
    engine: Engine,
    model: str,
    *,
    options: Sequence[str] = OPTIONS,
    num_ctx: int = NUM_CTX,
    cancel: CancelFlag | None = None,
) -> Iterator[Probed]:
    """Try options on a model, one after the other.

    All runs have one prompt and one seed. Two equal runs come first: where they give different texts, a difference
    would prove nothing, and every option is "not told".

    Args:
        engine: What runs the model.
        model: Its name.
        options: Some of :data:`OPTIONS`, in any order.
        num_ctx: The window; another one than last time makes Ollama load the model again.
        cancel: Stops the experiment when set.

    Raises:
        EngineError: the model could not be run at all. Cancelled: ``cancel`` was set.
    """
    lab = _Lab(engine, model, num_ctx, cancel)
    base, again = lab.run(), lab.run()
    if doubt := _doubt(base, again):
        yield from (Probed(option, _EXTREMES[option], (base, again), "not told", doubt) for option in options)
        return
    for option in options:
        yield _tried(lab, option, base)


def _doubt(base: str, again: str) -> str:
    """Why no experiment can tell anything here; "" when it can."""
    if base != again:
        return "The same seed gave two texts, so a difference would prove nothing."
    if len(base.split()) < 2:
        return f"The model said too little to compare: {base!r}."
    return ""


def _tried(lab: _Lab, option: str, base: str) -> Probed:
    values = _EXTREMES[option] if option != "stop" else (None, (_piece(base),))
    texts = (base, "")
    try:
        first = base if values[0] in (None, _BASE.get(option)) else lab.run(**{option: values[0]})
        texts = (first, lab.run(**{option: values[1]}))
    except EngineRefused as error:
        return Probed(option, values, texts, "not told", f"Refused: {error.message}")
    if texts[0] != texts[1]:
        return Probed(option, values, texts, "taken")
    return Probed(option, values, texts, "no effect seen", "Both values gave the same text with the same seed.")


def _piece(text: str) -> str:
    """A few characters out of the middle of a text, at which it can be stopped."""
    half = text[len(text) // 2 :].strip()
    return half[:4].rstrip() or text.strip()[:1]


@dataclass(frozen=True)
class _Lab:
    """Runs the prompt, all but one option held equal."""

    engine: Engine
    model: str
    num_ctx: int
    cancel: CancelFlag | None

    def run(self, **changed: Any) -> str:
        """The text, thinking included, with some options changed."""
        options = {**_BASE, "num_ctx": self.num_ctx, **changed}
        schema = options.pop("format", None)
        events = self.engine.chat(self.model, _MESSAGES, options, think=False, schema=schema, cancel=self.cancel)
        text = ""
        with closing(events):  # type: ignore[type-var]
            for event in events:
                if isinstance(event, TokenEvent | ThinkingEvent):
                    text += event.text
                elif isinstance(event, DoneEvent) and event.finish == "cancelled":
                    raise Cancelled
        return text
