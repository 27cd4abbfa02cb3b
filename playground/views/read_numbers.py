"""How near each reader came to the truth, in numbers that name their direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from pipelines.evaluation.transcripts import TextMetrics
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.html import el, tip

#: Metric -> (what it means, how it reads). Rates: lower is better, 0 is best, no upper bound; shares: higher is better.
_ROWS: dict[str, tuple[str, Callable[[TextMetrics], str]]] = {
    "CER ↓": ("Character error rate: characters to change, add or drop, by those of the truth (Levenshtein). "
              "Not capped: more can be wrong than there is.", lambda m: _percent(m.cer)),
    "WER ↓": ("Word error rate: the same on words.", lambda m: _percent(m.wer)),
    "words found ↑": ("Recall: words of the truth that were read, in whatever order.", lambda m: _percent(m.recall)),
    "words right ↑": ("Precision: words read that are in the truth.", lambda m: _percent(m.precision)),
    "word F1 ↑": ("2 · common words by all words of both: the order does not matter.", lambda m: _percent(m.f1)),
    "numbers found ↑": ("Numbers, dates and amounts of the truth read to the digit.", lambda m: _percent(m.numbers)),
    "reading order ↑": ("Share of pairs of words in the same order: 100 % the same, 50 % by chance (Kendall’s τ).",
                        lambda m: _percent(m.order)),
    "length": ("Characters read by those of the truth: 1.00 is as long.",
               lambda m: "" if m.length_ratio is None else f"{m.length_ratio:.2f}"),
}  # fmt: skip


def _percent(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{100 * value:.1f} %"


def numbers(measured: Sequence[TextMetrics | None], truth: str, remark: str) -> Markup:
    """A metric a row, a column a column.

    Args:
        measured: Of each column; None: nothing to measure yet.
        truth: What is taken for the truth, in words.
        remark: What makes it doubtful; empty: nothing.
    """
    if not any(measured):
        return el("p", "Numbers appear when a reader is done.", class_="facts")
    heads = [el("th", letter_mark(LETTERS[at])) for at in range(len(measured))]
    rows = [
        el("tr", el("th", tip(name, why), scope="row"), [el("td", read(one) if one else "") for one in measured])
        for name, (why, read) in _ROWS.items()
    ]
    table = el("table", el("thead", el("tr", el("th", f"against {truth}"), heads)), el("tbody", rows),
               class_="numbers")  # fmt: skip
    notes = [el("p", one.note, class_="note warning") for one in measured if one and one.note]
    return el("section", el("h2", "Numbers"), el("p", remark, class_="note warning") if remark else None,
              el("div", table, class_="wide"), notes)  # fmt: skip
