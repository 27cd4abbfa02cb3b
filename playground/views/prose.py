"""Model text as HTML: Markdown without raw HTML, pictures or links, so that nothing is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from playground.views.html import button, el, join

#: ``[1]``, ``[1, 3]``, ``[1][2]``: what an answer writes to cite passages.
CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")

_OFF = ["image", "link", "autolink", "html_inline", "html_block", "reference", "entity"]


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable(_OFF)


def prose(text: str, passages: int = 0, message: str = "") -> Markup:
    """Markdown to markup; ``[n]`` with 1 <= n <= ``passages`` becomes a button that shows the passage.

    Args:
        text: What the model wrote. Untrusted.
        passages: How many passages the prompt held.
        message: Id of the message, so that the button knows whose passage it shows.
    """
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_cited(token.children, passages, message))
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - raw HTML is off


def verbatim(text: str, passages: int = 0, message: str = "") -> Markup:
    """Quotes as paragraphs, word for word: what looks like Markdown in them belongs to the document."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return join([el("p", citations(part, passages, message)) for part in paragraphs])


def _cited(tokens: list[Token], passages: int, message: str) -> Iterator[Token]:
    for token in tokens:
        if token.type != "text" or not CITATION.search(token.content):
            yield token
            continue
        yield Token("html_inline", "", 0, content=str(citations(token.content, passages, message)))


def citations(text: str, passages: int, message: str) -> Markup:
    """Plain text with its ``[n]`` turned into buttons; numbers of no passage stay text."""
    pieces: list[str | Markup] = []
    last = 0
    for match in CITATION.finditer(text):
        numbers = [int(n) for n in re.split(r"\s*[,;]\s*", match[1])]
        if not all(1 <= n <= passages for n in numbers):
            continue
        pieces += [text[last : match.start()], *(chip(n, message) for n in numbers)]
        last = match.end()
    return join(*pieces, text[last:])


def chip(n: int, message: str) -> Markup:
    """The button of citation ``n``."""
    return button(str(n), "cite", f"{message}:{n}", class_="cite", aria_label=f"Show passage {n}")
