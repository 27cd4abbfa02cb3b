"""What programs get as JSON: the same of a command, of an endpoint, and of the run that is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engines.base import Stats
from pipelines.events import Answered, Indexed
from pipelines.retrieval.base import ALWAYS, Hit, Retrieval

if TYPE_CHECKING:
    from pipelines.chunking.base import Chunk, Span
    from pipelines.embedding.base import TokenRuler
    from pipelines.evaluation.judging import Graded
    from pipelines.evaluation.reading_runs import PageRead
    from pipelines.loading.document import Document
    from pipelines.reading.base import Transcript
    from playground.turn import Turn

#: The fields of a document, in order.
DOCUMENT_FIELDS = (
    "document",
    "id",
    "status",
    "reason",
    "pages",
    "words",
    "pages_without_text",
    "garbled_pages",
    "chunks",
    "seconds",
)


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit, with every stage named."""
    data = hit.to_json()
    return {**data, "scores": {**dict.fromkeys(ALWAYS), **data["scores"]}}


def search_json(found: Retrieval) -> dict[str, Any]:
    """The shape of ``search``."""
    written = {"written": [vars(one) for one in found.written]} if found.written else {}
    return {"hits": [hit_json(hit) for hit in found.hits], "seconds": dict(found.seconds), **written}


def ask_json(answered: Answered | Turn, hits: Sequence[Hit]) -> dict[str, Any]:
    """The shape of ``ask``."""
    stats = answered.stats or Stats()
    return {
        "answer": answered.text,
        "answer_style": answered.style,
        "answerable": answered.answerable,
        "citations": [
            {"n": c.n, "document": c.hit.document, "page": c.hit.page, "quote": c.check} for c in answered.citations
        ],
        "hits": [hit_json(hit) for hit in hits],
        "engine": answered.engine,
        "model": answered.model,
        "stats": {
            "load_s": stats.load_s,
            "ttft_s": stats.ttft_s,
            "prompt_tokens": stats.prompt_tokens,
            "completion_tokens": stats.completion_tokens,
            "tokens_per_s": stats.tokens_per_s,
            "left_out": list(answered.meter.left_out) if answered.meter else [],
        },
    }


def documents_json(outcomes: Iterable[Indexed]) -> dict[str, Any]:
    """The shape of ``documents`` and ``index``."""
    return {"documents": [{name: getattr(outcome, name) for name in DOCUMENT_FIELDS} for outcome in outcomes]}


def chunk_json(chunk: Chunk, document: Document, ruler: TokenRuler) -> dict[str, Any]:
    """One of the chunks of ``chunk``.

    ``read``, ``parents`` and ``header`` are there only where a strategy reads more than it searches.
    """
    span, text = chunk.span, document.text
    known: dict[str, Any] = {
        "start": span.start,
        "end": span.end,
        "pages": [page.number for page in document.pages_of(span.start, span.end)],
        "tokens": ruler.count(text[span.start : span.end]),
        "text": text[span.start : span.end],
    }
    if chunk.read != span:
        known["read"] = _range(chunk.read, text, ruler)
    if chunk.parents:
        known["parents"] = [_range(parent.span, text, ruler) for parent in chunk.parents]
    if chunk.header:
        known["header"] = chunk.header
    return known


def _range(span: Span, text: str, ruler: TokenRuler) -> dict[str, int]:
    return {"start": span.start, "end": span.end, "tokens": ruler.count(text[span.start : span.end])}


def reading_json(row: PageRead) -> dict[str, Any]:
    """The shape of ``read``."""
    transcript = row.transcript
    return {
        "reader": str(row.reader),
        "page": row.page,
        "text": transcript.text,
        "words": _words(transcript),
        "seconds": transcript.seconds,
        "flags": [flag.name for flag in row.flags],
        "metrics": row.metrics.to_json() if row.metrics is not None else None,
        **({"error": reading_error(transcript)} if not row.done else {}),
    }


def reading_error(transcript: Transcript) -> str:
    """Why a reading did not end well, in a line."""
    return f"It ended as {transcript.state}." if transcript.error is None else str(transcript.error)


def _words(transcript: Transcript) -> list[dict[str, Any]] | None:
    if transcript.words is None:
        return None
    return [{"text": word.text, "box": list(word.box), "confidence": word.confidence} for word in transcript.words]


def answers_json(rows: Sequence[Graded]) -> dict[str, Any]:
    """A recipe's answers: the means, what makes them doubtful, and every one."""
    from pipelines.evaluation.judging import summary, warnings

    return {
        "metrics": {name: vars(one) for name, one in summary(rows).items()},
        "judge": rows[0].judge if rows else "",
        "notes": warnings(rows),
        "rows": [_graded(row) for row in rows],
    }


def _graded(row: Graded) -> dict[str, Any]:
    return {
        "question": row.question.question,
        "answerable": row.question.answerable,
        "answer": row.answer,
        "answer_style": row.style,
        "engine": row.engine,
        "model": row.model,
        "failed": row.failed,
        "grades": dict(row.grades),
        "said": dict(row.said),
        "reasons": dict(row.reasons),
    }
