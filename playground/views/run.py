"""One run, opened: what was asked of which recipe, what came out, how long it took, with which versions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

from markupsafe import Markup

from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS
from pipelines.runs.comparing import text_of
from pipelines.runs.numbers import in_order, number
from pipelines.runs.run import DECIDING, Details, Run
from playground.runs.words import told
from playground.views.html import el, fold, tip
from playground.views.runs import STATE_WORDS
from playground.views.words import moment

#: Passages, chunks and rows shown; the exported file has all.
_MOST = 20


def opened(run: Run, details: Details, tools: Markup | str = "", news: Markup | str = "") -> Markup:
    """Everything of a run. ``tools`` are the buttons for it, ``news`` what became of them."""
    return el(
        "section",
        el("header", el("h2", run.about), facts(run)),
        tools,
        news,
        el("p", run.note, class_="run-note") if run.note else None,
        el("p", el("b", run.question), class_="asked") if run.question and run.name else None,
        el("div", el("p", run.error), class_="fault", role="alert") if run.error else None,
        numbers(run.numbers),
        said(text_of(details)),
        found(details.outputs),
        recipe_of(run),
        versions(details.versions),
        class_="run-open",
    )


def facts(run: Run) -> Markup:
    """Who, when, how it ended."""
    engine = f"{run.model} ({run.engine})" if run.model else "no model" if run.engine == "none" else ""
    words = [
        run.kind,
        moment(run.when),
        STATE_WORDS.get(run.state, "done"),
        run.origin,
        ", ".join(run.documents),
        engine,
    ]
    return el("p", " · ".join(word for word in words if word), class_="facts")


def numbers(known: Mapping[str, float]) -> Markup | str:
    """All numbers under their names."""
    if not known:
        return ""
    cells = [
        el("div", el("dt", tip(number(name).label, _means(name))), el("dd", told(name, known[name])))
        for name in in_order(set(known))
    ]
    return el("dl", cells, class_="run-numbers")


def _means(name: str) -> str:
    known = number(name)
    return known.means + (f" {known.better.capitalize()} is better." if known.better else "")


def said(text: str) -> Markup | str:
    """What it said, as plain text."""
    return el("div", text, class_="run-said", tabindex=0) if text.strip() else ""


def found(outputs: Mapping[str, Any]) -> Markup | str:
    """Passages it found, with their ranks on each list."""
    hits: Sequence[Mapping[str, Any]] = outputs.get("hits", ())
    if not hits:
        return ""
    rows = [
        el("li", el("b", f"#{hit['rank']}"), f" {hit['document']} p. {hit['page']} ", _ranks(hit["scores"]),
           el("p", shorten(hit["text"], 400, placeholder=" …"), class_="facts"))
        for hit in hits[:_MOST]
    ]  # fmt: skip
    return fold(f"{len(hits)} passages", el("ol", rows, class_="run-hits"), open_=True)


def _ranks(scores: Mapping[str, Any]) -> Markup:
    words = [f"{stage} #{place['rank']} ({place['score']:.3f})" for stage, place in scores.items() if place]
    return el("span", " · ".join(words), class_="facts")


def recipe_of(run: Run) -> Markup | str:
    """Its recipe: what differs from the standard one first, then all of it."""
    recipe = run.known_recipe
    if recipe is None:
        return el("p", "Its recipe names parts that this app does not have.", class_="warning") if run.recipe else ""
    changed = Recipe().diff(recipe)
    deciding = {name: pair for name, pair in changed.items() if name.partition(".")[0] in DECIDING[run.kind]}
    lead = [el("li", f"{name} = {value}") for name, (_, value) in deciding.items()]
    every = [el("tr", el("th", section, scope="row"), el("td", str(recipe.choice(section)))) for section in SECTIONS]
    return fold(
        "Recipe" + (f": {len(lead)} different from the standard one" if lead else ": the standard one"),
        el("ul", lead, class_="facts") if lead else None,
        el("table", el("tbody", every), class_="plain"),
    )


def versions(known: Mapping[str, str]) -> Markup | str:
    """App, engine, model file and packages."""
    rows = [el("tr", el("th", name, scope="row"), el("td", value)) for name, value in known.items()]
    return fold("Versions", el("table", el("tbody", rows), class_="plain")) if rows else ""


def plain(value: Any) -> str:
    """A value of a recipe or an input in one line."""
    if value is None or value in ("", [], {}):
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
