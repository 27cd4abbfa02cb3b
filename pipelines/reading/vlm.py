"""A vision model on Ollama: it reads handwriting and odd layouts, and may write what is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from pipelines.engines.base import DoneEvent, Message, ThinkingEvent, TokenEvent
from pipelines.errors import Cancelled, ContextOverflow, EngineFailed, PlaygroundError
from pipelines.reading.base import Means, Sheet, Transcript
from pipelines.reading.pictures import fitted
from pipelines.reading.prompts import Preset, preset_for
from pipelines.reading.vision import NUM_CTX, Deadline, model_that_sees
from pipelines.registry import PartParams, knob, part

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.engines.base import ChatEvent

#: What the numbers of a finished transcript tell.
Notes = Callable[[Transcript], Iterator[str]]

_BETWEEN = 0.05  # seconds between two transcripts of one stream
_PICTURE = 32  # tokens: no model takes a page in with fewer


class VlmParams(PartParams):
    """Which model, and what it is asked."""

    model: str = knob("", "A model of Ollama that sees, by its name; empty: the first there is.", models="vision")
    preset: Literal["auto", "plain", "markdown", "granite-docling", "deepseek-ocr", "glm-ocr"] = knob(
        "auto", "What the model is asked: the sentence its family was trained on (auto), plain text, or Markdown."
    )
    prompt: str = knob("", "Your own words instead of the preset's.", lines=4)
    long_side: int = knob(
        1288, "Longer side of the picture sent, in pixels: more is finer print, and more tokens.",
        minimum=224, maximum=4096, step=28,
    )  # fmt: skip
    num_predict: int = knob(
        4096, "Most tokens it may write: an end to loops.", minimum=16, maximum=16384, step=16, fold=True
    )
    num_ctx: int = knob(
        NUM_CTX, "Window in tokens, for picture, prompt and answer; another one than last time reloads the model.",
        minimum=256, maximum=131072, step=256, fold=True,
    )  # fmt: skip


@part("reader", "vlm", label="Vision model (Ollama)", params=VlmParams, rank=40)
@dataclass(frozen=True)
class Vlm:
    """A vision model on Ollama: reads what OCR cannot, streams, and may invent: compare it with another reader."""

    params: VlmParams
    means: Means

    def read(self, sheet: Sheet, *, seconds: float, cancel: CancelFlag | None = None) -> Iterator[Transcript]:
        """Read a picture; see :meth:`pipelines.reading.base.Reader.read`."""
        first = last = Transcript("vlm", state="running", model=self.params.model)
        yield first
        deadline = Deadline.after(seconds, cancel)
        try:
            for last in self._read(first, sheet, deadline):
                yield last
        except Cancelled:
            yield replace(last, state="stopped")
        except ContextOverflow:
            yield replace(last, state="failed", error=self._overflow())
        except PlaygroundError as error:
            yield replace(last, state="failed", error=error)
        else:
            if last.finish == "cancelled":
                late = None if deadline.stopped else _too_slow(last, sheet, seconds)
                yield replace(last, state="failed" if late else "stopped", error=late)

    def _read(self, transcript: Transcript, sheet: Sheet, deadline: Deadline) -> Iterator[Transcript]:
        engine, params = self.means.engines.ollama, self.params
        model = model_that_sees(params.model, self.means)
        preset = preset_for(params.preset, model.name)
        transcript = replace(transcript, model=model.name, engine=f"ollama {engine.version}")
        yield transcript
        picture = fitted(sheet, params.long_side, self.means, seconds=deadline.left, cancel=deadline.cancel)
        window = min(params.num_ctx, model.context or params.num_ctx)
        options = {
            "temperature": 0.0,
            "seed": 1,
            "num_predict": params.num_predict,
            "num_ctx": window,
        }
        asked = [Message("user", params.prompt or preset.prompt, (picture.png,))]
        flag = cast("CancelFlag", deadline)  # is_set() is all that is asked of it
        started = time.perf_counter()
        events = engine.chat(model.name, asked, options, think=False, cancel=flag)
        yield from _Listening(transcript, preset, started).to(events, partial(self._notes, preset, window))

    def _overflow(self) -> ContextOverflow:
        return ContextOverflow(
            f"The picture and its answer do not fit a window of {self.params.num_ctx:,} tokens.",
            "Raise reader.num_ctx, or lower reader.long_side or reader.num_predict.",
        )

    def _notes(self, preset: Preset, window: int, done: Transcript) -> Iterator[str]:
        """What the numbers of the server tell."""
        params, taken = self.params, done.prompt_tokens
        if taken is not None:
            known, _ = self.means.engines.ollama.count_tokens(done.model, params.prompt or preset.prompt)
            if taken < known + _PICTURE:
                yield (
                    f"The picture was not seen: only {taken} tokens were taken in, about as many as the prompt has. "
                    "What is written here is invented."
                )
            if taken >= window:
                yield (
                    f"Picture and prompt filled the window of {window:,} tokens: a part was cut off, and "
                    "nothing says which. Raise num_ctx or lower long_side."
                )
            elif taken + (done.completion_tokens or 0) > window:
                yield f"The answer outgrew the window of {window:,} tokens: its end was written without the page."
        if done.finish == "length":
            wrote = done.completion_tokens or params.num_predict
            yield f"Cut off after {wrote:,} tokens: the page goes on, or the model loops."
        if preset.note and not params.prompt:
            yield preset.note


@dataclass
class _Listening:
    """A stream of the model's, as transcripts that grow."""

    transcript: Transcript
    preset: Preset
    started: float
    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)

    def to(self, events: Iterator[ChatEvent], notes: Notes) -> Iterator[Transcript]:
        """Every transcript so far, a few a second, and the last one."""
        shown = 0.0
        try:
            for event in events:
                if isinstance(event, DoneEvent):
                    yield self._done(event, notes)
                    return
                if isinstance(event, TokenEvent):
                    self.said.append(event.text)
                elif isinstance(event, ThinkingEvent):
                    self.thought.append(event.text)
                if time.perf_counter() - shown >= _BETWEEN:
                    yield self._now()
                    shown = time.perf_counter()
        except PlaygroundError:
            yield self._now()  # an error keeps the text so far
            raise

    def _now(self) -> Transcript:
        text = "".join(self.said)
        if self.preset.clean is not None:
            text = self.preset.clean(text)
        return replace(self.transcript, text=text, thinking="".join(self.thought))

    def _done(self, event: DoneEvent, notes: Notes) -> Transcript:
        stats = event.stats
        done = replace(
            self._now(),
            state="done",
            seconds=max(0.0, time.perf_counter() - self.started - (stats.load_s or 0)),
            load_s=stats.load_s,
            generation_s=stats.generation_s,
            prompt_tokens=stats.prompt_tokens,
            completion_tokens=stats.completion_tokens,
            finish=event.finish,
        )
        if event.finish == "cancelled":
            return replace(done, state="running")
        return replace(done, notes=tuple(notes(done)))


def _too_slow(transcript: Transcript, sheet: Sheet, seconds: float) -> EngineFailed:
    return EngineFailed(
        f"{transcript.model} took longer than {seconds:,.0f} s for {sheet.name}.",
        "Give it more time, a smaller picture (reader.long_side) or take a smaller model.",
        partial=transcript.text,
    )
