"""What the numbers of runs mean: their names for people, units, directions, and where each is defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.runs.run import Kind

Direction = Literal["higher", "lower", ""]
Unit = Literal["s", "ms", "tokens", "tokens/s", "share", ""]


@dataclass(frozen=True)
class Number:
    """How a number is read. ``better`` is empty where more is neither better nor worse."""

    label: str
    unit: Unit
    better: Direction
    means: str


def _share(label: str, means: str, better: Direction = "higher") -> Number:
    return Number(label, "share", better, means)


#: What is told of runs, in the order in which it is shown. Metrics of questions carry their k: ``recall@5``.
NUMBERS: Mapping[str, Number] = {
    "seconds": Number("time", "s", "lower", "From the beginning of the run to its end."),
    "load_s": Number("load", "s", "lower", "Loading the model, by the engine's clock."),
    "ttft_s": Number("first token", "s", "lower", "From sending the prompt to the first token, as seen here."),
    "tokens_per_s": Number("speed", "tokens/s", "higher", "Tokens written a second, by the engine's clock."),
    "prompt_tokens": Number("prompt", "tokens", "", "Tokens read, as the engine counted them."),
    "completion_tokens": Number("written", "tokens", "", "Tokens written, as the engine counted them."),
    "left_out": Number("left out", "", "lower", "Passages that found no room in the prompt."),
    "citations": Number("citations", "", "", "Passages that the answer cites."),
    "exact_quotes": Number("exact quotes", "", "higher", "Citations with words that stand in the passage exactly."),
    "confidence": _share("confidence", "Geometric mean probability of the answer's tokens, by the model itself."),
    "hits": Number("passages", "", "", "Passages found."),
    "search_s": Number("search", "s", "lower", "Lists, fusion, reranking and reading the passages."),
    "remembered": _share("from memory", "Share of the steps whose result was known already.", ""),
    "chunks": Number("chunks", "", "", "Pieces the text was cut into."),
    "mean_tokens": Number("mean size", "tokens", "", "Tokens of a chunk, by the ruler of the recipe."),
    "samples": Number("texts", "", "", "Texts drawn."),
    "distinct_texts": _share("different texts", "Different texts among those drawn.", ""),
    "cer": _share("CER", "Character error rate: edits by the length of the truth, without an upper bound.", "lower"),
    "wer": _share("WER", "Word error rate: edits by the words of the truth, without an upper bound.", "lower"),
    "f1": _share("words F1", "Words read, whatever their order."),
    "numbers": _share("numbers", "Words with a digit that were read exactly."),
    "words": Number("words", "", "", "Words read."),
    "questions": Number("questions", "", "", "Questions asked."),
    "p50_ms": Number("median", "ms", "lower", "Half of the questions took no longer."),
    "p95_ms": Number("p95", "ms", "lower", "95 % of the questions took no longer."),
    "pages": Number("pages", "", "", "Pages of the document."),
}


def number(name: str) -> Number:
    """How a number is read; one this app does not list is a metric of questions, a share that is better higher."""
    return NUMBERS.get(name) or _share(name.replace("_", " "), "Mean over the questions of the set.")


def in_order(names: set[str]) -> list[str]:
    """Names as they are shown: those listed first, then metrics of questions."""
    return [name for name in NUMBERS if name in names] + sorted(names - set(NUMBERS))


#: The numbers told first of runs of each kind.
KEY: Mapping[Kind, tuple[str, ...]] = {
    "ask": ("ttft_s", "tokens_per_s", "citations"),
    "search": ("search_s", "hits"),
    "chunk": ("chunks", "mean_tokens"),
    "sample": ("tokens_per_s", "completion_tokens", "distinct_texts"),
    "read": ("cer", "words", "seconds"),
    "evaluate": ("ndcg@10", "recall@10", "recall", "correctness", "questions"),
    "index": ("pages", "chunks", "seconds"),
}


def key_numbers(kind: Kind, known: Mapping[str, float], most: int = 3) -> list[str]:
    """Names of the numbers that tell most of a run."""
    return [name for name in KEY[kind] if name in known][:most]
