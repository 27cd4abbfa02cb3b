"""What the same question finds in the page as each reader read it; and whether a model sees."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.retrieval.base import Hit
from playground.lab.state import LETTERS
from playground.reading.finding import Found, Hits
from playground.reading.seeing import Looking
from playground.views.columns import letter_mark
from playground.views.evidence import scores
from playground.views.growth import failed, growth
from playground.views.html import bar, button, el, join
from playground.views.words import seconds


def empty() -> Markup:
    """Before a question."""
    words = "Ask something the page answers: each reader’s text is indexed by the recipe of the chat and searched."
    return el("p", words, class_="facts")


def found(there: Found) -> Markup:
    """A column's passages beside each other's."""
    lead = f"“{there.question}” · found by {there.retriever}, the same for every reader"
    return el(
        "section",
        el("p", lead, class_="facts"),
        growth(there, there.columns, "reader"),
        el("div", [_column(one) for one in there.rows], class_=f"hit-columns n{len(there.rows)}"),
    )


def _column(one: Hits) -> Markup:
    head = el("p", letter_mark(LETTERS[one.column]), " ", one.reader.name, class_="facts")
    if not one.hits:
        return el("div", head, el("p", "Nothing was found: it read no text.", class_="facts"))
    return el("div", head, el("ol", [_hit(hit) for hit in one.hits], class_="passages"))


def _hit(hit: Hit) -> Markup:
    head = el("p", el("i", f"#{hit.rank}", class_="n"), class_="passage-head")
    return el("li", head, scores(hit), el("p", hit.text, class_="whole", dir="auto"), class_="passage")


def sight(there: Looking | None) -> Markup:
    """A model's answer to a code in a picture."""
    if there is None:
        return Markup()
    letter = letter_mark(LETTERS[there.column])
    if there.state == "running":
        words = f"Showing {there.model or 'the first model that sees'} a picture of a random code …"
        stop = button("Stop", "see-stop", "", class_="quiet")
        return el("div", el("p", letter, " ", words, " ", stop, class_="facts"), bar(None, words), class_="busy")
    if not there.rows:
        return join(el("p", letter, " Stopped.", class_="facts")) if there.state == "stopped" else join(failed(there))
    (one,) = there.rows
    verdict = "Yes, it sees" if one.sees else "No, it does not see"
    told = f": the picture said {one.code}, {one.model} answered “{one.answer or 'nothing'}” in {seconds(one.seconds)}."
    return el("p", letter, " ", el("b", verdict), told, class_="note" if one.sees else "note warning")
