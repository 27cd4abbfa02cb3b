"""Models of Ollama that see: which there are, and how long one is asked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import EngineRefused, ModelMissing

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.engines.base import ModelInfo
    from pipelines.reading.base import Means

#: A window that holds a page: A4 at 1288 pixels is about 1,500 to 4,000 tokens, its text another 1,000.
NUM_CTX = 8192

#: A model that sees, small enough for most machines.
SMALL = "qwen2.5vl:3b"

_PULL = f"Get one that does: `ollama pull {SMALL}`."


def seeing(means: Means) -> list[ModelInfo]:
    """Models of the running Ollama that take pictures; those on this machine first."""
    found = [model for model in means.engines.look().models if "vision" in model.capabilities]
    return sorted(found, key=lambda model: "remote" in model.capabilities)


def model_that_sees(name: str, means: Means) -> ModelInfo:
    """A model by its name, or the first that sees.

    Raises:
        EngineUnreachable: no Ollama. ModelMissing: it is not there, or none sees; the message has the pull line.
        EngineRefused: it does not see, and Ollama would let it invent an answer.
    """
    ollama = means.engines.ollama
    if not name:
        ollama.probe()
        found = seeing(means)
        if not found:
            raise ModelMissing(f"Ollama at {ollama.url} has no model that sees pictures.", _PULL, pull=SMALL)
        return found[0]
    info = ollama.info(name)
    if "vision" not in info.capabilities:
        raise EngineRefused(f"{name!r} does not see pictures: what it wrote of one would be invented.", _PULL)
    return info


@dataclass(frozen=True)
class Deadline:
    """A cancel flag that is also set when the time is over."""

    cancel: CancelFlag | None
    end: float  # of time.monotonic()

    @classmethod
    def after(cls, seconds: float, cancel: CancelFlag | None) -> Deadline:
        """Set in so many seconds, or when ``cancel`` is."""
        return cls(cancel, time.monotonic() + seconds)

    @property
    def stopped(self) -> bool:
        """Whether a person stopped it."""
        return self.cancel is not None and self.cancel.is_set()

    @property
    def left(self) -> float:
        """Seconds left, at least none."""
        return max(0.0, self.end - time.monotonic())

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.stopped or self.left == 0
