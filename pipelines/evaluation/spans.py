"""How much of the quoted text was retrieved, and what it cost: pure functions on ranges of characters.

The definitions are those of Chroma's "Evaluating Chunking Strategies for Retrieval" (Smith and Troynikov, 2024)
as its published code computes them. References are the ranges of one document that answer a question; where
two overlap, their common characters count once (in that code, twice in recall's denominator). Retrieved
passages are paid for in full, whatever document they come from, and twice where they overlap. All values are
0 to 1; nothing retrieved scores 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: (start, end) of a document's text, in characters; the end is not part of it.
Range = tuple[int, int]

#: (document, start, end) of a passage, in a list best first.
Retrieved = tuple[str, int, int]

#: The names of the metrics of one question, in the order of a report.
METRICS = ("recall", "precision", "precision_omega", "iou", "hit_at_k", "recall_at_budget")


def recall(retrieved: Sequence[Retrieved], document: str, references: Sequence[Range]) -> float:
    """Share of the quoted characters that are in a retrieved passage."""
    quoted = union(references)
    return _share(_found(retrieved, document, quoted), length(quoted))


def precision(retrieved: Sequence[Retrieved], document: str, references: Sequence[Range]) -> float:
    """Quoted characters found, each once, by the characters of all passages retrieved."""
    return _share(_found(retrieved, document, union(references)), _paid(retrieved))


def iou(retrieved: Sequence[Retrieved], document: str, references: Sequence[Range]) -> float:
    """Quoted characters found, by what was retrieved or should have been.

    The denominator is the length of all passages, and of the quoted characters that are in none.
    """
    quoted = union(references)
    found = _found(retrieved, document, quoted)
    return _share(found, _paid(retrieved) + length(quoted) - found)


def precision_omega(chunks: Iterable[tuple[Range, Range]], references: Sequence[Range]) -> float:
    """The precision of perfect retrieval: what the way of cutting costs, however good the search.

    All chunks that touch a reference are taken, and only they; overlap is paid once, and quoted characters in no
    chunk count as missed. A chunk that ends where a reference begins, or begins where it ends, touches it: so
    does Chroma's code, and its published figures depend on it.

    Args:
        chunks: (searched, read) of every chunk of the references' document. What is searched decides whether
            a chunk is taken; what is read is paid.
        references: Quoted ranges of that document.
    """
    quoted = union(references)
    taken = union(read for (start, end), read in chunks if any(start <= to and at <= end for at, to in quoted))
    return _share(_common(taken, quoted), length(union([*taken, *quoted])))


def hit_at_k(retrieved: Sequence[Retrieved], document: str, references: Sequence[Range]) -> float:
    """1 when a retrieved passage shares a character with a reference."""
    return float(_found(retrieved, document, union(references)) > 0)


def recall_at_budget(retrieved: Sequence[Retrieved], document: str, references: Sequence[Range], budget: int) -> float:
    """Recall of the first ``budget`` characters retrieved: strategies with short and long chunks compared fairly.

    Passages are taken from the first on, repeats paid twice; the one that crosses the budget is cut there.
    """
    taken: list[Retrieved] = []
    left = budget
    for name, start, end in retrieved:
        if left <= 0:
            break
        taken.append((name, start, min(end, start + left)))
        left -= end - start
    return recall(taken, document, references)


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same characters as ranges in order that neither overlap nor touch; empty ranges are dropped."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def length(ranges: Iterable[Range]) -> int:
    """Characters in all ranges together, repeats counted again."""
    return sum(end - start for start, end in ranges)


def _found(retrieved: Iterable[Retrieved], document: str, quoted: Sequence[Range]) -> int:
    """Characters of ``quoted`` (a union) that are in a passage."""
    return _common(union((start, end) for name, start, end in retrieved if name == document), quoted)


def _common(left: Sequence[Range], right: Sequence[Range]) -> int:
    """Characters that two unions share."""
    shared = i = j = 0
    while i < len(left) and j < len(right):
        shared += max(0, min(left[i][1], right[j][1]) - max(left[i][0], right[j][0]))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return shared


def _paid(retrieved: Iterable[Retrieved]) -> int:
    return length((start, end) for _, start, end in retrieved)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
