"""The engine of the RAG playground: from a file and a question to a cited answer, without any user interface.

::

    file ──load──▶ pages ──chunk──▶ nodes ──embed──▶ collection
                                                       │
    question ─────────────────retrieve─────────────────┘──▶ hits ──answer──▶ events

Rooms, in the order of the flow::

    library.py     the front door: Library.open(), add, search, ask
    recipe.py      a whole configuration as one frozen value; registry.py  what a part is; settings.py; errors.py
    recipes/       recipes as files, as scripts, under names; recipe.schema.json; named_files.py  what people save
    loading/       PDF, Markdown, text to documents; page pictures; in a process of its own
    reading/       readers: one part a file
    chunking/      chunkers: one part a file; spans, nodes
    embedding/     embedding models: one part a file; rulers that count tokens; the cache of vectors
    stores/        the store contract; Qdrant Edge in process, a Qdrant server by URL
    scratch.py     collections for comparison, thrown away: what the labs and evaluation search; remembered.py
    collection.py  what a fingerprint names; indexing.py  a document into one; intake.py  files into the library
    catalog.py     what the library knows, in SQLite; shelf.py  the files themselves; conversations.py
    retrieval/     retrievers and rerankers: one part a file; fusion and BM25
    engines/       Ollama and the built-in model: chat streams, models, pull; sampling options, presets, the probe
    samples.py     one text drawn, as a growing value
    sampling.py    the mathematics of the draw; lens/  a finished answer under other knobs
    answering/     prompt, context budget, answer styles (one part a file), citations, quote check
    events.py      what all of this reports while it works
    database.py    one SQLite file: opened, migrated, written to
    runs/          every experiment: kept, found again, compared, watched over time
    evaluation/    pure metrics; labelled questions; public collections
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.library import Library
    from pipelines.recipe import Recipe
    from pipelines.settings import Settings

__all__ = ["Library", "Recipe", "Settings"]

_HOMES = {"Library": "pipelines.library", "Recipe": "pipelines.recipe", "Settings": "pipelines.settings"}


def __getattr__(name: str) -> Any:
    """Import the front door when it is first knocked at: `import pipelines.x` alone stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pipelines' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
