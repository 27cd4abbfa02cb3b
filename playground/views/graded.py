"""Answers judged: means, then a row a question with its answer, its grades, and why a grade is missing."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from pipelines.evaluation.bootstrap import Interval
from pipelines.evaluation.judging import Graded, summary, warnings
from playground.finding.grading import Grading
from playground.views.growth import growth
from playground.views.html import el, fold, tip
from playground.views.words import count, seconds

#: Metric -> (what it means, which way is better, how it is written).
_WHAT: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "answered": ("There is an answer at all.", "higher is better", lambda v: f"{v:.2f}"),
    "refusal": ("It refuses exactly what the documents do not answer.", "higher is better", lambda v: f"{v:.2f}"),
    "faithfulness": ("The judge finds the answer supported by its passages.", "higher is better", lambda v: f"{v:.2f}"),
    "relevancy": ("The judge finds answer and passages to fit the question.", "higher is better", lambda v: f"{v:.2f}"),
    "correctness": (
        "The judge compares it to the reference answer, 1 to 5.",
        "higher is better",
        lambda v: f"{v:.1f}",
    ),
    "quotes exact": ("Citations whose words stand there word for word.", "higher is better", lambda v: f"{v:.2f}"),
    "quotes close": ("Citations whose words nearly stand there.", "no direction", lambda v: f"{v:.2f}"),
    "quotes none": ("Citations whose words do not stand there.", "lower is better", lambda v: f"{v:.2f}"),
    "seconds": ("From question to the end of the answer.", "lower is better", seconds),
}


def graded(found: Grading) -> Markup:
    """The panel."""
    judge = f"judged by {found.judge}" if found.judge else "without a judge"
    means = summary(found.rows)
    cells = [el("li", tip(name, ". ".join(_WHAT[name][:2])), _mean(name, one)) for name, one in means.items()]
    notes = list(warnings(found.rows))
    if found.missing:
        notes.append(f"No judge, so no faithfulness, relevancy and correctness: {found.missing}")
    names = [name for name in _WHAT if any(name in row.grades or name in row.reasons for row in found.rows)]
    head = el("tr", el("th", "question and answer"), [el("th", tip(name, _WHAT[name][0])) for name in names])
    table = el("table", el("thead", head), el("tbody", [_row(row, names) for row in found.rows]), class_="numbers each")
    return el(
        "section",
        el("h2", f"Answers of {found.label}: {count(found.asked, 'question')}, {judge}"),
        growth(found, found.asked, "question"),
        [el("p", f"⚠ {note}", class_="warning") for note in notes],
        el("ul", cells, class_="means") if cells else None,
        el("div", table, class_="wide") if found.rows else None,
    )


def _mean(name: str, one: Interval) -> Markup:
    write = _WHAT[name][2]
    return el("b", write(one.mean)) + el("span", f"{write(one.low)} to {write(one.high)}", class_="facts")


def _row(row: Graded, names: list[str]) -> Markup:
    by = f"{row.model} ({row.engine})" if row.model else "quotes, no model" if row.answer else ""
    short = row.answer if len(row.answer) <= 160 else row.answer[:159] + "…"
    answer: Markup = el("span", short or row.failed, class_="facts")
    if len(row.answer) > 160:
        answer = fold(answer, el("p", row.answer, class_="whole"), class_="more")
    first = el("th", row.question.question, el("span", f" {by}", class_="facts"), answer)
    return el("tr", first, [_cell(row, name) for name in names], class_="failed" if row.failed else None)


def _cell(row: Graded, name: str) -> Markup:
    """A grade with the judge's words, or why it is missing."""
    if name in row.grades:
        value = _WHAT[name][2](row.grades[name])
        said = row.said.get(name, "")
        return el("td", tip(value, said) if said else value)
    why = row.reasons.get(name, "")
    return el("td", tip("–", why) if why else "–", class_="facts")
