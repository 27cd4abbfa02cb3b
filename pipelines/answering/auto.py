"""The automatic style: generated where a capable model is at hand, quotes otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import registry
from pipelines.answering.context import AnswerContext
from pipelines.events import AskEvent
from pipelines.registry import PartParams, part


class AutoParams(PartParams):
    """No knobs."""


@part("answer", "auto", label="Automatic", params=AutoParams, rank=10)
def auto(context: AnswerContext) -> Iterator[AskEvent]:
    """Generated with a model of 300 million weights or more, else quotes."""
    yield from registry.get("answer", style(context)).build(context)


def style(context: AnswerContext) -> str:
    """The style that "auto" stands for."""
    capable = context.engine is not None and context.engine.info(context.model).capable
    return "generated" if capable else "quotes"
