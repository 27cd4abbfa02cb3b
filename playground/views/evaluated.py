"""A grid of recipes measured: means with intervals, differences to a baseline, what is within noise."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.evaluation.bootstrap import Interval, holm
from pipelines.evaluation.strategies import Row
from playground.finding.grid import METRICS, Grid, labels, name_of, values_of
from playground.measurements import Measurement
from playground.views.html import button, el, fold, join, tip
from playground.views.measured import interval_bar, state
from playground.views.tools import download, pressed
from playground.views.words import count, seconds

#: Metric -> what it means. All are 0 to 1, higher is better; definitions are trec_eval's.
WHY = {
    "hit@{k}": "Share of questions with something relevant among the first k.",
    "recall@10": "Share of what is relevant that is among the first 10.",
    "precision@{k}": "Relevant among the first k, by k.",
    "mrr@10": "1 / rank of the first relevant one, 0 beyond rank 10; the mean over questions.",
    "map": "Mean average precision: precision at each relevant one’s rank (what is not found counts 0).",
    "ndcg@10": "Normalised discounted cumulative gain: relevant ones count less the lower they stand.",
}

LEVELS = {
    "quote": "A passage is relevant when it holds a quoted answer (half of it, or is half quoted).",
    "page": "Pages are ranked by their first passage; those the answer stands on are relevant.",
    "document": "Documents are ranked by their first passage; the one asked about is relevant.",
}

#: Below it a difference is told as more than noise.
LEVEL = 0.05


def table(found: Measurement, grid: Grid) -> Markup:
    """A recipe a row, a metric a column; the chosen metric with its interval and its difference to the baseline."""
    names = labels(found.recipes)
    baseline = grid.baseline if grid.baseline < len(found.rows) else 0
    told = _versus(found.rows, baseline, grid)
    heads = [_head(metric, grid) for metric in METRICS]
    head = el(
        "tr", el("th", "recipe"), heads, el("th", tip("p50 · p95", "Of one question: embedding, lists, reranking."))
    )
    rows = [_row(at, row, names[at], grid, baseline, told, found) for at, row in enumerate(found.rows)]
    waiting = [
        el("tr", el("th", name), el("td", "…", colspan=len(METRICS) + 1, class_="facts"))
        for name in names[len(found.rows) :]
    ]
    return el(
        "section",
        el("h2", f"{count(len(found.recipes), 'recipe')} on {count(found.asked, 'question')}"),
        state(found, "Recipe"),
        el(
            "div",
            el("table", el("thead", head), el("tbody", rows, waiting), class_="numbers measured grid"),
            class_="wide",
        ),
        _notes(found, grid),
        _export(found, names) if found.rows else None,
    )


def _head(metric: str, grid: Grid) -> Markup:
    """A column's title, to be pressed for its intervals and differences."""
    title = metric.format(k="k")
    chosen = metric == grid.metric
    why = f"{WHY[metric]} {LEVELS[grid.level]} 0 to 1, higher is better."
    label = button(title, "metric", metric, class_="switch", aria_pressed=pressed(chosen), title=why)
    return el("th", label)


def _versus(rows: Sequence[Row], baseline: int, grid: Grid) -> Mapping[int, tuple[Interval, float]]:
    """Of each other row: its difference in the chosen metric, and the p-value corrected for the number of rows."""
    differences, values, places = [], [], []
    for at, row in enumerate(rows):
        name = name_of(grid.metric, grid.level, row)
        if at == baseline or name not in rows[baseline].metrics:
            continue
        differences.append(row.difference(rows[baseline], [name])[name])
        values.append(row.p_values(rows[baseline], [name])[name])
        places.append(at)
    return {at: (d, p) for at, d, p in zip(places, differences, holm(values), strict=True)}


def _row(
    at: int,
    row: Row,
    name: str,
    grid: Grid,
    baseline: int,
    told: Mapping[int, tuple[Interval, float]],
    found: Measurement,
) -> Markup:
    acts = [
        button("Use in chat", "use", at, class_="quiet small"),
        button("Grade answers", "grade", at, class_="quiet small",
               title="Every question is answered with this recipe, and the answers are judged."),
        None if at == baseline else button("Baseline", "baseline", at, class_="quiet small"),
        None if at == baseline else button("Questions", "against", at, class_="quiet small",
                                           aria_pressed=pressed(grid.against == at)),
    ]  # fmt: skip
    first = el(
        "th", name, " ", el("b", "baseline", class_="base") if at == baseline else None, el("span", acts, class_="acts")
    )
    cells = [_cell(metric, at, row, grid, told, found.rows) for metric in METRICS]
    times = el("td", f"{seconds(row.p50_ms / 1000)} · {seconds(row.p95_ms / 1000)}", class_="facts")
    return el("tr", first, cells, times, class_="picked" if grid.against == at else None)


def _cell(
    metric: str, at: int, row: Row, grid: Grid, told: Mapping[int, tuple[Interval, float]], rows: Sequence[Row]
) -> Markup:
    mean = row.metrics[name_of(metric, grid.level, row)]
    best = max(one.metrics[name_of(metric, grid.level, one)].mean for one in rows)
    value: Markup = el("b" if mean.mean == best and len(rows) > 1 else "span", f"{mean.mean:.3f}")
    if metric != grid.metric:
        return el("td", tip(value, f"95 % interval {mean.low:.3f} to {mean.high:.3f}"))
    return el("td", value, interval_bar(mean, "A", 1), _told(*told[at]) if at in told else None)


def _told(difference: Interval, p: float) -> Markup:
    words = (
        f"{difference.mean:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}, paired by question; "
        f"p = {p:.3f} (randomisation test, Holm’s correction for the number of recipes)"
    )
    if p >= LEVEL:
        return el("span", tip("≈ within noise", words), class_="versus same")
    word, sign = ("better", "▲") if difference.mean > 0 else ("worse", "▼")
    return el("span", tip(f"{sign} {difference.mean:+.3f} {word}", words), class_=f"versus {word}")


def _notes(found: Measurement, grid: Grid) -> Markup:
    lines = [f"Not asked: {'; '.join(found.left_out)}."] if found.left_out else []
    lines += [f"{LEVELS[grid.level]} Rankings go down to 100 passages."]
    lines += ["Differences are against the baseline, paired by question; press a metric to see its intervals."]
    return el("ul", [el("li", line, class_="facts") for line in lines])


def questions(found: Measurement, grid: Grid) -> Markup:
    """Which questions a recipe wins and loses against the baseline, the greatest differences first."""
    rows, at = found.rows, grid.against
    baseline = grid.baseline if grid.baseline < len(rows) else 0
    if not 0 <= at < len(rows) or at == baseline or not found.each:
        return Markup()
    names = labels(found.recipes)
    pair = [values_of(grid.metric, grid.level, row) for row in (rows[baseline], rows[at])]
    order = sorted(range(len(found.each)), key=lambda n: (-abs(pair[1][n] - pair[0][n]), n))
    wins = sum(b > a for a, b in zip(*pair, strict=True))
    losses = sum(b < a for a, b in zip(*pair, strict=True))
    lead = f"{names[at]} wins {wins}, loses {losses}, {len(order) - wins - losses} alike, against {names[baseline]}."
    head = el(
        "tr", el("th", "question"), el("th", names[baseline]), el("th", names[at]), el("th", "difference"), el("th")
    )
    lines = [_question(n, found, pair[0][n], pair[1][n]) for n in order]
    return el(
        "section",
        el("h2", f"Question by question: {grid.metric.format(k='k')}, {grid.level} level"),
        el("p", lead, class_="facts"),
        el("div", el("table", el("thead", head), el("tbody", lines), class_="numbers each"), class_="wide"),
    )


def _question(n: int, found: Measurement, a: float, b: float) -> Markup:
    one = found.each[n]
    page = f", p. {one.page}" if one.page else ""
    sign = "▲ " if b > a else "▼ " if b < a else ""
    kind = "better" if b > a else "worse" if b < a else "same"
    return el(
        "tr",
        el("th", one.question, el("span", f" {one.document}{page}", class_="facts")),
        el("td", f"{a:.3f}"),
        el("td", f"{b:.3f}"),
        el("td", el("span", f"{sign}{b - a:+.3f}", class_=f"versus {kind}")),
        el("td", button("Trace", "trace", n, class_="quiet small", aria_label=f"Trace: {one.question}")),
    )


# export --------------------------------------------------------------------------------------------------


def _export(found: Measurement, names: Sequence[str]) -> Markup:
    best = max(found.rows, key=lambda row: row.metrics["ndcg@10"].mean)
    links = [
        ("Table, CSV", as_csv(found, names), "text/csv", "evaluation.csv"),
        ("Table, JSON", json.dumps(as_rows(found, names), indent=1), "application/json", "evaluation.json"),
        ("Best recipe, JSON", best.recipe.to_json(), "application/json", "recipe.json"),
        ("Best recipe, Python", best.recipe.to_python(), "text/x-python", "recipe.py"),
    ]
    made = [download(*link) for link in links]
    return fold(
        "Export (best by ndcg@10 at quote level)", join([join(link, " ") for link in made]), class_="fold export"
    )


def as_rows(found: Measurement, names: Sequence[str]) -> list[dict[str, Any]]:
    """The table as plain data: every metric at every level with its interval."""
    return [
        {
            "recipe": row.recipe.model_dump(mode="json"),
            "label": names[at],
            "metrics": {name: vars(one) for name, one in row.metrics.items()},
            "latency_ms": {"p50": row.p50_ms, "p95": row.p95_ms},
        }
        for at, row in enumerate(found.rows)
    ]


def as_csv(found: Measurement, names: Sequence[str]) -> str:
    """The same for spreadsheets: a recipe a row, a mean a column; empty where a recipe has no such metric."""
    columns = list(dict.fromkeys(name for row in found.rows for name in row.metrics))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["recipe", *columns, "p50_ms", "p95_ms"])
    for at, row in enumerate(found.rows):
        means = [row.metrics[name].mean if name in row.metrics else "" for name in columns]
        writer.writerow([names[at], *means, row.p50_ms, row.p95_ms])
    return out.getvalue()
