"""Strategies measured on labelled questions: means, intervals, and whether a difference is more than noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from pipelines.evaluation.bootstrap import Interval
from pipelines.evaluation.question_sets import MINE
from pipelines.evaluation.questions import Question, to_jsonl
from pipelines.evaluation.strategies import Row
from playground.lab.state import LETTERS
from playground.measurements import Measurement
from playground.views.columns import letter_mark
from playground.views.growth import failed
from playground.views.html import bar, button, el, fold, join, tip
from playground.views.tools import download
from playground.views.words import count, seconds

_SOURCE = "Chroma, “Evaluating Chunking Strategies”, 2024"

#: Where the axis of a row may end.
_EDGES = (0.02, 0.05, 0.1, 0.2, 0.5, 1)

#: Metric -> (what it is called, what it means). All are 0 to 1, higher is better.
METRICS = {
    "recall": ("recall", f"Share of the quoted words that are in the passages an answer would read ({_SOURCE})."),
    "precision": (
        "precision",
        f"Quoted words by all words of the passages; what stands in two passages is paid twice ({_SOURCE}).",
    ),
    "iou": ("IoU", f"Quoted words found, by everything read or missed: recall and precision in one ({_SOURCE})."),
    "precision_omega": (
        "precision Ω",
        "Precision if exactly the chunks that touch a quote had been found: what the cutting alone allows "
        f"({_SOURCE}).",
    ),
    "hit_at_k": ("hit@k", "Share of questions for which at least one passage holds words of a quote."),
    "recall_at_budget": (
        "recall at budget",
        "Recall of the best passages up to an equal number of characters: recall at k alone rewards large chunks.",
    ),
}


def measured(found: Measurement) -> Markup:
    """The table: a metric a row, a column a column, with progress while it grows."""
    letters = LETTERS[: len(found.recipes)]
    names = [str(recipe.choice("chunker")) for recipe in found.recipes]
    titles = [el("th", letter_mark(letter), " ", name) for letter, name in zip(letters, names, strict=True)]
    head = el("tr", el("th", "mean, 95 % interval"), titles)
    rows = [_metric(name, found) for name in METRICS]
    facts = [_facts(name, why, [value(row) for row in found.rows], len(letters)) for name, why, value in _FACTS]
    return el(
        "section",
        el("h2", f"Measured on {count(found.asked, 'question')}"),
        state(found, "Column"),
        el("table", el("thead", head), el("tbody", rows, facts), class_="numbers measured") if found.rows else None,
        _notes(found),
    )


def state(found: Measurement, what: str) -> Markup | None:
    """Where a measurement stands, how it ended if not well; ``what`` a row is called."""
    match found.state:
        case "running":
            at = len(found.rows)
            step = found.progress
            steps = {"embedding": "embedding chunks", "cutting": "cutting", "asking": "asking"}
            words = f"{what} {at + 1} of {len(found.recipes)}"
            part = 0.0
            left_in_all = found.seconds_left(len(found.recipes) - at)
            whole = f"; about {seconds(left_in_all)} left in all" if left_in_all else ""
            if step is not None and step.total:
                left = f", about {seconds(step.seconds_left)} left for this one" if step.seconds_left else ""
                words += (
                    f": {steps.get(step.stage, step.stage)}, {step.done:,} of {step.total:,}{'' if whole else left}"
                )
                part = step.done / step.total
            return el("div", el("p", words, whole), bar((at + part) / len(found.recipes), words), class_="status busy")
        case "stopped":
            return el("p", f"Stopped: {len(found.rows)} of {len(found.recipes)} are done.", class_="warning")
    return failed(found)


def _metric(name: str, found: Measurement) -> Markup:
    title, why = METRICS[name]
    if name == "recall_at_budget":
        title = f"recall at {found.budget:,} characters"
    top = next(edge for edge in _EDGES if all(row.metrics[name].high <= edge for row in found.rows) or edge == 1)
    cells = []
    for at in range(len(found.recipes)):
        if at >= len(found.rows):
            cells.append(el("td", "…", class_="facts"))
            continue
        mean = found.rows[at].metrics[name]
        versus = _versus(found.rows[at].difference(found.rows[0], [name])[name]) if at else None
        cells.append(el("td", el("b", f"{mean.mean:.3f}"), interval_bar(mean, LETTERS[at], top), versus))
    scale = el("span", f"bars: 0 to {top:g}", class_="facts")
    return el("tr", el("th", tip(title, f"{why} 0 to 1, higher is better."), scale), cells)


def _versus(difference: Interval) -> Markup:
    """A difference to column A, over the same questions."""
    span = f"{difference.mean:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}, paired by question"
    if difference.low <= 0 <= difference.high:
        return el("span", tip("≈ A, within noise", f"{span}: it holds 0, so it may be chance."), class_="versus same")
    word, sign = ("better", "▲") if difference.mean > 0 else ("worse", "▼")
    words = f"{sign} {difference.mean:+.3f}, {word} than A"
    return el("span", tip(words, span), class_=f"versus {word}")


def interval_bar(value: Interval, letter: str, top: float) -> Markup:
    """A mean and its interval on a line from 0 to ``top``, the same in every cell of a row."""
    label = f"{value.mean:.3f}, 95 % interval {value.low:.3f} to {value.high:.3f}"
    low, mean, high = (min(max(v / top, 0.0), 1.0) * 100 for v in (value.low, value.mean, value.high))
    line = [
        el("path", d="M0 6H100", class_="axis"),
        el("rect", x=f"{low:.1f}", y=3, width=f"{max(1.0, high - low):.1f}", height=6, class_="range"),
        el("rect", x=f"{min(mean, 98.4):.1f}", y=0, width=1.6, height=12, class_="mean"),
    ]
    return el(
        "svg", el("title", label), line, viewBox="0 0 100 12", preserveAspectRatio="none",
        class_=f"interval col-{letter.lower()}", role="img", aria_label=label,
    )  # fmt: skip


_FACTS: tuple[tuple[str, str, Callable[[Row], str]], ...] = (
    ("chunks", "Of all documents asked about.", lambda row: f"{row.chunks:,}"),
    ("mean size", "Of a chunk, in the unit named.", lambda row: f"{row.mean_tokens:.0f} {row.unit}"),
    ("vectors to store", "Points in the index.", lambda row: f"{row.vectors:,}"),
    ("search p50 · p95", "Of one question: embedding, lists, fusion.",
     lambda row: f"{seconds(row.p50_ms / 1000)} · {seconds(row.p95_ms / 1000)}"),
    ("cutting · embedding", "Nothing for vectors already made.",
     lambda row: f"{seconds(row.cutting_s)} · {seconds(row.embedding_s)}"),
)  # fmt: skip


def _facts(name: str, why: str, values: Sequence[str], columns: int) -> Markup:
    cells = [el("td", values[at] if at < len(values) else "…", class_="facts") for at in range(columns)]
    return el("tr", el("th", tip(name, why)), cells)


def _notes(found: Measurement) -> Markup | None:
    lines = [f"Not asked: {'; '.join(found.left_out)}."] if found.left_out else []
    k = {getattr(recipe.choice("retriever").params, "k", None) for recipe in found.recipes}
    retrievers = {str(recipe.choice("retriever")) for recipe in found.recipes}
    how = f"{' / '.join(sorted(retrievers))}, k = {', '.join(map(str, k))}"
    lines.append(f"Every column searches all documents of the set, with {how}.")
    lines += sorted({note for row in found.rows for note in row.notes})
    return el("ul", [el("li", line, class_="facts") for line in lines])


def marked(questions: Sequence[Question]) -> Markup:
    """The questions a person marked, to take out again or to export."""
    if not questions:
        words = (
            "Make your own: type a question above, select the words on the page that answer it, "
            "and press “This answers the question”."
        )
        return el("p", words, class_="facts")
    rows = [
        el(
            "li",
            el("span", el("b", one.question), f" {one.document}: “{_short(one)}”"),
            button("Remove", "forget", at, class_="quiet", aria_label=f"Remove the question {one.question}"),
        )
        for at, one in enumerate(questions)
    ]
    export = download("Export as JSON lines", to_jsonl(questions), "application/x-ndjson", f"{MINE}.jsonl")
    return fold(f"My questions ({len(questions)})", join(el("ul", rows, class_="mine"), export))


def _short(question: Question) -> str:
    words = " … ".join(" ".join(part.text.split()) for part in question.quotes)
    return words if len(words) <= 140 else f"{words[:139]}…"
