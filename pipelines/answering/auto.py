"""The automatic style: generated where a capable model is at hand, quotes otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import registry
from pipelines.answering.context import AnswerContext
from pipelines.events import AskEvent
from pipelines.registry import PartParams, part

#: Weights below which free text of a model is not to be trusted as the only answer.
CAPABLE = 300_000_000


class AutoParams(PartParams):
    """No knobs."""


@part("answer", "auto", label="Automatic", params=AutoParams, rank=10)
def auto(context: AnswerContext) -> Iterator[AskEvent]:
    """Generated with a model of 300 million weights or more, else quotes."""
    yield from registry.get("answer", style(context)).build(context)


def style(context: AnswerContext) -> str:
    """The style that "auto" stands for."""
    if context.engine is None:
        return "quotes"
    weights = context.engine.info(context.model).parameters
    return "generated" if weights is None or weights >= CAPABLE else "quotes"
