"""Answering: condense, retrieve, prompt, generate or quote, cite. One answer style a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event as CancelFlag

from pipelines import registry
from pipelines.answering.citations import PageText
from pipelines.answering.condense import condense, condense_by_rule
from pipelines.answering.context import AnswerContext
from pipelines.answering.generated import window
from pipelines.answering.prompt import REFUSAL, PromptParams
from pipelines.embedding.base import Embedder
from pipelines.engines.base import Engine, Message, Stats, TokenEvent
from pipelines.errors import EngineFailed, PlaygroundError
from pipelines.events import Answered, AskEvent, Condensed, Failed, Retrieved
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Retrieval

__all__ = ["Means", "answer"]


@dataclass(frozen=True)
class Means:
    """What answering needs from the library."""

    search: Callable[[str], Retrieval]
    embedder: Embedder
    page_text: PageText
    engine: Engine | None
    model: str


def answer(
    question: str, recipe: Recipe, means: Means, history: Sequence[Message] = (), cancel: CancelFlag | None = None
) -> Iterator[AskEvent]:
    """Answer one question.

    Yields:
        Condensed (follow-ups only), Retrieved, Prompted (generated style), tokens, then Answered or Failed.
        A drawn error ends the stream as Failed with the text so far; nothing is raised.
    """
    said = ""
    try:
        for event in _answer(question, recipe, means, history, cancel):
            if isinstance(event, TokenEvent):
                said += event.text
            yield event
    except PlaygroundError as error:
        kept = error.partial if isinstance(error, EngineFailed) and error.partial else said
        yield Failed(error, kept)


def _answer(
    question: str, recipe: Recipe, means: Means, history: Sequence[Message], cancel: CancelFlag | None
) -> Iterator[AskEvent]:
    context = AnswerContext(
        question, question, (), history, recipe, means.embedder, means.page_text, means.engine, means.model, cancel
    )
    standalone = _standalone(context) if history else question
    if standalone != question:
        yield Condensed(standalone, question)
    found = means.search(standalone)
    yield Retrieved(found.hits, found.seconds)
    if not found.hits:
        yield _nothing_found()
        return
    style = registry.get("answer", recipe.answer.name)
    yield from style.build(replace(context, standalone=standalone, hits=found.hits))


def _nothing_found() -> Answered:
    """Without a passage there is nothing to answer from, and no model is asked to try."""
    return Answered(
        text=REFUSAL,
        style="quotes",
        answerable=False,
        citations=(),
        engine="none",
        model="",
        stats=Stats(),
        notes=("No passage was found: no document in play has text that fits.",),
    )


def _standalone(context: AnswerContext) -> str:
    """The follow-up as a question of its own: by a capable model, else by rule."""
    engine = context.engine
    if engine is None or not engine.info(context.model).capable:
        return condense_by_rule(context.question, context.history)
    params = context.recipe.prompt.params
    assert isinstance(params, PromptParams)
    num_ctx = window(context)
    return condense(context.question, context.history, params, engine, context.model, num_ctx, context.cancel)
