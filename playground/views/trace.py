"""The rank trace: a line through every column's stages for each passage that matters, and how alike columns are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from markupsafe import Markup

from pipelines.evaluation.overlap import jaccard, rank_biased_overlap
from playground.finding.column import Found
from playground.finding.trace import CITED, PROMPT, Lane, Line, Traced
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.html import button, el, fold, tip

#: The drawing in its own units.
_WIDE, _HIGH, _TOP, _SIDE, _LOST = 360, 300, 30, 30, 26

#: Ranks with a line across.
_TICKS = (1, 2, 5, 10, 20, 50, 100)

_NAMES = {
    "keyword": "keyword",
    "semantic": "semantic",
    "fused": "fused",
    "mmr": "mmr",
    "rerank": "reranked",
    PROMPT: "prompt",
}

_WHY = (
    "Each line is a passage; higher is a better rank (ranks are spaced by their logarithm). A line that ends at the "
    "bottom was not listed there. Solid lines reach the prompt, thick ones are cited, thin ones were lost on the way. "
    "Point at a line to follow the passage through all columns; press it to see its page."
)


def panel(columns: Sequence[Found], lanes: Sequence[Lane], passages: Mapping[str, Traced]) -> Markup:
    """How alike the columns are, and the traces as numbers."""
    title = el("h2", "Columns compared")
    return el("section", title, _overlap(columns), _table(lanes, passages))


def lane(letter: str, traced: Lane, passages: Mapping[str, Traced]) -> Markup | None:
    """One column's drawing."""
    if not traced.stages:
        return None
    title = el("p", tip("Where did each passage go?", _WHY), class_="facts")
    return el("div", title, _drawing(letter, traced, passages), class_="lane")


def _drawing(letter: str, lane: Lane, passages: Mapping[str, Traced]) -> Markup:
    most = max((rank for line in lane.lines for rank in line.ranks.values()), default=1)
    gap = (_WIDE - 2 * _SIDE) / max(1, len(lane.stages) - 1)
    xs = {stage: _SIDE + gap * at for at, stage in enumerate(lane.stages)}
    lines = sorted(lane.lines, key=lambda line: (CITED in line.ranks, PROMPT in line.ranks))
    parts = [
        [_tick(rank, most) for rank in _TICKS if rank <= most],
        el("text", "not listed", x=_SIDE, y=_HIGH - 6, class_="tick"),
        [_stage(stage, x) for stage, x in xs.items()],
        [_line(line, xs, most, passages[line.id]) for line in lines if line.id in passages],
    ]
    label = f"Ranks of {len(lane.lines)} passages in column {letter}, stage by stage"
    return el("svg", parts, viewBox=f"0 0 {_WIDE} {_HIGH}", class_="trace", role="img", aria_label=label)


def _y(rank: int | None, most: int) -> float:
    """Of a rank; None, not listed, is the bottom."""
    if rank is None:
        return _HIGH - _LOST
    room = _HIGH - _TOP - 2 * _LOST
    return _TOP + (math.log(rank) / math.log(max(2, most))) * room


def _tick(rank: int, most: int) -> Markup:
    y = _y(rank, most)
    rule = el("path", d=f"M{_SIDE - 6} {y:.1f}H{_WIDE - _SIDE + 6}", class_="rule")
    return rule + el("text", str(rank), x=_SIDE - 10, y=f"{y + 3.5:.1f}", class_="tick", text_anchor="end")


def _stage(stage: str, x: float) -> Markup:
    anchor = "start" if x <= _SIDE else "end" if x >= _WIDE - _SIDE else "middle"
    place = max(4, x - _SIDE + 6) if anchor == "start" else min(_WIDE - 4, x + _SIDE - 6) if anchor == "end" else x
    rule = el("path", d=f"M{x:.1f} {_TOP - 8}V{_HIGH - _LOST}", class_="stage-rule")
    return rule + el("text", _NAMES.get(stage, stage), x=f"{place:.1f}", y=14, class_="stage-name", text_anchor=anchor)


def _line(line: Line, xs: Mapping[str, float], most: int, passage: Traced) -> Markup:
    """A passage's way; what never was listed before the end begins at the bottom."""
    places = [(x, _y(line.ranks.get(stage), most)) for stage, x in xs.items() if stage not in (PROMPT, CITED)]
    for stage in (PROMPT, CITED):
        if stage in xs and stage in line.ranks:
            places.append((xs[stage], _y(line.ranks[stage], most)))
    d = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    kind = "cited" if CITED in line.ranks else "used" if PROMPT in line.ranks else "lost"
    told = ", ".join(f"{_NAMES.get(stage, stage)} {line.ranks.get(stage, '–')}" for stage in xs)
    title = el("title", f"{passage.document}, p. {passage.page} ({told}): {' '.join(passage.text[:160].split())}…")
    dots = [
        el("circle", cx=f"{xs[stage]:.1f}", cy=f"{_y(rank, most):.1f}", r=3 if kind != "lost" else 2)
        for stage, rank in line.ranks.items()
        if stage in xs
    ]
    act = {"data_act": "goto", "data_arg": line.id}
    near = el("path", d=d, class_="near", **act)
    return el("g", title, near, el("path", d=d, class_="way", **act), dots, class_=f"walk {kind}", data_trace=line.id)


def _table(lanes: Sequence[Lane], passages: Mapping[str, Traced]) -> Markup:
    """The same as numbers: a passage a row, a stage a cell."""
    known = [line.id for line in lanes[0].lines] if lanes and lanes[0].lines else []
    for lane in lanes:
        known = known or [line.id for line in lane.lines]
    spans = [el("th", letter_mark(LETTERS[at]), colspan=max(1, len(lane.stages))) for at, lane in enumerate(lanes)]
    names = [el("th", _NAMES.get(stage, stage)) for lane in lanes for stage in lane.stages or ("",)]
    rows = []
    for id in known:
        if id not in passages:
            continue
        one = passages[id]
        short = " ".join(one.text[:90].split())
        first = el(
            "th", button([f"{one.document}, p. {one.page} ", el("span", short, "…", class_="facts")], "goto", id)
        )
        cells = [el("td", _rank(lane, id, stage)) for lane in lanes for stage in lane.stages or ("",)]
        rows.append(el("tr", first, cells, data_trace=id))
    head = el("thead", el("tr", el("th"), spans), el("tr", el("th", "passage"), names))
    return fold("As a table", el("div", el("table", head, el("tbody", rows), class_="numbers ranks"), class_="wide"))


def _rank(lane: Lane, id: str, stage: str) -> str:
    line = next((line for line in lane.lines if line.id == id), None)
    return str(line.ranks[stage]) if line and stage in line.ranks else "–"


def _overlap(columns: Sequence[Found]) -> Markup | None:
    """How many passages two columns share, and how alike their order is."""
    done = [(LETTERS[at], [hit.id for hit in one.hits]) for at, one in enumerate(columns) if one.ranking is not None]
    if len(done) < 2:
        return None
    why = (
        "Jaccard: passages in both by passages in either. RBO: rank-biased overlap (p = 0.9), which counts the first "
        "ranks most. 0: nothing in common, 1: the same."
    )
    pairs = [
        el(
            "span",
            letter_mark(a),
            letter_mark(b),
            f" Jaccard {jaccard(x, y):.2f} · RBO {rank_biased_overlap(x, y):.2f}",
        )
        for (a, x), (b, y) in combinations(done, 2)
    ]
    return el("p", tip("Overlap", why), [el("span", pair) for pair in pairs], class_="overlap facts")
