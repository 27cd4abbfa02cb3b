"""Rankings for labelled questions at three levels, so that the metrics of ranking hold for passages: pure functions.

::

    document   distinct documents, in the order of their first passage      relevant: the question's document
    page       distinct pages, in the order of their first passage          relevant: pages the quotes stand on
    quote      passages; the first that holds a quote counts as that quote  relevant: the quotes
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.evaluation import ranking
from pipelines.evaluation.spans import Range

#: Items of a ranking that are looked at; recall@100 needs no more.
DEPTH = 100

#: Share of a quote, or of a passage, from which the passage holds the quote.
HELD = 0.5


@dataclass(frozen=True)
class Passage:
    """What was retrieved: ``text[start:end]`` of a document, and the physical pages it touches, in order."""

    document: str
    start: int
    end: int
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Where a question's answer stands: ranges of one document, and the pages they are on."""

    document: str
    quotes: tuple[Range, ...]
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A ranking of ids, best first, each once; and the grade of every relevant id."""

    ids: tuple[str, ...]
    grades: dict[str, int]


def metrics(passages: Sequence[Passage], wanted: Wanted, k: int) -> dict[str, float]:
    """The metrics of :func:`pipelines.evaluation.ranking.all_metrics` at every level, by name.

    Those of quotes have the bare names (``ndcg@10``), the others a prefix (``page:ndcg@10``,
    ``document:ndcg@10``).

    Args:
        passages: Best first; the first :data:`DEPTH` count.
        wanted: Where the answer stands.
        k: Passages an answer uses.
    """
    levels = {"": by_quote, "page:": by_page, "document:": by_document}
    found: dict[str, float] = {}
    for prefix, judge in levels.items():
        judged = judge(passages[:DEPTH], wanted)
        values = ranking.all_metrics(judged.ids, judged.grades, k)
        found |= {prefix + name: value for name, value in values.items()}
    return found


def by_document(passages: Sequence[Passage], wanted: Wanted) -> Judged:
    """Distinct documents in the order of their first passage."""
    return _judged((one.document for one in passages), [wanted.document])


def by_page(passages: Sequence[Passage], wanted: Wanted) -> Judged:
    """Distinct pages in the order of their first passage; a passage on several pages gives them in order."""
    found = (_page(one.document, page) for one in passages for page in one.pages)
    return _judged(found, [_page(wanted.document, page) for page in wanted.pages])


def by_quote(passages: Sequence[Passage], wanted: Wanted) -> Judged:
    """Passages, each as the quotes it is the first to hold, in their order; as a miss where it holds none anew.

    A passage holds a quote when they share at least half of the quote's characters, or half of the passage's: a
    quote may be longer than a chunk.
    """
    quotes = list(dict.fromkeys(wanted.quotes))
    ids: list[str] = []
    for at, passage in enumerate(passages):
        held = (n for n, quote in enumerate(quotes) if passage.document == wanted.document and _holds(passage, quote))
        new = [name for name in map(_quote, held) if name not in ids]
        ids += new or [f"miss {at}"]
    return _judged(ids, [_quote(n) for n in range(len(quotes))])


def in_order(read: Sequence[Passage], found: Iterable[Passage], depth: int = DEPTH) -> list[Passage]:
    """What is read, then what else was found and is not inside of what is read; at most ``depth``."""
    others = (one for one in found if not any(_inside(one, whole) for whole in read))
    return [*read, *others][:depth]


def _judged(ids: Iterable[str], relevant: Iterable[str]) -> Judged:
    return Judged(tuple(dict.fromkeys(ids)), dict.fromkeys(relevant, 1))


def _holds(passage: Passage, quote: Range) -> bool:
    start, end = quote
    shared = min(end, passage.end) - max(start, passage.start)
    return shared > 0 and shared >= HELD * min(end - start, passage.end - passage.start)


def _inside(one: Passage, whole: Passage) -> bool:
    return one.document == whole.document and whole.start <= one.start and one.end <= whole.end


def _page(document: str, page: int) -> str:
    return f"{document} p. {page}"


def _quote(number: int) -> str:
    return f"quote {number}"
