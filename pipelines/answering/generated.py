"""The generated style: a language model writes the answer from the passages and cites them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from pipelines import registry
from pipelines.answering.budget import fit
from pipelines.answering.citations import cite
from pipelines.answering.context import AnswerContext
from pipelines.answering.prompt import REFUSAL, passage_text
from pipelines.chunking.sentences import sentence_spans
from pipelines.engines.base import DoneEvent, Message, Stats, ThinkingEvent, TokenEvent
from pipelines.engines.sampling import default as options_of
from pipelines.engines.sampling import sampling_of, schema_of
from pipelines.errors import EngineFailed, ModelMissing
from pipelines.events import Answered, AskEvent, ContextMeter, Prompted
from pipelines.registry import PartParams, part
from pipelines.retrieval.base import Hit

#: Room kept for the answer where the recipe sets no num_predict, or more than half of the window.
_ANSWER = 512

#: Ways a model says that it found nothing, besides the words it was told to use.
_REFUSALS = (
    "the documents do not say",
    "documents do not say",
    "documents don't say",
    "passages do not contain",
    "passages don't contain",
    "the passages do not",
    "not mentioned in the passages",
    "no information about",
)


class GeneratedParams(PartParams):
    """No knobs of its own: the sampling, prompt and model sections have them."""


@part("answer", "generated", label="Generated", params=GeneratedParams, rank=20)
def generated(context: AnswerContext) -> Iterator[AskEvent]:
    """A language model writes the answer from the passages and cites them."""
    if context.engine is None:
        raise ModelMissing(
            "There is no language model to write an answer.",
            "Start Ollama and pull a model, or type `playground pull builtin`; quotes work without a model.",
        )
    num_ctx = window(context)
    messages, meter, passages = _prompt(context, num_ctx)
    told = tuple((message.role, message.content) for message in messages)
    yield Prompted(told, meter, context.engine.name, context.model)
    text, thinking, logprobs = "", "", []
    done = DoneEvent("stop", Stats())
    sampling = sampling_of(context.recipe.choice("sampling"))
    events = context.engine.chat(
        context.model, messages, {**options_of(sampling), "num_ctx": num_ctx},
        top_logprobs=1, schema=schema_of(sampling), cancel=context.cancel,
    )  # fmt: skip
    for event in events:
        if isinstance(event, TokenEvent):
            text += event.text
            if event.logprob is not None:
                logprobs.append(event.logprob)
            yield event
        elif isinstance(event, ThinkingEvent):
            thinking += event.text
            yield event
        else:
            done = event
    if not text.strip() and done.finish != "cancelled":
        raise EngineFailed(
            f"{context.model} ended without a word ({done.finish}).",
            "Raise num_predict if the model thinks before it speaks, or choose another model.",
        )
    meter = replace(meter, counted=done.stats.prompt_tokens)
    yield Answered(
        text=text,
        style="generated",
        answerable=not is_refusal(text),
        citations=cite(text, passages, context.page_text),
        engine=context.engine.name,
        model=context.model,
        stats=done.stats,
        meter=meter,
        finish=done.finish,
        confidence=math.exp(sum(logprobs) / len(logprobs)) if logprobs else None,
        thinking=thinking,
        notes=_notes(meter, done.finish),
    )


def is_refusal(text: str) -> bool:
    """Whether an answer says that the documents do not say: its first sentence has words to that effect."""
    plain = " ".join(text.replace("’", "'").split()).lstrip("\"'“*")
    opening = plain[: sentence_spans(plain)[0].end].lower() if plain else ""
    return opening.startswith(REFUSAL.lower().rstrip(".")) or any(words in opening for words in _REFUSALS)


def window(context: AnswerContext) -> int:
    """num_ctx that will really be used: the recipe's, at most the model's own."""
    assert context.engine is not None
    wanted = int(getattr(context.recipe.sampling.params, "num_ctx", None) or 4096)
    longest = context.engine.info(context.model).context
    return min(wanted, longest) if longest else wanted


def _prompt(context: AnswerContext, num_ctx: int) -> tuple[list[Message], ContextMeter, list[Hit]]:
    """Messages that fit the window, the meter, and the passages kept, in the order of their numbers."""
    engine, params = context.engine, context.recipe.prompt.params
    assert engine is not None
    build = registry.get("prompt", context.recipe.prompt.name).build
    counted = [engine.count_tokens(context.model, m.content) for m in context.history]
    passages = [engine.count_tokens(context.model, passage_text(n, h)) for n, h in enumerate(context.hits, 1)]
    system, frame = build(params, [], "")
    frames = [engine.count_tokens(context.model, text) for text in (system, frame)]
    question = engine.count_tokens(context.model, context.question)
    wanted = int(getattr(context.recipe.sampling.params, "num_predict", None) or _ANSWER)
    meter = fit(
        instructions=sum(n for n, _ in frames),
        question=question[0],
        history=[n for n, _ in counted],
        passages=[n for n, _ in passages],
        answer=min(wanted if wanted > 0 else _ANSWER, num_ctx // 2),
        num_ctx=num_ctx,
        exact=all(exact for _, exact in [*counted, *passages, *frames, question]),
    )
    kept = {share.name for share in meter.shares if share.kept}
    chosen = [h for n, h in enumerate(context.hits, 1) if f"passage {n}" in kept]
    turns = [m for n, m in enumerate(context.history, 1) if f"history {n}" in kept]
    system, user = build(params, chosen, context.question)
    return [Message("system", system), *turns, Message("user", user)], meter, chosen


def _notes(meter: ContextMeter, finish: str) -> tuple[str, ...]:
    notes = []
    if meter.left_out:
        notes.append(f"Left out, because {meter.num_ctx} tokens hold no more: {', '.join(meter.left_out)}.")
    if meter.counted and meter.counted >= meter.num_ctx - 1:
        notes.append("The prompt filled the whole window: the server may have cut it. Raise num_ctx.")
    if finish == "length":
        notes.append("The answer was cut at num_predict tokens.")
    return tuple(notes)
