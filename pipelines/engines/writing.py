"""A language model as a pen: one prompt, one short text, the same again when asked the same."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.engines.base import DoneEvent, Engine, Message, TokenEvent
from pipelines.errors import Cancelled, ContextOverflow

if TYPE_CHECKING:
    from pipelines.engines.detect import Engines
    from pipelines.recipe import Recipe

#: The window where a recipe sets none.
NUM_CTX = 4096

#: Tokens a chat template puts around one message, at most.
_AROUND = 16

#: Texts remembered.
_KEPT = 4000


def write(
    engine: Engine,
    model: str,
    messages: Sequence[Message],
    *,
    tokens: int,
    num_ctx: int = NUM_CTX,
    schema: Mapping[str, Any] | None = None,
    cancel: CancelFlag | None = None,
) -> str:
    """What the model answers at temperature 0, without its thinking.

    Args:
        engine: What runs the model.
        model: Its name.
        messages: The conversation, the last turn the user's.
        tokens: Longest answer.
        num_ctx: The window; another one than last time makes Ollama load the model again.
        schema: JSON schema of the answer.
        cancel: Stops the model when set.

    Raises:
        EngineError. Cancelled: ``cancel`` was set; half a text is of no use.
    """
    options = {"temperature": 0.0, "num_predict": tokens, "num_ctx": num_ctx, "seed": 1}
    text = ""
    for event in engine.chat(model, messages, options, think=False, schema=schema, cancel=cancel):
        if isinstance(event, TokenEvent):
            text += event.text
        elif isinstance(event, DoneEvent) and event.finish == "cancelled":
            raise Cancelled
    return text.strip()


def written_field(text: str, name: str) -> Any:
    """A field of the JSON object that a model wrote; the JSON itself where it is no object, None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else found


class Memory:
    """Texts by what was asked: model, prompt, length, schema. Safe from any thread."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...]) -> str | None:
        """A text, if it is still known."""
        with self._lock:
            return self._texts.get(key)

    def keep(self, key: tuple[str, ...], text: str) -> None:
        """Remember a text; the oldest are let go."""
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > _KEPT:
                self._texts.popitem(last=False)


class Writer:
    """One model, ready to be asked.

    Args:
        engine: What runs it.
        model: Its name.
        num_ctx: The window.
        memory: What it wrote before; None: it remembers nothing.
        cancel: Stops it when set.
    """

    def __init__(
        self, engine: Engine, model: str, num_ctx: int, memory: Memory | None = None, cancel: CancelFlag | None = None
    ) -> None:
        self._engine, self._model, self._memory, self._cancel = engine, model, memory, cancel
        self.num_ctx = num_ctx

    @classmethod
    def of(cls, engines: Engines, recipe: Recipe, memory: Memory, cancel: CancelFlag | None = None) -> Writer:
        """The model of a recipe.

        Raises:
            ModelMissing: there is none at hand. EngineUnreachable: the one asked for by name does not answer.
        """
        engine, model = engines.required(recipe.choice("model"), "to ask")
        wanted = int(getattr(recipe.choice("sampling").params, "num_ctx", None) or NUM_CTX)
        longest = engine.info(model).context
        return cls(engine, model, min(wanted, longest) if longest else wanted, memory, cancel)

    @property
    def by(self) -> str:
        """Who writes, as shown to people: "qwen3:4b (ollama)"."""
        return f"{self._model} ({self._engine.name})"

    @property
    def capable(self) -> bool:
        """Whether the model is large enough for its judgement to mean something."""
        return self._engine.info(self._model).capable

    def room(self, tokens: int) -> int:
        """Tokens a prompt may have if the answer is to have ``tokens``."""
        return self.num_ctx - tokens - _AROUND

    def count(self, text: str) -> int:
        """Tokens of a text; an estimate where the engine cannot count."""
        return self._engine.count_tokens(self._model, text)[0]

    def write(self, prompt: str, *, tokens: int, schema: Mapping[str, Any] | None = None) -> str:
        """Ask once.

        Raises:
            ContextOverflow: the prompt does not fit beside an answer of ``tokens``: it would be cut unseen.
            EngineError, Cancelled.
        """
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled
        key = (self.by, str(self.num_ctx), str(tokens), str(schema), prompt)
        known = self._memory.get(key) if self._memory else None
        if known is not None:
            return known
        needed = self.count(prompt)
        if needed > self.room(tokens):
            raise ContextOverflow(
                f"A prompt of about {needed:,} tokens does not fit the {self.num_ctx:,} of {self._model}.",
                "Raise sampling.num_ctx, or take fewer or shorter passages.",
            )
        messages = [Message("user", prompt)]
        text = write(
            self._engine, self._model, messages,
            tokens=tokens, num_ctx=self.num_ctx, schema=schema, cancel=self._cancel,
        )  # fmt: skip
        if self._memory is not None:
            self._memory.keep(key, text)
        return text
