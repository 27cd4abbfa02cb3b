"""Cuts in numbers, side by side: what to look at before any question is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from pipelines.chunking import Cut
from pipelines.chunking.figures import Figures
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.html import el, tip
from playground.views.words import seconds

#: Bars of a histogram.
_BARS = 16

Value = Callable[[Figures, Cut], str]

#: Name, what it means and which way is better, value. "less" marks the least of a row, "" marks none.
_ROWS: tuple[tuple[str, str, str, Value], ...] = (
    ("chunks", "Pieces the document was cut into.", "", lambda f, c: f"{f.chunks:,}"),
    ("vectors to store", "Points in the index: one a chunk, more for chunks longer than the embedding model reads.",
     "", lambda f, c: f"{f.vectors:,}"),
    ("searched: min · median · p95 · max", "Size of what is searched. p95: 95 of 100 chunks are no larger.", "",
     lambda f, c: f"{f.searched.least:,} · {f.searched.median:,} · {f.searched.p95:,} · {f.searched.most:,}"),
    ("read: median · max", "Size of what an answer gets for one hit: a window, a parent, or the chunk itself.", "",
     lambda f, c: f"{f.read.median:,} · {f.read.most:,}"),
    ("overlap", "Share of all chunk text that stands in an earlier chunk too: stored, embedded and paid twice.",
     "", lambda f, c: f"{100 * f.overlap:.1f} %"),
    ("cuts inside sentences", "Sentences a border runs through (sentences found by rules: an estimate).", "less",
     lambda f, c: f"{f.in_sentences:,}"),
    ("cuts inside tables", "Tables a border runs through (rows of figures or cells: an estimate).", "less",
     lambda f, c: f"{f.in_tables:,}"),
    ("cuts inside list items", "List items a border runs through.", "less", lambda f, c: f"{f.in_items:,}"),
    ("headings parted", "Headings that end a chunk while their text begins the next.", "less",
     lambda f, c: f"{f.parted_headings:,}"),
    ("chunks across pages", "Chunks that stand on more than one page.", "", lambda f, c: f"{f.over_pages:,}"),
    ("longer than the model reads", "Chunks over the embedding model's window: searched in parts, read whole.", "less",
     lambda f, c: f"{f.long:,}"),
    ("time to cut", "Embedding included, where the strategy embeds; nothing for vectors already made.", "",
     lambda f, c: seconds(c.seconds)),
)  # fmt: skip


def numbers(columns: Sequence[tuple[Cut, Figures] | None]) -> Markup:
    """A table: a measure a row, a column a column; the best of a row is set in bold."""
    known = [(LETTERS[at], *pair) for at, pair in enumerate(columns) if pair is not None]
    if not known:
        return Markup()
    units = sorted({figures.unit for _, _, figures in known})
    top = max((size for _, _, figures in known for size in figures.sizes), default=1)
    head = el("tr", el("th", "sizes in " + " and ".join(units)), [el("th", letter_mark(a)) for a, _, _ in known])
    drawn = [el("td", histogram(figures.sizes, top, letter)) for letter, _, figures in known]
    rows = [el("tr", el("th", tip("sizes", f"How many chunks have which size, from 0 to {top:,}.")), drawn)]
    rows += [_row(name, why, better, value, known) for name, why, better, value in _ROWS]
    return el("section", el("h2", "Numbers"), el("table", el("thead", head), el("tbody", rows), class_="numbers"))


def _row(name: str, why: str, better: str, value: Value, known: Sequence[tuple[str, Cut, Figures]]) -> Markup:
    shown = [value(figures, made) for _, made, figures in known]
    best = None
    if better and len(set(shown)) > 1:
        best = min(shown, key=lambda words: float(words.replace(",", "")))
    title = tip(name, f"{why} Fewer is better." if better else why)
    return el("tr", el("th", title), [el("td", el("b", words) if words == best else words) for words in shown])


def histogram(sizes: Sequence[int], top: int, letter: str) -> Markup:
    """Bars from 0 to the largest chunk of any column, so that columns can be compared."""
    bins = [0] * _BARS
    for size in sizes:
        bins[min(_BARS - 1, size * _BARS // max(1, top + 1))] += 1
    most = max(bins, default=1) or 1
    bars = [
        el("rect", x=at * 10 + 1, y=f"{30 - 28 * n / most:.1f}", width=8, height=f"{28 * n / most:.1f}")
        for at, n in enumerate(bins)
        if n
    ]
    label = f"Sizes of the chunks of {letter}: {len(sizes)} from {min(sizes, default=0)} to {max(sizes, default=0)}"
    axis = el("path", d=f"M0 30.5H{_BARS * 10}", class_="axis")
    return el(
        "svg", bars, axis, viewBox=f"0 0 {_BARS * 10} 32", class_=f"histogram col-{letter.lower()}", role="img",
        aria_label=label,
    )  # fmt: skip
