"""Search by an invented answer: it looks more like a passage than a question does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.errors import EngineRefused
from pipelines.registry import knob, part
from pipelines.retrieval.base import Written
from pipelines.retrieval.candidates import ListParams, Ranking, RetrievalContext, Retriever, Stopwatch
from pipelines.retrieval.semantic import by_meaning

if TYPE_CHECKING:
    from pipelines.engines.writing import Writer

PROMPT = """Write one short passage, of at most 80 words, that could stand in a document and answers the question.
Write the passage only. If you do not know the answer, invent a likely one.

Question: {question}"""

#: Added for every passage after the first: at temperature 0 the same prompt gives the same text.
ANOTHER = "\n\nWrite version {number} of the passage, in other words than version 1."

#: Longest passage, in tokens of the model that writes it: what small embedding models read.
_TOKENS = 160

#: A passage shorter than this is not cut further, in characters.
_SHORT = 40


class HydeParams(ListParams):
    """Knobs of HyDE."""

    passages: int = knob(
        1, "Hypothetical passages written for a question; their vectors are averaged.", minimum=1, maximum=4, step=1,
        source="mean of the vectors, Gao et al. 2022",
    )  # fmt: skip
    question_too: bool = knob(True, "The question's own vector is part of the average.", source="Gao et al. 2022")
    prompt: str = knob(PROMPT, "What the model is asked to write; {question} is filled in.", fold=True, lines=4)


@part("retriever", "hyde", label="Hypothetical passage (HyDE)", params=HydeParams, rank=60)
def hyde(params: HydeParams, context: RetrievalContext) -> Retriever:
    """A language model invents a passage that answers the question; its vector finds real ones."""

    def retrieve(query: str) -> Ranking:
        writer = context.writer()
        watch = Stopwatch()
        with watch("write"):
            texts = list(_write(writer, params, query))
        with watch("embed"):
            embedded = [_embed(text, context) for text in texts]
            vectors = [vector for _, vector in embedded]
            if params.question_too or not vectors:
                vectors.append(context.embed_query(query))
            vector = _mean(vectors)
        found = by_meaning(params, context, query, vector)
        written = tuple(Written("passage", text, writer.by) for text, _ in embedded)
        return Ranking(found.candidates, {**watch.seconds, **found.seconds}, written=written)

    return retrieve


def _write(writer: Writer, params: HydeParams, query: str) -> Iterator[str]:
    """The passages; what a model repeats counts once, what it leaves empty not at all."""
    from pipelines.answering.prompt import fill

    asked = fill(params.prompt, question=query)
    known = {""}
    for number in range(1, params.passages + 1):
        text = writer.write(asked if number == 1 else asked + fill(ANOTHER, number=str(number)), tokens=_TOKENS)
        if text not in known:
            known.add(text)
            yield text


def _embed(text: str, context: RetrievalContext) -> tuple[str, Sequence[float]]:
    """A passage and its vector; one that the embedding model finds too long is halved until it fits."""
    while True:
        try:
            return text, context.embed_query(text)
        except EngineRefused:
            if len(text) <= _SHORT:
                raise
            half = text[: len(text) // 2]
            text = half.rpartition(" ")[0] or half


def _mean(vectors: Sequence[Sequence[float]]) -> list[float]:
    """The mean of unit vectors, of unit length; opposite ones, that have no direction, give the last."""
    import numpy as np

    mean = np.mean(np.array(vectors, dtype=np.float64), axis=0)
    length = float(np.linalg.norm(mean))
    return [float(x) for x in (mean / length if length > 1e-9 else vectors[-1])]
