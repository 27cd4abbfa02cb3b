"""A text between its headings: what the strategies that follow a document's structure cut first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from pipelines.chunking.base import InsideParams, Span
from pipelines.chunking.measure import Measure
from pipelines.chunking.packing import pack
from pipelines.chunking.sentences import sentence_spans
from pipelines.loading.document import Heading
from pipelines.registry import knob

#: A heading's number or mark: "2.1 ", "IV. ", "## ".
_MARK = re.compile(r"[\s#]*(?:(?:\d+|[IVXivx]+|[A-Z])(?:\.\d+)*[.)]?\s+)?")


class SectionParams(InsideParams):
    """Knobs of the strategies that cut at headings."""

    depth: int = knob(
        6, "Deepest level of headings that opens a new chunk: 1 is chapters only.", minimum=1, maximum=6, step=1
    )
    header: bool = knob(
        True,
        "Put the document's title and the path of headings before each chunk when it is searched.",
        source="contextual chunk headers",
        fold=True,
    )


def sections(text: str, headings: Sequence[Heading], depth: int) -> list[Span]:
    """Adjoining ranges, one a heading, the text before the first one too.

    A heading followed by nothing but another heading stays with it, so that no chunk is a bare title.
    """
    borders = [0]
    titles: dict[int, str] = {}
    for heading in headings:
        start = _line_start(text, heading.start)
        if heading.level <= depth and start > borders[-1]:
            borders.append(start)
        titles.setdefault(start, heading.title)
    spans = [Span(a, b) for a, b in pairwise([*borders, len(text)])]
    joined: list[Span] = []
    waiting: int | None = None  # where a run of bare titles began
    for span in spans:
        start = span.start if waiting is None else waiting
        bare = _is_bare(text[span.start : span.end], titles.get(span.start))
        waiting = start if bare and span.end < len(text) else None
        if waiting is None:
            joined.append(Span(start, span.end))
    return joined


def _line_start(text: str, at: int) -> int:
    """Where a heading's line begins, if only its number or mark stands before the title."""
    start = text.rfind("\n", 0, at) + 1
    return start if _MARK.fullmatch(text, start, at) else at


def _is_bare(text: str, title: str | None) -> bool:
    """Whether a section is its title and nothing else (marks of Markdown and white space do not count)."""
    if not text.strip():
        return True
    return title is not None and all(a == b for a, b in zip_longest(_letters(text), _letters(title)))


def _letters(text: str) -> Iterator[str]:
    """What of a title counts: its number may stand in the text and not in the outline."""
    return filter(str.isalpha, text)


def pack_sections(text: str, found: Sequence[Span], measure: Measure, size: int, overlap: int) -> list[Span]:
    """Each section as one chunk where it fits, else its sentences packed; nothing reaches over a border."""
    sentences = sentence_spans(text)
    chunks: list[Span] = []
    at = 0
    for section in found:
        inside: list[Span] = []
        while at < len(sentences) and sentences[at].start < section.end:
            piece = Span(max(sentences[at].start, section.start), min(sentences[at].end, section.end))
            inside.append(piece)
            if sentences[at].end > section.end:
                break  # a sentence that runs over the border belongs to both sides
            at += 1
        chunks += pack(inside, measure, size, overlap)
    return chunks
