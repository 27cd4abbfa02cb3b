"""Questions that a model wrote: each with its words on the page, to keep or drop; and what was of no use, and why."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.evaluation.making import Dropped, Made
from playground.finding.drafting import Drafts
from playground.views.growth import growth
from playground.views.html import button, el, fold
from playground.views.words import count


def drafts(found: Drafts, into: str) -> Markup:
    """The list, the newest last."""
    decided = dict(found.decided)
    made = [(at, one) for at, one in enumerate(found.rows) if isinstance(one, Made)]
    useless = [one for one in found.rows if isinstance(one, Dropped)]
    open_ = [(at, one) for at, one in made if at not in decided]
    kept = sum(what == "keep" for what in decided.values())
    told = f"{count(len(made), 'question')} written by {found.by} about {found.document}, {kept} kept in {into}."
    doubt = el("p", "⚠ A tiny model writes: expect few questions of use.", class_="warning") if found.doubtful else None
    return el(
        "section",
        growth(found, len(found.pages), "page"),
        el("p", told, class_="facts"),
        doubt,
        el("ol", [_made(at, one) for at, one in open_], class_="mine questions"),
        fold(f"Of no use ({len(useless)})", el("ul", [_dropped(one) for one in useless])) if useless else None,
    )


def _made(at: int, one: Made) -> Markup:
    question = one.question
    words = " ".join(question.quotes[0].text.split())
    place = el("span", f" p. {question.page}: “{words}”", class_="facts")
    note = el("span", one.note, class_="warning") if one.note else None
    acts = [button("Keep", "keep", at, class_="quiet small"), button("Drop", "drop", at, class_="quiet small")]
    return el("li", el("span", el("b", question.question), place, note), el("span", acts, class_="acts"))


def _dropped(one: Dropped) -> Markup:
    words = f"p. {one.page}: {one.reason}"
    return el("li", el("b", one.question) if one.question else None, f" {words}", class_="facts")


def none() -> Markup:
    """Before anything was written."""
    words = (
        "The session’s language model reads pages and writes questions with the exact words that answer them. A quote "
        "that does not stand on its page is dropped, and you are told; what is left you keep or drop one by one."
    )
    return el("p", words, class_="facts")
