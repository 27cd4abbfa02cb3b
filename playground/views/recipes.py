"""Recipes a person can name: a row each with what makes it itself, and two of them compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from markupsafe import Markup

from pipelines.named_files import safe_name
from pipelines.recipe import Recipe
from pipelines.recipes.saved import Unreadable
from playground.lab.differences import differences
from playground.lab.state import LETTERS
from playground.recipes.comparing import SHORT, Change, changes, in_short, sections_that_differ
from playground.recipes.state import Entry
from playground.views.columns import letter_mark, recipe_links, strip
from playground.views.html import button, el, fold, join
from playground.views.tools import inline_form, sure
from playground.views.words import moment

#: A recipe as a program.
Program = Callable[[Entry], str]


def in_use(now: Entry, same: Sequence[str], program: Program) -> Markup:
    """The recipe in use, in short, and which of the others it is."""
    told = f"The same as “{same[0]}”." if same else "Not saved yet: a name keeps it."
    return el(
        "section",
        el("h2", "In use now"),
        _short(now.named.recipe),
        el("div", el("span", told, class_="facts"), _export(now, program), class_="acts"),
        class_="recipe now",
    )


def recipe_list(known: Sequence[Entry], broken: Sequence[Unreadable], asked: str, program: Program) -> Markup:
    """Everything that can be put to use: a person's own first, then what comes with the app."""
    used = next(one.named.recipe for one in known if one.kind == "now")
    rows = {
        kind: [_row(one, one.named.recipe == used, program) for one in known if one.kind == kind]
        for kind in ("own", "standard", "sample")
    }
    own = [*rows["own"], *(_unreadable(one) for one in broken)]
    export = f"Each exports as a file, and as a Python program that asks: “{_start(asked)}”"
    return el(
        "section",
        el("h2", "Yours"),
        el("ul", own, class_="recipes") if own else _none(),
        el("h2", "To try"),
        el("p", export, class_="facts"),
        el("ul", rows["standard"], rows["sample"], class_="recipes"),
    )


def _row(entry: Entry, used: bool, program: Program) -> Markup:
    named, name = entry.named, entry.label
    use = button("Use in chat", "use", entry.key, class_="quiet", aria_label=f"Use {name} in chat")
    acts = [
        el("span", "✓ in use", class_="taken") if used else use,
        button("Compare", "compare", entry.key, class_="quiet", aria_label=f"Compare {name} with the recipe in use"),
        _export(entry, program),
        _more(named.name) if entry.kind == "own" else None,
    ]
    when = moment(named.saved)
    told = [f"saved {when}" if when else "", f"from {named.origin}" if named.origin else ""]
    needs = [f"{section} needs: {line}" for section, line in named.recipe.missing().items()]
    return el(
        "li",
        el("h3", name),
        el("p", named.note, class_="note") if named.note else None,
        _short(named.recipe),
        el("p", f"⚠ {'; '.join(needs)}", class_="warning") if needs else None,
        el("p", " · ".join(filter(None, told)), class_="facts") if any(told) else None,
        el("div", acts, class_="acts"),
        class_="recipe",
        aria_label=name,
    )


def _short(recipe: Recipe) -> Markup:
    told = in_short(recipe)
    if not told:
        return el("p", "Every choice as the app starts with it.", class_="facts")
    return el("ul", [el("li", words) for words in told], class_="in-short", aria_label="Differs from the standard in")


def _export(entry: Entry, program: Program) -> Markup:
    name = safe_name(entry.named.name, "recipe")
    text = entry.named.to_json() if entry.named.name else entry.named.recipe.to_json()
    return fold("Export", *recipe_links(text, program(entry), name), class_="fold export")


def _more(name: str) -> Markup:
    return fold(
        "More",
        inline_form("rename", name, name, "Rename"),
        sure("Replace", "Replace it with the recipe in use", "overwrite", name),
        sure("Delete", "Delete for good", "delete", name),
        class_="fold more-acts",
    )


def _unreadable(one: Unreadable) -> Markup:
    delete = sure("Delete", "Delete for good", "delete", one.name)
    return el(
        "li", el("h3", one.name), el("p", one.why, class_="warning"), el("div", delete, class_="acts"), class_="recipe"
    )


def _none() -> Markup:
    words = (
        "No recipe of your own yet. A recipe is every choice of the pipeline under one name: how text is read, cut, "
        "found and answered. Turn knobs at the side, or press “Use in chat” in a lab, then give the result a name "
        "above. Or begin with one of these."
    )
    return el("p", words, class_="empty-list")


def _start(asked: str) -> str:
    line = " ".join(asked.split())
    return line if len(line) <= 120 else f"{line[:120]}…"


# two compared ---------------------------------------------------------------------------------------------


def comparison(one: Entry, other: Entry) -> Markup:
    """What differs between two recipes, and nothing else."""
    recipes = (one.named.recipe, other.named.recipe)
    found = differences(recipes, sections_that_differ(*recipes))
    found = replace(found, columns=(one.label, other.label), mixed=())  # the table tells every knob
    rows = [_change(change) for change in changes(*recipes)]
    heads = [
        el("th", letter_mark(letter), " ", entry.label) for letter, entry in zip(LETTERS, (one, other), strict=False)
    ]
    table = el("table", el("thead", el("tr", el("th", "choice"), heads)), el("tbody", rows), class_="numbers compared")
    return el("div", strip(found), el("div", table, class_="wide") if rows else None)


def _change(change: Change) -> Markup:
    by = el("span", f" {change.by}", class_="facts") if change.by else None
    return el("tr", el("th", change.place, scope="row"), el("td", _value(change.a)), el("td", _value(change.b), by))


def _value(text: str) -> Markup:
    if len(text) <= SHORT:
        return join(text)
    return fold(f"{_start(text)[:SHORT]}…", el("pre", text), class_="fold")
