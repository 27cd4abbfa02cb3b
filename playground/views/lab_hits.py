"""What one question finds in each column, and what it would cost in the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.retrieval.base import Hit
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.evidence import scores
from playground.views.html import button, el, fold
from playground.views.words import where

_SHORT = 180


def hit_columns(question: str, retriever: str, columns: Sequence[tuple[Sequence[Hit], int, int] | str]) -> Markup:
    """The hits of each column.

    Args:
        question: As asked.
        retriever: What found them, the same for every column.
        columns: Hits, their tokens in the prompt, their characters; or what to say instead.
    """
    found = [_column(LETTERS[at], one) for at, one in enumerate(columns)]
    lead = el("p", f"“{question}” · found by {retriever}, the same in every column", class_="facts")
    return el("section", el("h2", "Found"), lead, el("div", found, class_=f"hit-columns n{len(found)}"))


def _column(letter: str, found: tuple[Sequence[Hit], int, int] | str) -> Markup:
    if isinstance(found, str):
        return el("div", el("p", letter_mark(letter), " ", found, class_="facts"))
    hits, tokens, characters = found
    cost = el("b", f"{tokens:,} tokens")
    head = el("p", letter_mark(letter), " ", cost, f" in the prompt ({characters:,} characters)", class_="facts")
    if not hits:
        return el("div", head, el("p", "Nothing was found.", class_="facts"))
    return el("div", head, el("ol", [_hit(letter, hit) for hit in hits], class_="passages"))


def _hit(letter: str, hit: Hit) -> Markup:
    first = button(
        [el("i", f"#{hit.rank}", class_="n"), el("span", where(hit))],
        "goto",
        f"{letter}:{hit.start}",
        class_="passage-head",
        aria_label=f"Show hit {hit.rank} of {letter}",
    )
    short = hit.text if len(hit.text) <= _SHORT else hit.text[: _SHORT - 1].rstrip() + "…"
    body: Markup = el("p", short, class_="excerpt")
    if len(hit.text) > _SHORT:
        body = fold(el("span", short, class_="excerpt"), el("p", hit.text, class_="whole"), class_="more")
    return el("li", first, scores(hit), body, class_="passage")
