"""Two runs side by side: what differs, the numbers with their direction, the words, the ranks of every passage."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import shorten
from typing import Any

from markupsafe import Markup

from pipelines.runs.comparing import Comparison, Passage, Piece
from pipelines.runs.numbers import number
from pipelines.runs.run import Run
from playground.lab.state import LETTERS
from playground.runs.words import difference, told
from playground.views.columns import letter_mark
from playground.views.html import el, fold, tip
from playground.views.run import facts, plain

#: Passages shown; the rest is counted.
_MOST = 30

_STAGES = ("semantic", "keyword", "fused", "mmr", "rerank", "hits")


def pair(left: Run, right: Run, found: Comparison, tools: Markup | str = "") -> Markup:
    """The whole comparison. ``tools`` are the buttons for it."""
    sides = [
        el("div", el("p", letter_mark(letter), el("b", run.about)), facts(run), class_=f"col-head col-{letter.lower()}")
        for letter, run in zip(LETTERS, (left, right), strict=False)
    ]
    return el(
        "section",
        el("header", el("h2", "Two runs compared"), tools),
        el("div", sides, class_="sides"),
        strip(left, right, found),
        numbers(found),
        words(found),
        ranks(found.passages),
        _table("Versions that differ", found.versions),
        class_="run-pair",
    )


def strip(left: Run, right: Run, found: Comparison) -> Markup:
    """What differs in recipe and question."""
    if left.kind != right.kind:
        kinds = f"These are two kinds of runs: {left.kind} and {right.kind}."
        return el("p", el("b", kinds, class_="warning"), class_="strip")
    known = ("recipes", "history", "document_id")
    asked = {name: two for name, two in found.inputs.items() if name not in known and any(two)}
    if not found.recipe and not asked:
        return el("p", el("b", "Nothing differs in what went in."), class_="strip")
    parts = [_change(name, *two) for name, two in {**found.recipe, **asked}.items()]
    lead = f"{len(found.recipe)} knobs differ" if len(found.recipe) != 1 else "Only one knob differs"
    if not found.recipe:
        lead = "The recipes are the same"
    warning = el("span", "⚠ Not the same was asked.", class_="warning") if asked else None
    return el("p", el("b", f"{lead}. "), warning, " ", parts, class_="strip")


def _change(name: str, one: Any, other: Any) -> Markup:
    return el("span", f"{name}: ", letter_mark("A"), f" {plain(one)} ", letter_mark("B"), f" {plain(other)} ")


def numbers(found: Comparison) -> Markup | str:
    """Every number of both, and by how much it changed."""
    rows = []
    for name, old, new in found.numbers:
        known = number(name)
        arrow = {"higher": " ↑", "lower": " ↓"}.get(known.better)
        better = el("span", arrow, title=f"{known.better} is better") if arrow else None
        change, good = difference(name, old, new) if old is not None and new is not None else ("", "")
        rows.append(
            el(
                "tr",
                el("th", tip(known.label, known.means), better, scope="row"),
                el("td", told(name, old) if old is not None else "–"),
                el("td", told(name, new) if new is not None else "–"),
                el("td", change, f" {good}" if good else "", class_=good or None),
            )
        )
    if not rows:
        return ""
    heads = [el("th", ""), el("th", letter_mark("A")), el("th", letter_mark("B")), el("th", "change")]
    note = "One run each: times vary from run to run, so a change by less than half says nothing."
    return el("div", el("table", el("thead", el("tr", heads)), el("tbody", rows), class_="plain numbers"),
              el("p", note, class_="facts"))  # fmt: skip


def words(found: Comparison) -> Markup | str:
    """Both texts in one: what only A says struck out, what only B says underlined."""
    if found.text is None:
        return ""
    if found.same_text:
        return el("p", "Both say the same, word for word.", class_="note")
    legend = el("p", el("del", "only A says"), " ", el("ins", "only B says"), class_="facts")
    return el("div", el("h3", "What they say"), legend, el("p", [_piece(one) for one in found.text], class_="run-said"))


def _piece(piece: Piece) -> Markup | str:
    if piece.side == "both":
        return f"{piece.text} "
    return el("del" if piece.side == "left" else "ins", piece.text) + " "


def ranks(found: tuple[Passage, ...]) -> Markup | str:
    """Where each passage stood on each list of both."""
    if not found:
        return ""
    stages = [stage for stage in _STAGES if any(one.left.get(stage) or one.right.get(stage) for one in found)]
    heads = [
        el("th", "passage"),
        *(el("th", "in the end" if stage == "hits" else stage, colspan=2) for stage in stages),
    ]
    letters = [el("th", ""), *(el("th", letter_mark(letter)) for _ in stages for letter in "AB")]
    rows = [
        el("tr", _passage(one), [
            _rank(*sides, stage) for stage in stages for sides in ((one.left, one.right), (one.right, one.left))
        ])
        for one in found[:_MOST]
    ]  # fmt: skip
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    shared = sum(one.left["hits"] is not None and one.right["hits"] is not None for one in found)
    table = el("table", el("thead", el("tr", heads), el("tr", letters)), el("tbody", rows), class_="plain ranks")
    said = el("p", f"{shared} of {len(found)} were found by both{more}.", class_="facts")
    return el("div", el("h3", "Passages and their ranks"), said, el("div", table, class_="scroll"))


def _passage(one: Passage) -> Markup:
    begins = el("span", shorten(one.text, 90, placeholder=" …"), class_="facts")
    return el("th", f"{one.document} p. {one.page}", begins, scope="row")


def _rank(side: Mapping[str, int | None], other: Mapping[str, int | None], stage: str) -> Markup:
    rank, theirs = side.get(stage), other.get(stage)
    moved = rank is not None and theirs is not None and rank != theirs
    return el("td", f"#{rank}" if rank else "–", class_="moved" if moved else None)


def _table(title: str, changes: Mapping[str, tuple[str, str]]) -> Markup | str:
    if not changes:
        return ""
    rows = [
        el("tr", el("th", name, scope="row"), [el("td", value or "–") for value in two])
        for name, two in changes.items()
    ]
    heads = el("tr", el("th", ""), el("th", letter_mark("A")), el("th", letter_mark("B")))
    return fold(f"{title}: {len(changes)}", el("table", el("thead", heads), el("tbody", rows), class_="plain"))
