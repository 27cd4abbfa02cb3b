"""Does this model see? A code nobody can guess, drawn as a picture, and asked for."""

from __future__ import annotations

import io
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pipelines.engines.base import DoneEvent, Message, TokenEvent
from pipelines.errors import Cancelled, EngineFailed
from pipelines.reading.vision import NUM_CTX, Deadline, model_that_sees

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.reading.base import Means

#: Letters and digits that look like no other.
ALPHABET = "ACEFHKLMNPRTVWXY3479"
LENGTH = 5
_ASKED = f"The picture shows a code of {LENGTH} letters and digits. Which? Answer with the code alone."
_TOKENS = 48


@dataclass(frozen=True)
class Sight:
    """What came of it: ``code`` was shown, ``answer`` was given."""

    sees: bool
    code: str
    answer: str
    seconds: float  # loading the model included
    model: str


def does_it_see(
    model: str, means: Means, *, seconds: float = 300, cancel: CancelFlag | None = None, code: str | None = None
) -> Sight:
    """Ask a model of Ollama for a code in a picture.

    Args:
        model: Its name; empty: the first that says it sees.
        means: Whose Ollama is asked.
        seconds: Longest time it may take.
        cancel: Stops it when set.
        code: What to show; None: a random one.

    Raises:
        EngineUnreachable, ModelMissing, EngineRefused (it says itself that it does not see), EngineFailed (too
        slow, or broken). Cancelled.
    """
    info = model_that_sees(model, means)
    code = code or "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    options = {
        "temperature": 0.0,
        "seed": 1,
        "num_predict": _TOKENS,
        "num_ctx": min(NUM_CTX, info.context or NUM_CTX),
    }
    deadline, started, answer = Deadline.after(seconds, cancel), time.perf_counter(), ""
    asked = [Message("user", _ASKED, (picture_of(code),))]
    for event in means.engines.ollama.chat(info.name, asked, options, think=False, cancel=cast("CancelFlag", deadline)):
        if isinstance(event, TokenEvent):
            answer += event.text
        elif isinstance(event, DoneEvent) and event.finish == "cancelled":
            if deadline.stopped:
                raise Cancelled
            raise EngineFailed(f"{info.name} took longer than {seconds:,.0f} s to look at one picture.")
    said = "".join(letter for letter in answer.upper() if letter.isalnum())
    return Sight(code.upper() in said, code, answer.strip(), time.perf_counter() - started, info.name)


def picture_of(code: str) -> bytes:
    """A code as PNG: large and black on white, in the font that comes with Pillow."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (672, 224), "white")
    font = ImageFont.load_default(size=128)
    ImageDraw.Draw(image).text((336, 112), code, fill="black", font=font, anchor="mm")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
