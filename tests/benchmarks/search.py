"""Hybrid search against the bare engine: ``python -m tests.benchmarks.search``.

The baseline is Qdrant Edge alone: one dense and one sparse query of the same depth, as many results as
points asked for, no texts. Ours adds exact order of ties, fusion, and the texts of the hits. Both embed
the question with the built-in model. Rounds alternate, so that other work on the machine hits both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import qdrant_edge as edge

from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.recipe import Recipe
from pipelines.retrieval import retrieve
from pipelines.retrieval.bm25 import KeywordIndex, query_vector
from pipelines.retrieval.candidates import RetrievalContext
from pipelines.stores.base import DENSE, SPARSE, Point
from pipelines.stores.edge import EdgeStore

VOCABULARY = 30_000
DEPTH = 100


def words(draw: np.random.Generator, count: int) -> str:
    """Words as frequent as in prose (Zipf), none of them a stop word."""
    return " ".join(f"term{n}" for n in np.minimum(draw.zipf(1.25, count), VOCABULARY))


def passages(draw: np.random.Generator, count: int, dimensions: int) -> list[Point]:
    """Random unit vectors and texts of 120 to 220 words."""
    vectors = draw.normal(size=(count, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = []
    for n, vector in enumerate(vectors):
        id = str(uuid.uuid5(uuid.NAMESPACE_OID, str(n)))
        content = {"id_": id, "text": words(draw, int(draw.integers(120, 220))), "metadata": {"page": n % 300 + 1}}
        payload = {
            "document": f"file{n % 40}.pdf", "doc_id": f"{n % 40}", "page": n % 300 + 1, "page_label": str(n % 300 + 1),
            "pages": [n % 300 + 1], "start": n, "end": n + 900, "headings": [], "_node_type": "TextNode",
            "_node_content": json.dumps(content),
        }  # fmt: skip
        made.append(Point(id, vector.tolist(), None, payload))
    return made


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def measure(count: int, questions: int, embedder: BuiltinEmbedder) -> None:
    """One row: a collection of ``count`` chunks, the median over questions."""
    draw = np.random.default_rng(count)
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore(Path(folder) / "chunks", embedder.dimensions)
        keywords = KeywordIndex(store, {})
        recipe = Recipe()
        started = time.perf_counter()
        points = passages(draw, count, embedder.dimensions)
        made = time.perf_counter()
        for start in range(0, count, 1000):
            keywords.upsert(points[start : start + 1000])
        written = time.perf_counter()
        keywords.ensure(recipe.retriever.params)
        weighed = time.perf_counter()
        print(
            f"\n{count:,} chunks: made in {made - started:.1f} s, written in {written - made:.1f} s, "
            f"keyword weights settled in {weighed - written:.1f} s"
        )
        compare(store, keywords, recipe, [words(draw, 8) for _ in range(questions)], embedder)
        store.close()


def compare(
    store: EdgeStore, keywords: KeywordIndex, recipe: Recipe, questions: list[str], embedder: BuiltinEmbedder
) -> None:
    def embed(text: str) -> list[float]:
        return embedder.embed([text], "query")[0].tolist()

    def nearest(vector: object, name: str) -> object:
        request = edge.QueryRequest(limit=DEPTH, query=edge.Query.Nearest(vector, using=name))
        return store._shard.query(request)

    def bare_search(vector: list[float], text: str) -> None:
        sparse = query_vector(text, "english")
        nearest(vector, DENSE)
        nearest(edge.SparseVector(list(sparse.indices), list(sparse.values)), SPARSE)

    context = RetrievalContext(store, keywords, embed)
    retrieve(questions[0], recipe, context)
    times: dict[str, list[float]] = {"embed": [], "bare": [], "ours": [], "ours, given the vector": []}
    for text in questions:
        vector = embed(text)
        known = RetrievalContext(store, keywords, lambda _, vector=vector: vector)
        times["embed"].append(milliseconds(lambda text=text: embed(text)))
        times["bare"].append(milliseconds(lambda vector=vector, text=text: bare_search(vector, text)))
        times["ours"].append(milliseconds(lambda text=text: retrieve(text, recipe, context)))
        times["ours, given the vector"].append(
            milliseconds(lambda text=text, known=known: retrieve(text, recipe, known))
        )
    middle = {name: statistics.median(values) for name, values in times.items()}
    baseline = middle["embed"] + middle["bare"]
    print(f"  embedding the question          {middle['embed']:7.2f} ms")
    print(f"  bare engine, dense and sparse   {middle['bare']:7.2f} ms")
    print(f"  ours, all                       {middle['ours']:7.2f} ms   ratio {middle['ours'] / baseline:.2f}")
    searched = middle["ours, given the vector"]
    print(f"  ours, without embedding         {searched:7.2f} ms   ratio {searched / middle['bare']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, nargs="*", default=[5_000, 20_000])
    parser.add_argument("--questions", type=int, default=100)
    chosen = parser.parse_args()
    embedder = BuiltinEmbedder()
    for count in chosen.chunks:
        measure(count, chosen.questions, embedder)


if __name__ == "__main__":
    main()
