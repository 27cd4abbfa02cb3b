"""Follow-up questions: made to stand alone before passages are looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from threading import Event as CancelFlag

from pipelines.answering.prompt import PromptParams, fill
from pipelines.engines.base import Engine, Message
from pipelines.engines.writing import write
from pipelines.errors import Cancelled

#: Words that lean on something said before.
_LEANS = re.compile(
    r"\b(it|its|they|them|their|this|that|these|those|he|she|his|her|there|one|ones|same|other|others|former|latter)\b"
    r"|^(and|but|so|why|how so|what about|how about|which|also|then)\b",
    re.IGNORECASE,
)
_SHORT = 4  # words
_TURNS = 6
_TOKENS = 96


def condense(
    question: str,
    history: Sequence[Message],
    params: PromptParams,
    engine: Engine,
    model: str,
    num_ctx: int,
    cancel: CancelFlag | None = None,
) -> str:
    """The question rewritten by the model; the question itself where the rewriting is no question of use."""
    told = "\n".join(f"{m.role}: {m.content[:600]}" for m in history[-_TURNS:])
    prompt = fill(params.condense, history=told, question=question)
    try:
        text = write(engine, model, [Message("user", prompt)], tokens=_TOKENS, num_ctx=num_ctx, cancel=cancel)
    except Cancelled:  # the answer will be stopped too, and says so
        return question
    first = text.splitlines()[0].strip().strip('"') if text else ""
    return first if 3 <= len(first) <= 4 * len(question) + 200 else question


def condense_by_rule(question: str, history: Sequence[Message]) -> str:
    """Without a model that can rewrite: a question that leans on the last one is put behind it."""
    asked = [m.content for m in history if m.role == "user"]
    leans = _LEANS.search(question) or len(question.split()) <= _SHORT
    return f"{asked[-1].rstrip()} {question}" if asked and leans else question
