"""The quotes style: the best sentences of the passages, word for word. No model writes, nothing is invented."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.answering.context import AnswerContext
from pipelines.answering.prompt import REFUSAL
from pipelines.chunking.base import Span, trimmed
from pipelines.chunking.sentences import sentence_spans
from pipelines.engines.base import Stats, TokenEvent
from pipelines.events import Answered, AskEvent, Citation, QuoteFound
from pipelines.registry import PartParams, knob, part
from pipelines.retrieval.base import Hit
from pipelines.retrieval.bm25 import Bm25Params, query_vector

#: Fewer words than this are a heading or a scrap, not a sentence to quote.
_LEAST_WORDS = 4
#: Longer ranges (a table without full stops) are cut at their lines.
_LONGEST = 400
#: A sentence is quoted beside the best one when it scores at least this share of it.
_NEAR_BEST = 0.82
#: Weight of shared words beside the similarity of meaning.
_WORDS = 0.5
#: A number, a year, a part number: "E-417", "2031", "3.5".
_CODE = re.compile(r"\b(?:[A-Za-z]{1,6}-?)?\d[\w.-]*\w|\b\d\b")


class QuotesParams(PartParams):
    """Which sentences are good enough."""

    sentences: int = knob(3, "Most sentences quoted.", minimum=1, maximum=10)
    least: float = knob(
        0.42,
        "Least score of a quoted sentence: cosine similarity to the question plus half the share of the question's "
        "words it contains, rare words counting more. Below it, the documents do not say.",
        minimum=0.0,
        maximum=1.5,
        step=0.01,
    )


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage and how well it answers."""

    text: str
    hit: int  # place of its passage, from 0
    span: Span  # in the document
    score: float


@part("answer", "quotes", label="Quotes", params=QuotesParams, rank=30)
def quotes(context: AnswerContext) -> Iterator[AskEvent]:
    """The best sentences of the passages, word for word: no model, nothing invented."""
    started = time.perf_counter()
    chosen = context.recipe.answer.params
    params = chosen if isinstance(chosen, QuotesParams) else QuotesParams()
    unheard = unheard_codes(context.standalone, context.hits)
    best = [] if unheard else select(score(context), params)
    lines = [f"“{' '.join(s.text.split())}” [{s.hit + 1}]" for s in best]
    for place, line in enumerate(lines):
        yield TokenEvent(line if place == 0 else f"\n\n{line}")
    if not lines:
        yield TokenEvent(REFUSAL)
    yield Answered(
        text="\n\n".join(lines) or REFUSAL,
        style="quotes",
        answerable=bool(lines),
        citations=_citations(best, context.hits),
        engine="none",
        model="",
        stats=Stats(ttft_s=time.perf_counter() - started),
        notes=tuple(f"“{code}” occurs in none of the passages found." for code in unheard),
    )


def unheard_codes(question: str, hits: Sequence[Hit]) -> list[str]:
    """Numbers and codes of the question that no passage contains: what is said is then about something else."""
    told = " ".join(hit.text for hit in hits).casefold()
    return [code for code in _CODE.findall(question) if code.casefold() not in told]


def select(sentences: Sequence[Sentence], params: QuotesParams) -> list[Sentence]:
    """The best sentences: over the least score, near the best one, none twice."""
    ranked = sorted(sentences, key=lambda s: (-s.score, s.hit, s.span.start))
    if not ranked or ranked[0].score < params.least:
        return []
    bar = max(params.least, _NEAR_BEST * ranked[0].score)
    seen: set[str] = set()
    kept = []
    for sentence in ranked:
        words = " ".join(sentence.text.split())
        if sentence.score >= bar and words not in seen:
            seen.add(words)
            kept.append(sentence)
    return kept[: params.sentences]


def score(context: AnswerContext) -> list[Sentence]:
    """Every sentence of the passages with its score (see :class:`QuotesParams`)."""
    found = [(n, span) for n, hit in enumerate(context.hits) for span in _sentences(hit.text)]
    if not found:
        return []
    texts = [context.hits[n].text[span.start : span.end] for n, span in found]
    shares = _word_shares(context, texts)
    fitting = [_within(text, context) for text in texts]
    question = context.embedder.embed([_within(context.standalone, context)], "query")[0]
    cosine = context.embedder.embed(fitting) @ question
    scored = []
    for (n, span), text, similar, share in zip(found, texts, cosine, shares, strict=True):
        start = context.hits[n].start
        place = Span(start + span.start, start + span.end)
        scored.append(Sentence(text, n, place, float(similar) + _WORDS * share))
    return scored


def _word_shares(context: AnswerContext, texts: Sequence[str]) -> list[float]:
    """Share of the question's stems in each text, weighted by how rare they are among the texts (BM25's IDF)."""
    params = context.recipe.retriever.params
    language = params.language if isinstance(params, Bm25Params) else Bm25Params().language
    wanted = set(query_vector(context.standalone, language).indices)
    found = [wanted & set(query_vector(text, language).indices) for text in texts]
    holding = {stem: sum(stem in stems for stems in found) for stem in wanted}
    weight = {stem: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for stem, n in holding.items()}
    total = sum(weight.values())
    return [sum(weight[stem] for stem in stems) / total if total else 0.0 for stems in found]


def _sentences(text: str) -> list[Span]:
    """Sentences worth quoting; what runs on without an end is cut at its lines."""
    spans: list[Span] = []
    for span in sentence_spans(text):
        if span.end - span.start <= _LONGEST:
            spans.append(span)
            continue
        borders = [span.start, *(i + 1 for i in range(span.start, span.end) if text[i] == "\n"), span.end]
        spans += [Span(a, b) for a, b in itertools.pairwise(borders)]
    return [s for s in trimmed(text, spans) if len(text[s.start : s.end].split()) >= _LEAST_WORDS]


def _within(text: str, context: AnswerContext) -> str:
    """The beginning of a text that the embedding model reads whole: enough to judge a sentence by."""
    places = context.embedder.ruler.offsets(text)
    return text if len(places) <= context.embedder.window else text[: places[context.embedder.window - 8][0]]


def _citations(best: Sequence[Sentence], hits: Sequence[Hit]) -> tuple[Citation, ...]:
    by_hit: dict[int, list[QuoteFound]] = {}
    for sentence in best:
        quote = QuoteFound(" ".join(sentence.text.split()), "exact", sentence.span.start, sentence.span.end)
        by_hit.setdefault(sentence.hit, []).append(quote)
    return tuple(Citation(n + 1, hits[n], tuple(quotes)) for n, quotes in sorted(by_hit.items()))
