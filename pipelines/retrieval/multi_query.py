"""One question in several wordings, searched one by one and fused by ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.engines.writing import written_field
from pipelines.registry import knob, part
from pipelines.retrieval.base import StageScore, Written
from pipelines.retrieval.base_search import Base, search
from pipelines.retrieval.candidates import Ranking, RetrievalContext, Retriever, Stopwatch
from pipelines.retrieval.fusion import rrf
from pipelines.retrieval.hybrid import HybridParams, fused_candidates, ranked

PROMPT = """Write {count} other ways to ask the question below, each a search query of its own.
Use other words than the question does; keep names and numbers. Reply with JSON: {"queries": ["…"]}

Question: {question}"""

#: A wording longer than this, in characters, is no search query; any embedding model reads as much.
_LONGEST = 200

#: Tokens a wording may take.
_TOKENS = 60


class MultiQueryParams(HybridParams):
    """Knobs of multi-query search."""

    queries: int = knob(3, "Other wordings the model writes.", minimum=1, maximum=6, step=1)
    base: Base = knob("hybrid", "How each wording is searched.")
    rrf_k: int = knob(
        60, "Constant of rrf, which fuses the wordings: the higher, the less the first ranks stand out.",
        minimum=0, maximum=1000, step=1, source="1 / (k + rank), Cormack et al. 2009; RAG-Fusion", fold=True,
    )  # fmt: skip
    prompt: str = knob(
        PROMPT, "What the model is asked to write; {question} and {count} are filled in.", fold=True, lines=4
    )


@part("retriever", "multi-query", label="Several wordings (RAG-Fusion)", params=MultiQueryParams, rank=50)
def multi_query(params: MultiQueryParams, context: RetrievalContext) -> Retriever:
    """A language model words the question in other ways; what is found for each is fused by ranks."""

    def retrieve(query: str) -> Ranking:
        from pipelines.answering.prompt import fill

        writer = context.writer()
        watch = Stopwatch()
        with watch("write"):
            prompt = fill(params.prompt, question=query, count=str(params.queries))
            text = writer.write(prompt, tokens=_TOKENS * params.queries, schema=_schema(params.queries))
            others = wordings(text, query)[: params.queries]
        lists = [search(params.base, params, context, one) for one in (query, *others)]
        with watch("fuse"):
            fused = rrf([ranked(one) for one in lists], params.rrf_k)
            candidates = fused_candidates(fused, _best_places(lists))
        seconds = dict(watch.seconds)
        for one in lists:
            for stage, value in one.seconds.items():
                seconds[stage] = seconds.get(stage, 0.0) + value
        return Ranking(candidates, seconds, written=tuple(Written("query", one, writer.by) for one in others))

    return retrieve


def wordings(text: str, query: str) -> list[str]:
    """The usable wordings in a model's answer, in its order.

    Empty ones, repeats (also of the question) and those over 200 characters are left out; an answer that
    is not the JSON asked for has none.
    """
    found = written_field(text, "queries")
    known = {"", _key(query)}
    usable = []
    for one in found if isinstance(found, list) else []:
        words = " ".join(one.split()) if isinstance(one, str) else ""
        if _key(words) not in known and len(words) <= _LONGEST:
            known.add(_key(words))
            usable.append(words)
    return usable


def _key(words: str) -> str:
    return " ".join(words.split()).casefold()


def _schema(count: int) -> dict[str, Any]:
    listed = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": count}
    return {"type": "object", "properties": {"queries": listed}, "required": ["queries"]}


def _best_places(lists: Sequence[Ranking]) -> Mapping[str, Mapping[str, StageScore]]:
    """Of each passage its best place on the lists of each stage, whichever wording it was found by."""
    best: dict[str, dict[str, StageScore]] = {}
    for one in lists:
        for candidate in one.candidates:
            places = best.setdefault(candidate.id, {})
            for stage, place in candidate.scores.items():
                if stage not in places or place.rank < places[stage].rank:
                    places[stage] = place
    return best
