"""BM25 as sparse vectors: saturated term frequencies in the documents, IDF in the store.

Score of document d for query q, summed over the distinct tokens t of q (Robertson and Zaragoza, 2009)::

    idf(t) · tf(t,d) · (k1 + 1) / (tf(t,d) + k1 · (1 − b + b · |d| / mean|d|))
    idf(t) = ln(1 + (N − n(t) + 0.5) / (n(t) + 0.5))

Tokens are Qdrant's: lower case, split at everything but letters and digits, stop words out, Snowball
stems. The weights depend on k1, b, the language and the mean length, so they are written again when one
of these changes (:class:`KeywordIndex`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, MutableMapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import islice
from threading import RLock
from typing import TYPE_CHECKING, Literal

from pipelines.registry import PartParams, knob
from pipelines.stores.base import Filter, Payload, Point, Scored, Sparse, Store
from pipelines.stores.payload import searched_text

if TYPE_CHECKING:
    import qdrant_edge

Language = Literal[
    "arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian",
    "italian", "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "turkish", "none",
]  # fmt: skip

#: The mean length may move this much (relative) before weights are written again.
DRIFT = 0.005

#: Points in one write.
BATCH = 1000


class Bm25Params(PartParams):
    """Knobs of BM25."""

    k1: float = knob(
        1.5, "How much a repeated word adds: 0 counts it once, high counts every time.",
        minimum=0, maximum=10, step=0.1, source="tf·(k1+1) / (tf + k1·…), Robertson and Zaragoza 2009", fold=True,
    )  # fmt: skip
    b: float = knob(
        0.75, "How much long passages are held back: 0 not at all, 1 in full proportion.",
        minimum=0, maximum=1, step=0.05, source="1 − b + b·length/mean length", fold=True,
    )  # fmt: skip
    language: Language = knob("english", "Stemmer and stop words; none: words as they are.", fold=True)


@dataclass(frozen=True)
class Terms:
    """The tokens of a text, counted. ``length`` is the number of tokens, repeats included."""

    indices: tuple[int, ...]
    counts: tuple[float, ...]

    @property
    def length(self) -> float:
        """Number of tokens."""
        return float(round(sum(self.counts)))


def count_terms(text: str, language: Language) -> Terms:
    """Distinct tokens of a text and how often each stands there."""
    vector = _encoder(language).embed_document(text)
    return Terms(tuple(vector.indices), tuple(vector.values))


def weigh(terms: Terms, mean: float, k1: float, b: float) -> Sparse:
    """A document's BM25 weights without IDF. ``mean`` is the collection's mean length, above 0."""
    held_back = k1 * (1 - b + b * terms.length / mean)
    return Sparse(terms.indices, tuple(tf * (k1 + 1) / (tf + held_back) for tf in terms.counts))


def query_vector(text: str, language: Language) -> Sparse:
    """A query's distinct tokens, each with weight 1; empty when there are only stop words."""
    vector = _encoder(language).embed_query(text)
    return Sparse(tuple(vector.indices), tuple(vector.values))


@lru_cache(maxsize=32)
def _encoder(language: Language) -> qdrant_edge.Bm25:
    """Qdrant's tokenizer. With k huge and b 0 its weights are the bare term frequencies."""
    import qdrant_edge as edge

    if language == "none":
        bare = edge.StopwordsSet(languages=set(), custom=set())
        config = edge.Bm25Config(k=1e9, b=0, avg_len=1, stopwords=bare, stemmer=edge.DisabledStemmer())
    else:
        config = edge.Bm25Config(k=1e9, b=0, avg_len=1, language=language)
    return edge.Bm25(config)


@dataclass(frozen=True)
class _Written:
    """What the weights in the store were made with, and what the collection holds now."""

    k1: float
    b: float
    language: Language
    mean: float  # in the weights
    points: int = 0
    tokens: float = 0.0
    sure: bool = True  # False while points are written: a killed process leaves the sums unknown
    whole: bool = True  # False while weights are written again

    def plus(self, points: int, tokens: float) -> _Written:
        return replace(self, points=self.points + points, tokens=self.tokens + tokens)

    def fits(self, params: Bm25Params) -> bool:
        """Weights made with these knobs, and a mean still near enough."""
        same = (self.k1, self.b, self.language) == (params.k1, params.b, params.language)
        now = max(1.0, self.tokens / self.points) if self.points else self.mean
        return self.whole and same and abs(now - self.mean) <= DRIFT * self.mean


class KeywordIndex:
    """The sparse half of a collection: writes go through it, so that its weights are always right.

    One object per collection and process: it serialises rewriting and searching.

    Args:
        store: The collection.
        state: A small mapping that outlives the process; one key of it is used.
        text_of: The text of a payload.
    """

    KEY = "bm25"

    def __init__(
        self, store: Store, state: MutableMapping[str, str], text_of: Callable[[Payload], str] = searched_text
    ) -> None:
        self.store = store
        self._state = state
        self._text_of = text_of
        self._lock = RLock()

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points with their sparse vectors made from their text (given ones are replaced)."""
        if not points:
            return
        with self._lock:
            written = self._read()
            language = written.language if written else Bm25Params().language
            terms = {point.id: self._terms(point.payload, language) for point in points}
            written = written or self._first(terms.values())
            old = [self._terms(payload, language).length for payload in self.store.payloads(list(terms)).values()]
            vectors = {id: weigh(one, written.mean, written.k1, written.b) for id, one in terms.items()}
            self._write(replace(written, sure=False))
            self.store.upsert([replace(point, sparse=vectors[point.id]) for point in points])
            new = sum(one.length for one in terms.values())
            self._write(written.plus(len(terms) - len(old), new - sum(old)))

    def delete(self, where: Filter) -> None:
        """Remove points."""
        with self._lock:
            written = self._read()
            if written is None:
                self.store.delete(where)
                return
            gone = [self._terms(point.payload, written.language).length for point in self.store.scroll(where)]
            self._write(replace(written, sure=False))
            self.store.delete(where)
            self._write(written.plus(-len(gone), -sum(gone)))

    def ensure(self, params: Bm25Params) -> bool:
        """Make the weights fit ``params`` and the collection's mean length; True if any were written.

        Free as long as no knob changed and the mean moved by less than 0.5 %. Else every text is read
        and weighed again (a few seconds for 20,000 chunks). Killed half-way, it starts again.
        """
        with self._lock:
            written = self._read()
            if written is not None and written.sure and written.fits(params):
                return False
            terms = {point.id: self._terms(point.payload, params.language) for point in self.store.scroll()}
            tokens = sum(one.length for one in terms.values())
            if written is not None:
                written = replace(written, points=len(terms), tokens=tokens, sure=True)
                if written.fits(params):
                    self._write(written)
                    return False
            mean = _mean(terms.values())
            made = _Written(params.k1, params.b, params.language, mean, len(terms), tokens)
            self._write(replace(made, whole=False))
            vectors = ((id, weigh(one, mean, params.k1, params.b)) for id, one in terms.items())
            for batch in _batched(vectors):
                self.store.set_sparse(dict(batch))
            self._write(made)
            return True

    def search(self, query: str, limit: int, params: Bm25Params, where: Filter | None = None) -> list[Scored]:
        """The best passages by BM25, best first; empty when no word of the query is in the collection."""
        vector = query_vector(query, params.language)
        with self._lock:
            self.ensure(params)
            return self.store.sparse(vector, limit, where)

    def _terms(self, payload: Payload, language: Language) -> Terms:
        return count_terms(self._text_of(payload), language)

    def _first(self, terms: Collection[Terms]) -> _Written:
        """Settings of a collection nobody kept a note of; the sums are known if it is empty."""
        empty = self.store.count() == 0
        return _Written(**Bm25Params().model_dump(), mean=_mean(terms), sure=empty, whole=empty)

    def _read(self) -> _Written | None:
        text = self._state.get(self.KEY)
        try:
            return _Written(**json.loads(text)) if text else None
        except (TypeError, ValueError):  # another version's note: weights are made anew
            return None

    def _write(self, written: _Written) -> None:
        self._state[self.KEY] = json.dumps(asdict(written))


def _mean(terms: Collection[Terms]) -> float:
    """Mean length, at least 1, so that a collection without words divides by something."""
    return max(1.0, sum(one.length for one in terms) / len(terms)) if terms else 1.0


def _batched(items: Iterable[tuple[str, Sparse]]) -> Iterable[list[tuple[str, Sparse]]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
