"""How much the texts of one setting vary: numbers a column, the texts themselves, and charts over temperature."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from pipelines.evaluation.variety import SameSeed, Variety
from playground.lab.state import LETTERS
from playground.sampling.repeating import Repeated, distinct, label
from playground.views.chart import Line, chart
from playground.views.columns import letter_mark
from playground.views.growth import growth
from playground.views.html import el, fold, tip
from playground.views.sampling import named
from playground.views.words import count

_LI = "Li et al. 2016, arXiv:1510.03055"

#: Name -> (what it means, how it is read from a group). None of them is better or worse: they tell how much varies.
_ROWS: dict[str, tuple[str, Callable[[Variety], str]]] = {
    "different texts": (
        "How many of the texts differ in at least one character.",
        lambda v: f"{v.distinct} of {v.samples}",
    ),
    "agreement": ("Share of the commonest text: 100 % where all are equal.", lambda v: _share(v.agreement)),
    "distinct-1": (f"Different words by all words of all texts ({_LI}): higher is more varied.",
                   lambda v: _number(v.distinct_1)),
    "distinct-2": (f"Different pairs of words by all pairs ({_LI}): higher is more varied.",
                   lambda v: _number(v.distinct_2)),
    "edit similarity": ("Mean over all pairs, 1 minus the Levenshtein distance by the longer length: 1 is equal.",
                        lambda v: _number(v.edit_similarity)),
    "meaning": ("Mean cosine of the texts’ embeddings over all pairs: 1 is the same meaning, as the embedder sees it.",
                lambda v: _number(v.cosine)),
    "length": ("Tokens: mean, least to most.",
               lambda v: f"{v.length.mean:.0f} ({v.length.least} to {v.length.most})" if v.length else ""),
    "ended": ("stop: by itself or at a stop text; length: cut at num_predict.",
              lambda v: ", ".join(f"{reason} {n}" for reason, n in v.finish.items())),
}  # fmt: skip


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def empty() -> Markup:
    """Before anything was drawn many times."""
    words = (
        "One answer shows what a setting can say, many show what it usually says. Each column is drawn with the same "
        "seeds, so the texts can be compared one by one. Try first: 5 draws of each column."
    )
    return el("div", el("p", words), class_="desk empty")


def repeated(found: Repeated) -> Markup:
    """The columns side by side, then their texts."""
    groups = range(len(found.groups))
    varieties = [found.variety(at) for at in groups]
    words = named([group.recipe for group in found.groups])
    heads = [el("th", letter_mark(LETTERS[group.column]), " ", words(group.recipe)) for group in found.groups]
    rows = [_row(name, why, varieties, read) for name, (why, read) in _ROWS.items()]
    again = [el("td", _same(found.same_seed(at))) for at in groups]
    why = "The first seed is drawn once more at the end. A server that caches prompts may round differently."
    rows.append(el("tr", el("th", tip("same seed, same text", why), scope="row"), again))
    table = el("table", el("thead", el("tr", el("th", _drawn(found)), heads)), el("tbody", rows),
               class_="numbers variety")  # fmt: skip
    return el(
        "section",
        _asked(found),
        growth(found, found.total, "text"),
        el("div", table, class_="wide") if found.rows else None,
        el("div", [_texts(found, at) for at in groups], class_="hit-columns") if found.rows else None,
    )


def _asked(found: Repeated) -> Markup:
    """What all of this answers, in short."""
    short = found.prompt if len(found.prompt) <= 120 else "…" + found.prompt[-120:]
    return el("p", "Prompt: ", el("q", short, dir="auto"), class_="facts")


def _drawn(found: Repeated) -> str:
    return f"{count(len(found.seeds), 'draw')} each"


def _row(name: str, why: str, varieties: Sequence[Variety | None], read: Callable[[Variety], str]) -> Markup:
    cells = [el("td", read(one) if one is not None else "") for one in varieties]
    return el("tr", el("th", tip(name, why), scope="row"), cells)


def _same(found: SameSeed | None) -> Markup | str:
    if found is None:
        return ""
    return "yes" if found.equal == found.pairs else tip("no", "The same seed gave another text.", "warning")


def _texts(found: Repeated, at: int) -> Markup:
    """Every different text with the seeds that gave it; long ones folded."""
    group = found.groups[at]
    items = []
    for text, seeds in distinct(found.samples(at)):
        which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)}×: seeds {', '.join(map(str, seeds))}"
        words = el("p", text or "(nothing)", dir="auto", class_="whole")
        short = text if len(text) <= 140 else None
        shown = words if short is not None else fold(text[:120] + " …", words, class_="more")
        items.append(el("li", el("span", which, class_="facts"), shown))
    return el(
        "div",
        letter_mark(LETTERS[group.column]),
        el("ol", items, class_="answers"),
        class_=f"lane col-{LETTERS[group.column].lower()}",
    )


# the sweep ----------------------------------------------------------------------------------------------

#: What is drawn over temperature, each on an axis of its own.
_CHARTS: dict[str, tuple[str, Callable[[Variety], float | None]]] = {
    "different texts": ("Share of texts that differ from all before.",
                        lambda v: v.distinct / v.samples if v.samples else None),
    "1 − edit similarity": ("Mean edit distance over all pairs, by the longer length: 0 is all equal.",
                            lambda v: None if v.edit_similarity is None else 1 - v.edit_similarity),
    "1 − meaning": ("Mean cosine distance of the embeddings over all pairs: 0 is the same meaning.",
                    lambda v: None if v.cosine is None else 1 - v.cosine),
    "distinct-2": (f"Different pairs of words by all pairs ({_LI}).", lambda v: v.distinct_2),
}  # fmt: skip


def swept(found: Repeated) -> Markup:
    """Variety against temperature, a chart a measure, then the texts."""
    points = [(group.temperature or 0.0, found.variety(at)) for at, group in enumerate(found.groups)]
    charts = [_chart(name, why, [(t, read(v)) for t, v in points if v is not None]) for name, (why, read)
              in _CHARTS.items()]  # fmt: skip
    letter = LETTERS[found.groups[0].column]
    n = len(found.seeds)
    caution = (
        f"{count(n, 'draw')} a point: with so few, a point moves when other seeds are drawn."
        if n < 20
        else f"{count(n, 'draw')} a point."
    )
    texts = [
        fold(f"{label(group)}: {_first(found, at)}", _texts(found, at), class_="more")
        for at, group in enumerate(found.groups)
    ]
    return el(
        "section",
        _asked(found),
        growth(found, found.total, "text"),
        el("div", charts, class_=f"charts col-{letter.lower()}") if found.rows else None,
        el("p", caution, class_="facts"),
        el("div", texts),
    )


def _first(found: Repeated, at: int) -> str:
    texts = distinct(found.samples(at))
    return f"{len(texts)} different of {len(found.samples(at))}" if texts else "not drawn yet"


def _chart(name: str, why: str, points: Sequence[tuple[float, float | None]]) -> Markup:
    """The axis always goes from 0 to 1, so that charts of two sweeps compare."""
    there = [(t, value) for t, value in points if value is not None]
    line = Line("", "", there)
    return chart(name, why, "temperature", [line], [t for t, _ in points], lambda value: f"{value:.2f}", top=1)
