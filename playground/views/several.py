"""A run over several pages: error against the level of degradation, medians with their spread, every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from markupsafe import Markup

from pipelines.evaluation.reading_runs import PageRead, summaries
from pipelines.evaluation.transcripts import Spread
from playground.lab.state import LETTERS
from playground.reading.several import Several
from playground.views.chart import Line, chart
from playground.views.columns import letter_mark
from playground.views.growth import growth
from playground.views.html import el, fold, tip
from playground.views.words import count, seconds


def _percent(value: float) -> str:
    """Whole numbers, but for the few that would be nothing then."""
    percent = 100 * value
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


#: What is drawn: (what it means, how it is read of a page, how it is told).
_CHARTS: dict[str, tuple[str, Callable[[PageRead], float | None], Callable[[float], str]]] = {
    "CER ↓": (
        "Character error rate: characters to change, add or drop, by those of the truth. The line is the median of the "
        "pages, a small dot a page.",
        lambda row: row.metrics.cer if row.metrics else None,
        _percent,
    ),
    "numbers found ↑": (
        "Numbers, dates and amounts of the truth read to the digit.",
        lambda row: row.metrics.numbers if row.metrics else None,
        _percent,
    ),
    "seconds a page ↓": (
        "Loading a model counts for the first page.",
        lambda row: row.transcript.seconds if row.done else None,
        lambda value: seconds(value) if value else "0 s",
    ),
}  # fmt: skip

#: Metric of a summary -> its title and meaning.
_COLUMNS = {
    "cer": ("CER ↓", "Character error rate: 0 % is best, not capped."),
    "wer": ("WER ↓", "Word error rate: 0 % is best, not capped."),
    "f1": ("word F1 ↑", "2 · common words by all words of both: the order does not matter."),
    "numbers": ("numbers ↑", "Numbers, dates and amounts of the truth read to the digit."),
    "order": ("order ↑", "Pairs of words in the same order: 100 % the same, 50 % by chance."),
}


def empty() -> Markup:
    """Before the first run."""
    words = (
        "One page says little about a reader. Here the readers of “One page” read several, each at several levels of "
        "degradation, and the error is drawn against them. Try first: pages 1-2, as they are and blurred."
    )
    return el("div", el("p", words), class_="desk empty")


def several(found: Several) -> Markup:
    """Charts, the table, the pages."""
    what = f"{found.name} · pages {', '.join(map(str, found.pages))} · {count(len(found.degradations), 'level')}"
    return el(
        "section",
        el("p", what, class_="facts"),
        growth(found, found.total, "reading"),
        _untrue(found),
        el("div", [_chart(found, name) for name in _CHARTS], class_="charts") if found.rows else None,
        _key(found) if found.rows else None,
        el("div", _table(found), class_="wide") if found.rows else None,
        el("p", _caution(found), class_="facts") if found.rows else None,
        fold(f"Every page ({count(len(found.rows), 'reading')})", _rows(found), class_="more") if found.rows else None,
    )


def _key(found: Several) -> Markup:
    """Which line is whose, and what the levels are where the axis only counts them."""
    lines = [
        el("span", letter_mark(LETTERS[at]), " ", reader.name)
        for at, reader in zip(found.columns, found.readers, strict=True)
    ]
    levels = [el("li", el("b", str(at)), f" {level}") for at, level in enumerate(found.degradations, 1)]
    return el(
        "div", el("p", lines, class_="lines"), None if found.axis.scaled else el("ol", levels), class_="chart-key"
    )


def _caution(found: Several) -> str:
    n = len(found.pages)
    if n == 1:
        return "One page: this tells about that page, not about the readers."
    return f"Medians of {count(n, 'page')}, the best and the worst behind them: with so few, other pages move them."


def _untrue(found: Several) -> Markup | None:
    if not found.without_truth:
        return None
    which = ", ".join(map(str, found.without_truth))
    noun = "page" if len(found.without_truth) == 1 else "pages"
    return el("p", f"Without a text layer, and so without error rates: {noun} {which}.", class_="note warning")


def _chart(found: Several, name: str) -> Markup:
    why, value, read = _CHARTS[name]
    lines = []
    for at, (column, reader) in enumerate(zip(found.columns, found.readers, strict=True)):
        points, dots = list[tuple[float, float]](), list[tuple[float, float]]()
        for position, place in enumerate(found.axis.places):
            if measured := [one for row in found.of(at, position) if (one := value(row)) is not None]:
                points.append((place, median(measured)))
                dots += [(place, one) for one in measured]
        letter = LETTERS[column]
        lines.append(Line(f"{letter} {reader.name}, ", f"col-{letter.lower()}", points, dots))
    top = 1.0 if name.startswith("numbers") else None
    return chart(name, why, found.axis.name, lines, found.axis.places, read, top)


def _table(found: Several) -> Markup:
    """A reader at a level a row."""
    heads = [el("th", tip(title, why)) for title, why in _COLUMNS.values()]
    rows = []
    for at, column in enumerate(found.columns):
        for position, level in enumerate(found.degradations):
            mine = found.of(at, position)
            if mine:
                rows.append(_row(column, str(level), mine))
    head = el("tr", el("th", "reader"), el("th", "pages"), heads, el("th", "seconds"), el("th", "doubts"))
    return el("table", el("thead", head), el("tbody", rows), class_="numbers several")


def _row(at: int, named: str, mine: Sequence[PageRead]) -> Markup:
    (told,) = summaries(mine)
    cells = [el("td", _spread(told.metrics.get(name))) for name in _COLUMNS]
    doubts = [f"{name.replace('_', ' ')} {n}" for name, n in told.flags.items()]
    if told.failed:
        doubts.insert(0, f"failed {told.failed}")
    time = "" if told.seconds is None else seconds(told.seconds.median)
    return el(
        "tr",
        el("th", letter_mark(LETTERS[at]), " ", told.reader.name, ", ", named, scope="row"),
        el("td", str(told.pages)),
        cells,
        el("td", time),
        el("td", ", ".join(doubts)),
    )


def _spread(found: Spread | None) -> Markup | str:
    if found is None:
        return "—"
    if found.low == found.high:
        return f"{100 * found.median:.1f} %"
    between = el("span", f"{100 * found.low:.1f} to {100 * found.high:.1f}", class_="facts spread")
    return el("span", f"{100 * found.median:.1f} % ", between)


def _rows(found: Several) -> Markup:
    items = []
    for row in found.rows:
        at = found.columns[found.readers.index(row.reader)]
        cer = row.metrics.cer if row.metrics else None
        told = row.transcript.error.message if row.transcript.error else (
            "no truth" if row.metrics is None else "—" if cer is None else f"CER {100 * cer:.1f} %"
        )  # fmt: skip
        took = f" · {seconds(row.transcript.seconds)}" if row.transcript.seconds is not None else ""
        items.append(el("li", letter_mark(LETTERS[at]), f" p. {row.page} · {row.degradation} · {told}{took}"))
    return el("ol", items, class_="answers")
