"""The lens against a bare softmax of the same candidates: ``python -m tests.benchmarks.lens``.

A slider of the lens moves: what it costs to see a whole answer under other knobs, from the 20 likeliest candidates
of each token and from whole distributions. Nothing is drawn, and no model is asked.
"""

from __future__ import annotations

import statistics
from functools import partial

import numpy as np

from pipelines.engines.ollama_versions import GO_ORDER, LLAMA_ORDER
from pipelines.lens import Known, through
from pipelines.sampling import Knobs, softmax
from tests.benchmarks.search import milliseconds

VOCABULARY, TOKENS, CANDIDATES, WHOLE = 49_152, 1_000, 20, 100
TIMES = 7

KNOBS = {
    "temperature": Knobs(temperature=0.7),
    "all but typical-p": Knobs(temperature=0.7, top_k=40, top_p=0.9, min_p=0.05),
    "all": Knobs(temperature=0.7, top_k=40, top_p=0.9, min_p=0.05, typical_p=0.9),
}


def rows(draw: np.random.Generator, count: int) -> np.ndarray:
    """Log-probabilities about as steep as a model's, descending: (count, V)."""
    logits = 3 * draw.gumbel(size=(count, VOCABULARY))
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -np.sort(-logits, axis=1)


def report(name: str, known: Known, times: int) -> None:
    bare = statistics.median(milliseconds(lambda: softmax(known.logprobs)) for _ in range(times))
    print(f"\n{len(known):,} tokens by {known.logprobs.shape[1]:,} candidates, {name}; bare softmax {bare:.2f} ms")
    for label, knobs in KNOBS.items():
        for order_name, order in (("llama.cpp's order", LLAMA_ORDER), ("the Go engine's", GO_ORDER)):
            took = [milliseconds(partial(through, known, knobs, order)) for _ in range(times)]
            middle = statistics.median(took)
            print(
                f"  {label:18} {order_name:18} {middle:8.1f} ms   ratio {middle / bare:5.1f}   worst {max(took):.1f} ms"
            )


def main() -> None:
    draw = np.random.default_rng(VOCABULARY)
    whole = rows(draw, WHOLE)
    cut = np.repeat(whole[:, :CANDIDATES], TOKENS // WHOLE, axis=0)
    said = draw.integers(-1, CANDIDATES, TOKENS)
    logprobs = np.where(said < 0, cut[:, -1] - 1, cut[np.arange(TOKENS), said])
    report("bounded", Known(cut, said, logprobs, VOCABULARY), TIMES)
    report("exact", Known(whole, np.zeros(WHOLE, int), whole[:, 0], VOCABULARY), 3)


if __name__ == "__main__":
    main()
