"""Around the columns of the retrieval lab: its toolbar, what it says when empty, the head of an opened passage."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.loading.document import Document
from playground.finding.state import Finding
from playground.views.html import button, el
from playground.views.tools import how_many, zooms
from playground.views.words import place


def toolbar(lab: Finding) -> Markup:
    """How many columns."""
    return el("div", how_many(lab.shown), class_="toolbar lab-toolbar")


def empty() -> Markup:
    """The lab before a question."""
    words = (
        "Type a question, press Enter, and see what each way of searching finds in your documents, and why. "
        "Try first: a question with a number or a name in it; meaning often misses what words find."
    )
    return el("div", el("p", words), class_="desk empty")


def gone() -> Markup:
    """A passage whose document was removed or cut anew."""
    return el("p", "That passage is not in the index any more. Run the question again.", class_="facts")


def passage_head(document: Document, start: int, end: int, zoom: int) -> Markup:
    """Where the passage stands, zoom, and how to mark an answer."""
    page = document.page_at(start)
    words = place(page.number, page.label) if document.kind == "pdf" else f"characters {start:,} to {end:,}"
    hint = "Select the words that answer the question to keep it as a labelled question."
    return el(
        "div",
        el("h2", document.name, ", ", words),
        el("span", hint, class_="facts"),
        el("div", zooms(zoom), class_="group end") if document.kind == "pdf" else None,
        button("Close", "close", "", class_="quiet"),
        class_="toolbar lab-toolbar passage-bar",
    )
