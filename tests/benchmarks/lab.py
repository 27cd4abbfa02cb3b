"""Moving a slider of the retrieval lab against a fresh search: ``python -m tests.benchmarks.lab``.

Both work on the same 20,000 chunks and give the same hits. A fresh search embeds the question, fetches both
lists and fuses; a slider's move works on the lists that were fetched for the first one, and draws the column.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np

from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.recipe import Recipe
from pipelines.retrieval import rank, read, retrieve
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.retrieval.candidates import ListParams, RetrievalContext
from pipelines.retrieval.remembering import Fetched, remembering
from pipelines.stores.edge import EdgeStore
from playground.finding.column import Found
from playground.finding.trace import trace, traced
from playground.views import found as view
from playground.views import trace as trace_view
from tests.benchmarks.search import milliseconds, passages, words

CHUNKS, QUESTIONS = 20_000, 20

MOVES = [{"alpha": 0.2}, {"k": 12}, {"depth": 300}, {"fusion": "rrf", "rrf_k": 20}, {"threshold": 0.2}]


def column(question: str, recipe: Recipe, context: RetrievalContext) -> None:
    """What the server does for one column: rank, read, trace, draw."""
    params = recipe.choice("retriever").params
    assert isinstance(params, ListParams)
    ranking = rank(question, recipe, context)
    done = Found(recipe, ranking, read(ranking, params, context))
    (lane,) = trace([done])
    known = traced([line.id for line in lane.lines], context.store.payloads([line.id for line in lane.lines]))
    str(view.body("A", done, "", question, trace_view.lane("A", lane, known)))


def main() -> None:
    embedder = BuiltinEmbedder()
    draw = np.random.default_rng(CHUNKS)
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore(Path(folder) / "chunks", embedder.dimensions)
        keywords = KeywordIndex(store, {})
        points = passages(draw, CHUNKS, embedder.dimensions)
        for start in range(0, CHUNKS, 1000):
            keywords.upsert(points[start : start + 1000])
        del points  # millions of numbers, which Python would look through again and again
        context = RetrievalContext(store, keywords, lambda text: embedder.embed([text], "query")[0].tolist())
        base = Recipe()
        retrieve("term1 term2", base, context)
        fresh, first, moves = [], [], []
        for _ in range(QUESTIONS):
            question = words(draw, 8)
            kept = remembering(context, Fetched())
            fresh.append(milliseconds(lambda question=question: retrieve(question, base, context)))
            first.append(milliseconds(lambda question=question, kept=kept: column(question, base, kept)))
            for knobs in MOVES:
                turned = base.with_("retriever", **knobs)
                moves.append(milliseconds(lambda q=question, t=turned, kept=kept: column(q, t, kept)))
        store.close()
    middle = [statistics.median(values) for values in (fresh, first, moves)]
    print(f"\n{CHUNKS:,} chunks, {QUESTIONS} questions, {len(MOVES)} moves each")
    print(f"  fresh search, nothing drawn     {middle[0]:7.2f} ms")
    print(f"  first column, drawn             {middle[1]:7.2f} ms   ratio {middle[1] / middle[0]:.2f}")
    print(f"  a slider moved, drawn           {middle[2]:7.2f} ms   ratio {middle[2] / middle[0]:.2f}")
    print(f"  the slowest move                {max(moves):7.2f} ms")


if __name__ == "__main__":
    main()
