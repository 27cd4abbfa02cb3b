"""``python -m tests.benchmarks.chunking [FILE]``: cutting a 300-page manual, beside LlamaIndex's splitters.

Wants two seconds or less for ``fixed``, ``sentence`` and ``recursive``: tokens counted, chunks cut, and their
rectangles found on the pages by a process that is started for it. Reading the file is not in it. LlamaIndex's
splitters get the same text and sizes, and their nodes no rectangles: the ratio is that of the cut alone to
SentenceSplitter's. Best of several rounds.
"""

from __future__ import annotations

import random
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.parsing import WORDS, build_manual

ROUNDS, SIZE, OVERLAP = 3, 200, 20
WANTED = ("fixed", "sentence", "recursive")
OTHERS = ("page", "markdown", "structure", "window", "hierarchical")
LINES, WIDTH = 40, 84


def prose_page(rng: random.Random, page: int) -> Iterator[str]:
    """Paragraphs of sentences, a numbered heading, a list and a table now and then; about 2,300 characters."""
    lines = [f"{page // 10 + 1}.{page % 10 + 1} {rng.choice(WORDS).title()} of the {rng.choice(WORDS)}", ""]
    while len(lines) < LINES:
        kind = rng.random()
        if kind < 0.1:
            lines += [f"{row:4}  {rng.uniform(0, 999):8.2f}  {rng.uniform(0, 9):6.3f}" for row in range(5)]
        elif kind < 0.2:
            lines += [f"• {sentence(rng)}" for _ in range(4)]
        else:
            lines += textwrap.wrap(" ".join(sentence(rng) for _ in range(rng.randint(3, 7))), WIDTH)
        lines.append(" ")
    return iter(lines[:LINES])


def sentence(rng: random.Random) -> str:
    """Six to twenty words."""
    words = [rng.choice(WORDS) for _ in range(rng.randint(6, 20))]
    if len(words) > 12:
        words[5] += ","
    if rng.random() < 0.2:
        words.insert(4, f"(see Fig. {rng.randint(1, 40)})")
    return " ".join(words).capitalize() + rng.choice("....?")


def ours(path: Path, document: Any, name: str, unit: str) -> Callable[[], tuple[int, float, float]]:
    """A cut and its rectangles, from nothing: (chunks, seconds of the cut, of the rectangles)."""
    from pipelines.chunking import Bench, cut
    from pipelines.embedding.builtin import BuiltinEmbedder
    from pipelines.loading.places import rectangles_of
    from pipelines.recipe import choose

    embedder = BuiltinEmbedder()
    sizes = {"size": SIZE, "overlap": OVERLAP} if name in WANTED else {}
    chunker = choose("chunker", {"name": name, "params": {"unit": unit, **sizes}})

    def run() -> tuple[int, float, float]:
        begun = time.perf_counter()
        chunks = cut(document, chunker, Bench(embedder)).chunks
        cut_at = time.perf_counter()
        rectangles_of(path, document, [(chunk.span.start, chunk.span.end) for chunk in chunks])
        return len(chunks), cut_at - begun, time.perf_counter() - cut_at

    return run


def theirs(text: str, name: str) -> Callable[[], tuple[int, float, float]]:
    """LlamaIndex's splitter, with the tokenizer it takes by itself (cl100k)."""
    from llama_index.core import node_parser
    from llama_index.core.schema import Document

    splitter = getattr(node_parser, name)(chunk_size=SIZE, chunk_overlap=OVERLAP)

    def run() -> tuple[int, float, float]:
        begun = time.perf_counter()
        nodes = splitter.get_nodes_from_documents([Document(text=text)])
        return len(nodes), time.perf_counter() - begun, 0.0

    return run


def main() -> None:
    """Measure and print."""
    from pipelines.loading import load
    from pipelines.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "manual.pdf"
        if len(sys.argv) == 1:
            build_manual(path, lines_of=prose_page)
        document = load(path, settings=Settings())
        jobs = {f"LlamaIndex {name}": theirs(document.text, name) for name in ("SentenceSplitter", "TokenTextSplitter")}
        for unit in ("tokens", "cl100k"):
            jobs |= {f"{name}, {unit}": ours(path, document, name, unit) for name in (*WANTED, *OTHERS)}
        best = {what: (0, float("inf"), float("inf")) for what in jobs}
        for _ in range(ROUNDS):
            for what, job in jobs.items():
                best[what] = min(best[what], job(), key=lambda took: took[1] + took[2])
    print(f"{len(document.pages)} pages, {len(document.text):,} characters, {len(document.headings)} headings")
    baseline = best["LlamaIndex SentenceSplitter"][1]
    print(f"{'':28} {'chunks':>6} {'cut':>7} {'ratio':>6} {'rectangles':>11} {'both':>7}")
    for what, (chunks, cutting, places) in best.items():
        wanted = "(wanted: 2.00 s or less)" if what.partition(",")[0] in WANTED else ""
        ratio = cutting / baseline
        print(f"{what:28} {chunks:6,} {cutting:5.2f} s {ratio:6.2f} {places:9.2f} s {cutting + places:5.2f} s {wanted}")


if __name__ == "__main__":
    main()
