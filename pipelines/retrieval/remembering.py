"""Lists fetched once and used again: what lets a slider move without a new search.

A list is fetched at its greatest length; every shorter one is its beginning (stores break ties by id).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from time import perf_counter
from typing import Any, TypeVar

from pipelines.retrieval.bm25 import Bm25Params
from pipelines.retrieval.candidates import Keywords, Passages, RetrievalContext
from pipelines.stores.base import Filter, Payload, Scored

T = TypeVar("T")

#: Length of a list that is kept: the most a depth may be.
DEEPEST = 1000


@dataclass
class Fetched:
    """What has been fetched, and how long each fetch took. ``fetches`` counts them by stage."""

    kept: dict[Hashable, Any] = field(default_factory=dict)
    seconds: dict[Hashable, float] = field(default_factory=dict)
    fetches: dict[str, int] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def get(self, stage: str, key: Hashable, fetch: Callable[[], T]) -> T:
        """The value, fetched now if it is not there."""
        with self.lock:
            if (stage, key) not in self.kept:
                started = perf_counter()
                self.kept[stage, key] = fetch()
                self.seconds[stage] = perf_counter() - started
                self.fetches[stage] = self.fetches.get(stage, 0) + 1
            found: T = self.kept[stage, key]
            return found


def remembering(context: RetrievalContext, fetched: Fetched) -> RetrievalContext:
    """The context with a memory: same lists, same order, each fetched once."""

    def embed_query(text: str) -> Sequence[float]:
        return fetched.get("embed", text, lambda: tuple(context.embed_query(text)))

    return replace(
        context,
        store=_Store(context.store, fetched),
        keyword_index=_Words(context.keyword_index, fetched),
        embed_query=embed_query,
    )


@dataclass(frozen=True)
class _Store:
    store: Passages
    fetched: Fetched

    def dense(self, vector: Sequence[float], limit: int, where: Filter | None = None) -> list[Scored]:
        deep = max(limit, DEEPEST)
        key = (tuple(vector), deep, _key(where))
        return self.fetched.get("semantic", key, lambda: self.store.dense(vector, deep, where))[:limit]

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        return self._some("payloads", ids, self.store.payloads)

    def vectors(self, ids: Sequence[str]) -> dict[str, Sequence[float]]:
        return self._some("vectors", ids, self.store.vectors)

    def _some(self, what: str, ids: Sequence[str], fetch: Callable[[list[str]], dict[str, T]]) -> dict[str, T]:
        kept = self.fetched.kept
        missing = [id for id in ids if (what, id) not in kept]
        if missing:
            kept.update({(what, id): value for id, value in fetch(missing).items()})
        return {id: kept[what, id] for id in ids if (what, id) in kept}


@dataclass(frozen=True)
class _Words:
    words: Keywords
    fetched: Fetched

    def search(self, query: str, limit: int, params: Bm25Params, where: Filter | None = None) -> list[Scored]:
        deep = max(limit, DEEPEST)
        key = (query, deep, params.k1, params.b, params.language, _key(where))
        return self.fetched.get("keyword", key, lambda: self.words.search(query, deep, params, where))[:limit]


def _key(where: Filter | None) -> Hashable:
    return tuple((name, tuple(values)) for name, values in where.items()) if where else ()
