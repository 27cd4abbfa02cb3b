"""Runs over time: a table of models, then each model's figures as small charts to the same scale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from markupsafe import Markup

from pipelines.runs.monitoring import LEAST, Bucket, Model, Monitored, Spread, Work
from pipelines.runs.numbers import number
from playground.lab.state import LETTERS
from playground.views.chart import Line, chart
from playground.views.columns import letter_mark
from playground.views.html import el, join, tip
from playground.views.words import count, seconds

_TTFT, _SPEED = "ttft_s", "tokens_per_s"

#: What is measured of a model -> (its title with its direction, what it means).
_SPREADS = {
    _TTFT: ("first token ↓", "Time to first token (TTFT): from sending the prompt to the first token, as seen here."),
    _SPEED: ("tokens/s ↑", "Tokens written a second, by the engine's own clock; waiting and loading do not count."),
}

_PERCENTILES = {
    "p50": "The median: half of the runs were no worse.",
    "p95": "95 % of the runs were no worse than this; one in twenty was.",
    "p99": "99 % of the runs were no worse than this; one in a hundred was.",
}

_TOKENS = "Tokens read (the prompt) and written, as the engine counted them, in each stretch of time."
_FAILED = "Runs that failed, of those that were neither stopped by a person nor cut off."
_LEFT_OUT = "Runs in which some passages found no room in the prompt, and how many passages that were."

_NOTHING = (
    "Nothing to watch in this time. Every question, search, drawn text and page read is a run, and is counted here: "
    "how soon each model began to write, how fast it wrote, how much it read, how often it failed. Ask something in "
    "the chat, or choose a longer time."
)


def monitoring(found: Monitored) -> Markup:
    """Everything of a window; an empty one says what would be here."""
    if not found.runs:
        return el("div", el("p", _NOTHING), class_="desk empty")
    drawn = found.models[: len(LETTERS)]
    rest = len(found.models) - len(drawn)
    tops = {name: _top(drawn, name) for name in _SPREADS}
    return el(
        "section",
        el("p", _what(found), class_="facts"),
        el("div", _models(found), class_="wide") if found.models else None,
        [_model(found, model, LETTERS[at], tops) for at, model in enumerate(drawn)],
        el("p", f"{count(rest, 'more model')} with fewer runs: in the table only.", class_="facts") if rest else None,
        el("h3", "All work"),
        el("div", _work(found.work), class_="wide"),
        _caches(found),
    )


def _what(found: Monitored) -> str:
    each = count(round(found.step / 60), "minute") if found.step < 3600 else (
        count(round(found.step / 3600), "hour") if found.step < 86_400 else count(round(found.step / 86_400), "day")
    )  # fmt: skip
    between = f"{_moment(found.start)} to {_moment(found.end)}"
    return f"{count(found.runs, 'run')}, {between}. A point stands for {each}; a small dot is one run."


def _moment(when: float) -> str:
    return datetime.fromtimestamp(when).strftime("%d %b %Y, %H:%M")


# the table ------------------------------------------------------------------------------------------------


def _models(found: Monitored) -> Markup:
    first = [
        el("th", "model", rowspan=2),
        el("th", "runs", rowspan=2),
        el("th", tip("failed ↓", _FAILED), rowspan=2),
        [el("th", tip(title, why), colspan=len(LEAST)) for title, why in _SPREADS.values()],
        el("th", tip("tokens", _TOKENS), colspan=2),
        el("th", tip("left out ↓", _LEFT_OUT), rowspan=2),
    ]
    second = [[el("th", tip(name, why)) for name, why in _PERCENTILES.items()] for _ in _SPREADS]
    head = el("thead", el("tr", first), el("tr", second, el("th", "read"), el("th", "written")))
    rows = [_row(model, LETTERS[at] if at < len(LETTERS) else "") for at, model in enumerate(found.models)]
    return el("table", head, el("tbody", rows), class_="numbers figures")


def _row(model: Model, letter: str) -> Markup:
    sums = model.sums
    without = f"{model.short_of_room:,} ({count(round(sums['left_out']), 'passage')})" if model.short_of_room else "0"
    return el(
        "tr",
        el("th", join(letter_mark(letter) if letter else None, " ", _named(model)), scope="row"),
        el("td", f"{model.runs:,}"),
        el("td", _share(model.failed, model.finished)),
        [_percentiles(model.spreads[name], name) for name in _SPREADS],
        [el("td", f"{sums[name]:,.0f}" if sums[name] else "—") for name in ("prompt_tokens", "completion_tokens")],
        el("td", without),
    )


def _named(model: Model) -> str:
    if model.name:
        return f"{model.name} ({model.engine})"
    return "quotes, without a model" if model.engine == "none" else "came to no model"


def _share(failed: int, finished: int) -> str:
    return f"{failed:,} ({100 * failed / finished:.1f} %)" if finished else "—"


def _percentiles(found: Spread, name: str) -> list[Markup]:
    """Three cells; where too little was measured for one, the cell says how much it takes."""
    cells = []
    for percentile, least in LEAST.items():
        value = getattr(found, percentile)
        if value is None:
            why = f"Of {count(found.n, 'measurement')}: it takes {least}." if found.n else "Nothing was measured."
            cells.append(el("td", el("span", "—", title=why, class_="few", tabindex=0)))
        else:
            cells.append(el("td", el("span", _short(name, value), title=f"Of {count(found.n, 'measurement')}.")))
    return cells


def _work(work: tuple[Work, ...]) -> Markup:
    heads = [el("th", tip(name, why)) for name, why in list(_PERCENTILES.items())]
    head = el("tr", el("th", "kind"), el("th", "runs"), el("th", tip("failed ↓", _FAILED)),
              el("th", tip("time ↓", number("seconds").means), colspan=len(LEAST)))  # fmt: skip
    rows = [
        el("tr", el("th", one.kind, scope="row"), el("td", f"{one.runs:,}"), el("td", _share(one.failed, one.finished)),
           _percentiles(one.seconds, "seconds"))
        for one in work
    ]  # fmt: skip
    under = el("tr", [el("th", "") for _ in range(3)], heads)
    return el("table", el("thead", head, under), el("tbody", rows), class_="numbers figures")


def _caches(found: Monitored) -> Markup | None:
    """What had not to be computed again."""
    words = []
    if found.embedded:
        share = f"{100 * found.cached / found.embedded:.0f} %"
        words.append(f"Indexing needed {count(found.embedded, 'vector')} and knew {found.cached:,} of them ({share}).")
    if found.remembered is not None:
        searches = count(found.searches, "search", "searches")
        words.append(f"Of {searches} of the retrieval lab, {100 * found.remembered:.0f} % of the steps were known.")
    if not words:
        return None
    title = tip("Caches:", "Vectors of texts that were embedded before, and lists that were fetched before.")
    return el("p", title, " ", " ".join(words), class_="facts")


# the charts -----------------------------------------------------------------------------------------------


def _model(found: Monitored, model: Model, letter: str, tops: dict[str, float]) -> Markup:
    charts = [_spread_chart(found, model, letter, name, tops[name]) for name in _SPREADS if model.spreads[name].n]
    if any(one.sums["prompt_tokens"] or one.sums["completion_tokens"] for one in model.buckets):
        charts.append(_tokens_chart(found, model, letter))
    charts.append(_failed_chart(found, model, letter))
    title = el("h3", letter_mark(letter), _named(model), el("span", count(model.runs, "run"), class_="facts"))
    return el("article", title, el("div", charts, class_="charts"), class_=f"watched col-{letter.lower()}")


def _spread_chart(found: Monitored, model: Model, letter: str, name: str, top: float) -> Markup:
    title, why = _SPREADS[name]
    points, dots, band = list[tuple[float, float]](), list[tuple[float, float]](), list[tuple[float, float, float]]()
    for bucket in model.buckets:
        here, at = bucket.spreads[name], _middle(found, bucket)
        if here.p50 is not None:
            points.append((at, here.p50))
        if here.p50 is not None and here.p95 is not None:
            band.append((at, *sorted((here.p50, here.p95))))  # type: ignore[arg-type]
        dots += [(at, one) for one in bucket.single.get(name, ())]
    line = Line(f"{letter} median, ", f"col-{letter.lower()}", points, dots, band)
    means = f"{why} The line is the median of each stretch of time, the band goes to its p95 (from 20 runs on)."
    return _over_time(found, title, means, [line], lambda value: _short(name, value), top)


def _tokens_chart(found: Monitored, model: Model, letter: str) -> Markup:
    lines = [
        Line(f"{letter} {words}, ", f"col-{letter.lower()}{more}",
             [(_middle(found, one), one.sums[name]) for one in model.buckets])
        for name, words, more in (("prompt_tokens", "read", ""), ("completion_tokens", "written", " second"))
    ]  # fmt: skip
    return _over_time(found, "tokens ● read ○ written", _TOKENS, lines, _thousands)


def _failed_chart(found: Monitored, model: Model, letter: str) -> Markup:
    points = [(_middle(found, one), one.failed / one.finished) for one in model.buckets if one.finished]
    line = Line(f"{letter} failed, ", f"col-{letter.lower()}", points)
    return _over_time(found, "failed ↓", _FAILED, [line], lambda value: f"{100 * value:.0f} %", 1.0)


def _over_time(
    found: Monitored, title: str, why: str, lines: list[Line], read: Callable[[float], str], top: float | None = None
) -> Markup:
    third = (found.end - found.start) / 3
    ticks = [found.start + at * third for at in range(4)] if third else [found.start]
    form = "%H:%M" if found.end - found.start <= 86_400 else "%d %b"
    return chart(title, why, "time", lines, ticks, read, top, lambda at: datetime.fromtimestamp(at).strftime(form))


def _middle(found: Monitored, bucket: Bucket) -> float:
    """Where a bucket stands: the first and the last may be cut by the window."""
    return min(max(bucket.start + found.step / 2, found.start), found.end)


def _top(models: tuple[Model, ...], name: str) -> float:
    """The greatest value that any model's chart of a number shows, so that they are to one scale."""
    shown = [
        value
        for model in models
        for bucket in model.buckets
        for value in (bucket.spreads[name].p50, bucket.spreads[name].p95, *bucket.single.get(name, ()))
        if value is not None
    ]
    return max(shown, default=0.0)


def _short(name: str, value: float) -> str:
    """A number in few characters; the unit of a speed is said in its title."""
    if name == _SPEED:
        return f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return seconds(value) if value else "0 s"


def _thousands(value: float) -> str:
    return f"{value / 1000:.1f} k" if value >= 1000 else f"{value:.0f}"
