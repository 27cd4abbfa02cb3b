"""How work ended, from the values of the pipelines to what is kept of a run: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.errors import PlaygroundError
from pipelines.retrieval.base import Hit, Retrieval
from pipelines.runs.run import Ended, State
from playground.shapes import answers_json, ask_json, documents_json, reading_error, reading_json, search_json

if TYPE_CHECKING:
    from pipelines.engines.base import Stats
    from pipelines.evaluation.judging import Graded
    from pipelines.evaluation.reading_runs import PageRead
    from pipelines.events import Indexed
    from pipelines.retrieval.candidates import Ranking
    from playground.turn import Turn


def failed(error: PlaygroundError, seconds: float | None = None) -> Ended:
    """Work that broke off with an error."""
    return Ended("failed", seconds=seconds, error=str(error))


def of_turn(turn: Turn, seconds: float) -> Ended:
    """An answer, whatever became of it."""
    state: State = "stopped" if turn.state in ("running", "interrupted") else turn.state
    more = {"condensed": turn.condensed, "thinking": turn.thinking, "notes": list(turn.notes)}
    fault = turn.fault
    return Ended(
        state,
        engine=turn.engine,
        model=turn.model,
        seconds=seconds,
        numbers=_known(
            seconds=seconds,
            **of_stats(turn.stats),
            left_out=len(turn.meter.left_out) if turn.meter else None,
            citations=len(turn.citations),
            exact_quotes=sum(one.check == "exact" for one in turn.citations),
            confidence=turn.confidence,
            hits=None if turn.hits is None else len(turn.hits),
            search_s=sum(turn.seconds.values()) if turn.seconds else None,
        ),
        outputs={**ask_json(turn, turn.hits or ()), **{name: value for name, value in more.items() if value}},
        error=f"{fault.message} {fault.fix}".strip() if fault else "",
    )


def of_stats(stats: Stats | None) -> dict[str, float | None]:
    """What an engine measured, under the names of numbers."""
    if stats is None:
        return {}
    names = ("load_s", "ttft_s", "tokens_per_s", "prompt_tokens", "completion_tokens")
    return {name: getattr(stats, name) for name in names}


def of_search(found: Retrieval, seconds: float | None) -> Ended:
    """Passages found."""
    numbers = _known(seconds=seconds, hits=len(found.hits), search_s=sum(found.seconds.values()) or None)
    return Ended(seconds=seconds, numbers=numbers, outputs=search_json(found))


def of_found(hits: Sequence[Hit], seconds: Mapping[str, float], shared: Collection[str], ranking: Ranking) -> Ended:
    """Passages found in the retrieval lab.

    Args:
        hits: The passages.
        seconds: Of each stage.
        shared: Stages whose result was known already.
        ranking: Where every passage stood.
    """
    taken = sum(seconds.values())
    remembered = len(shared) / len(seconds) if seconds else None
    outputs = search_json(Retrieval("", tuple(hits), seconds, ranking.written))
    return Ended(seconds=taken, numbers=_known(hits=len(hits), search_s=taken, remembered=remembered), outputs=outputs)


def of_chunks(text_length: int, chunks: Sequence[Mapping[str, Any]], seconds: float) -> Ended:
    """A cut: where each chunk stands, without its text, which is the document's.

    Args:
        text_length: Of the document, in characters.
        chunks: In the fields of the command line.
        seconds: It took.
    """
    told = [{name: value for name, value in one.items() if name != "text"} for one in chunks]
    sizes = [one["tokens"] for one in chunks]
    numbers = _known(seconds=seconds, chunks=len(chunks), mean_tokens=sum(sizes) / len(sizes) if sizes else None)
    return Ended(seconds=seconds, numbers=numbers, outputs={"text_length": text_length, "chunks": told})


def of_samples(column: Mapping[str, Any], seconds: float | None, state: State = "done") -> Ended:
    """Texts drawn with one setting.

    Args:
        column: In the fields of ``sample --json``.
        seconds: They took.
        state: How it ended; a column with an error has failed.
    """
    samples = column["samples"]
    stats = [one["stats"] or {} for one in samples]
    error = column.get("error") or next((one["error"] for one in samples if one.get("error")), None)
    told = f"{error['message']} {error['fix']}".strip() if error else ""
    numbers = _known(
        seconds=seconds,
        samples=len(samples),
        distinct_texts=len({one["text"] for one in samples}) / len(samples) if len(samples) > 1 else None,
        **{
            name: _mean([one.get(name) for one in stats])
            for name in ("load_s", "ttft_s", "tokens_per_s", "prompt_tokens", "completion_tokens")
        },
    )
    return Ended(
        "failed" if error else state,
        engine=column["engine"],
        engine_version=column["version"],
        model=column["model"],
        seconds=seconds,
        numbers=numbers,
        outputs={"columns": [dict(column)], "text": "\n\n".join(one["text"] for one in samples)},
        error=told,
    )


def of_reading(row: PageRead) -> Ended:
    """A page read."""
    transcript, metrics = row.transcript, row.metrics
    measured = {name: getattr(metrics, name) for name in ("cer", "wer", "f1", "numbers")} if metrics else {}
    return Ended(
        "done" if row.done else "failed",
        engine=transcript.engine,
        seconds=transcript.seconds,
        numbers=_known(seconds=transcript.seconds, words=len(transcript.text.split()), **measured),
        outputs=reading_json(row),
        error="" if row.done else reading_error(transcript),
    )


def of_row(row: Mapping[str, Any], asked: int) -> Ended:
    """A recipe measured on questions.

    Args:
        row: In the fields of ``evaluate --json``.
        asked: How many questions.
    """
    means = {name: one["mean"] for name, one in row["metrics"].items()}
    latency = {f"{name}_ms": value for name, value in row["latency_ms"].items()}
    sizes = {name: row.get(name) for name in ("chunks", "mean_tokens")}
    return Ended(
        numbers=_known(questions=asked, **latency, **sizes, **means), outputs={"questions": asked, "rows": [dict(row)]}
    )


def of_graded(rows: Sequence[Graded]) -> Ended:
    """Answers of one recipe, graded."""
    from pipelines.evaluation.judging import summary

    means = {name.replace(" ", "_"): one.mean for name, one in summary(rows).items()}
    first = next((row for row in rows if row.engine), None)
    return Ended(
        engine=first.engine if first else "",
        model=first.model if first else "",
        numbers=_known(questions=len(rows), **means),
        outputs={"questions": len(rows), "answers": answers_json(rows)},
    )


def of_summary(summary: Mapping[str, Any], pages: Sequence[Mapping[str, Any]]) -> Ended:
    """Several pages read by one reader with one degradation: medians.

    Args:
        summary: In the fields of ``compare-readers --json``.
        pages: The rows of the same reader, degradation and document.
    """
    medians = {name: (summary.get(name) or {}).get("median") for name in ("cer", "wer", "f1", "numbers", "seconds")}
    failed = summary["failed"] == summary["pages"]
    return Ended(
        "failed" if failed else "done",
        seconds=sum(row["seconds"] or 0.0 for row in pages),
        numbers=_known(pages=summary["pages"], **medians),
        outputs={"rows": [dict(row) for row in pages], "summary": [dict(summary)]},
        error=next((row["error"] for row in pages if row.get("error")), "") if failed else "",
    )


def of_indexed(found: Indexed) -> Ended:
    """A document put into the library."""
    state: State = "failed" if found.status == "failed" else "stopped" if found.status == "cancelled" else "done"
    numbers = _known(
        seconds=found.seconds, pages=found.pages, words=found.words, chunks=found.chunks,
        embedded=found.embedded or None, cached=found.cached if found.embedded else None,
    )  # fmt: skip
    error = f"{found.reason} {found.fix}".strip() if state == "failed" else ""
    return Ended(state, seconds=found.seconds, numbers=numbers, outputs=documents_json([found]), error=error)


def _known(**numbers: float | None) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if value is not None}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
