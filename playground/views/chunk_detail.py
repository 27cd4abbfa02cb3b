"""One chunk, picked: its text, its size, its place, what it resembles."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.chunking.base import Chunk
from pipelines.loading.document import Document
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.html import button, el, fold
from playground.views.words import place, score

_SHORT = 160

#: (index of a chunk, cosine) of the chunks that mean most nearly the same.
Neighbours = Sequence[tuple[int, float]]


def detail(
    document: Document,
    chunks: Sequence[Chunk],
    column: int,
    index: int,
    tokens: tuple[int, int],
    unit: str,
    neighbours: Neighbours | str,
) -> Markup:
    """The panel of a picked chunk.

    Args:
        document: Where it is from.
        chunks: Of its column.
        column: From 0.
        index: Of the chunk, from 0.
        tokens: Of what is searched, and of what is read.
        unit: The ruler's name.
        neighbours: The nearest chunks by meaning, or what to say while there are none.
    """
    letter, chunk = LETTERS[column], chunks[index]
    around = chunk.parents[0].span if chunk.parents else chunk.read
    text = document.text[chunk.span.start : chunk.span.end]
    step = [
        button("‹", "chunk", f"{letter}:{index - 1}", aria_label="Previous chunk", disabled=index == 0),
        button("›", "chunk", f"{letter}:{index + 1}", aria_label="Next chunk", disabled=index + 1 == len(chunks)),
        button("Close", "chunk", "", class_="quiet"),
    ]
    read = None
    if around != chunk.span:
        what = "Its parent, read when most of its pieces are found" if chunk.parents else "Read when this is found"
        whole = el("p", document.text[around.start : around.end], class_="whole")
        read = fold(f"{what}: {tokens[1]:,} {unit}", whole)
    return el(
        "section",
        el("div", el("h2", letter_mark(letter), f" Chunk {index + 1} of {len(chunks)}"), step, class_="detail-head"),
        _facts(document, chunk, tokens, unit),
        el("p", el("b", "Header, searched with it: "), chunk.header, class_="facts") if chunk.header else None,
        el("p", text, class_="whole chunk-text"),
        read,
        el("h3", "Nearest by meaning"),
        _nearest(document, chunks, letter, neighbours),
        class_=f"detail col-{letter.lower()}",
    )


def _facts(document: Document, chunk: Chunk, tokens: tuple[int, int], unit: str) -> Markup:
    pages = document.pages_of(chunk.span.start, chunk.span.end)
    where = ", ".join(place(page.number, page.label) for page in pages) if document.kind == "pdf" else ""
    path = " › ".join(document.heading_path(chunk.span.start))
    size = f"{tokens[0]:,} {unit}"
    letters = f"characters {chunk.span.start:,}–{chunk.span.end:,} ({chunk.span.end - chunk.span.start:,})"
    return el("p", " · ".join(part for part in (where, size, letters, path) if part), class_="facts")


def _nearest(document: Document, chunks: Sequence[Chunk], letter: str, neighbours: Neighbours | str) -> Markup:
    if isinstance(neighbours, str):
        return el("p", neighbours, class_="facts")
    if not neighbours:
        return el("p", "There is no other chunk.", class_="facts")
    rows = []
    for index, cosine in neighbours:
        span = chunks[index].span
        words = " ".join(document.text[span.start : min(span.end, span.start + _SHORT)].split())
        words += "…" if span.end > span.start + _SHORT else ""
        go = button(f"{letter} {index + 1}", "chunk", f"{letter}:{index}", class_="where")
        rows.append(el("li", go, el("span", f"cosine {score(cosine)}", class_="facts"), el("span", words)))
    return el("ol", rows, class_="nearest")
