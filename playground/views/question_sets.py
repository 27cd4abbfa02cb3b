"""A set of labelled questions: to read, to edit, to take elsewhere; and questions a model wrote, to keep or drop."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.evaluation.questions import Question, to_jsonl
from playground.views.html import button, el, fold, join
from playground.views.tools import download, inline_form, sure
from playground.views.words import count


def question_set(name: str, questions: Sequence[Question], editable: bool) -> Markup:
    """Every question with its answer's words; a form to change its wording."""
    rows = [_row(at, one, editable) for at, one in enumerate(questions)]
    acts = [download("Export as JSON lines", to_jsonl(questions), "application/x-ndjson", f"{name}.jsonl")]
    if editable:
        rename = inline_form("rename", "", name, "Rename")
        acts += [rename, sure("Delete this set", "Delete for good", "delete", name)]
    unanswerable = sum(not one.answerable for one in questions)
    told = count(len(questions), "question")
    if unanswerable:
        told += f", {unanswerable} of them not answered by the documents"
    return el(
        "section",
        el("h2", name),
        el("p", told, class_="facts"),
        el("div", [join(act, " ") for act in acts], class_="set-acts"),
        el("ol", rows, class_="mine questions"),
    )


def _row(at: int, one: Question, editable: bool) -> Markup:
    page = f", p. {one.page}" if one.page else ""
    words = " … ".join(" ".join(part.text.split()) for part in one.quotes)
    place = (
        f"{one.document}{page}: “{words[:200]}{'…' if len(words) > 200 else ''}”" if one.quotes else "not answerable"
    )
    told = el("span", el("b", one.question), el("span", f" {place}", class_="facts"))
    acts: list[Markup] = [button("Ask it", "trace", at, class_="quiet small", aria_label=f"Ask: {one.question}")]
    if editable:
        acts.append(fold("Edit", inline_form("reword", str(at), one.question, "Save")))
        acts.append(button("Remove", "forget", at, class_="quiet small", aria_label=f"Remove: {one.question}"))
    return el("li", told, el("span", acts, class_="acts"))


def none() -> Markup:
    """No set yet."""
    words = (
        "A labelled question says what is asked and which words of which document answer it. Mark answers in “One "
        "question”, let a model write some below, or bring a file (YAML, JSON lines, CSV)."
    )
    return el("div", el("p", words), class_="desk empty")
