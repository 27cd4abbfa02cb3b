"""Around the columns of a lab: the strip that says what differs, the head of each column."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.chunking import Cut
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit
from playground.lab.differences import Differences
from playground.lab.sheets import Sheet
from playground.lab.state import LETTERS, Lab
from playground.views.html import button, el, fold, join, tip
from playground.views.tools import download, how_many, pressed, zooms
from playground.views.words import count, place, seconds, where


def letter_mark(letter: str) -> Markup:
    """A column's letter in its colour."""
    return el("i", letter, class_=f"letter col-{letter.lower()}")


def strip(found: Differences) -> Markup:
    """What differs between the columns, and nothing else."""
    many = found.what.count(" and ") + 1
    parts = [el("span", letter_mark(LETTERS[at]), " ", words) for at, words in enumerate(found.columns)]
    if found.others:
        lead = el("b", f"⚠ Not only the {found.what} differs, but also: {', '.join(found.others)}.", class_="warning")
    else:
        words = f"The {found.what} differ." if many > 1 else f"Only the {found.what} differs."
        lead = el("b", words if found.what else "Nothing differs.")
    remarks: list[Markup] = [el("span", f"⚠ {a} and {b} are the same.", class_="warning") for a, b in found.same]
    why = "With more than one change, what you see may come from either. Set them equal to compare one thing."
    if many > 1:
        remarks.append(tip(f"⚠ {'Two' if many == 2 else many} things differ at once.", why, "warning"))
    if found.mixed:
        words = f"⚠ Besides that: {', '.join(found.mixed)} differ" + ("s." if len(found.mixed) == 1 else ".")
        remarks.append(tip(words, why, "warning"))
    return el("p", lead, " ", join([join(part, " ") for part in parts]), join(remarks), class_="strip")


def toolbar(lab: Lab, sheet: Sheet | None, label: str) -> Markup:
    """Turning pages in step, page or text, zoom, how many columns."""
    what = "page" if sheet and sheet.page else "part"
    number, of = (sheet.number, sheet.of) if sheet else (1, 1)
    shown = place(number, label) if sheet and sheet.page else f"part {number}"
    turn = [
        button("‹", "sheet", number - 1, aria_label=f"Previous {what}", disabled=number <= 1),
        el("span", f"{shown} of {of}", class_="place"),
        button("›", "sheet", number + 1, aria_label=f"Next {what}", disabled=number >= of),
    ]
    views = [
        button(words, "view", name, class_="switch", aria_pressed=pressed(lab.view == name))
        for name, words in (("page", "Page"), ("text", "Text"))
    ]
    return el(
        "div",
        el("div", turn, class_="group"),
        el("div", views, class_="group") if sheet and sheet.page else None,
        el("div", zooms(lab.zoom, "column"), class_="group") if sheet and sheet.page and lab.view == "page" else None,
        how_many(lab.shown),
        class_="toolbar lab-toolbar",
    )


def head(
    letter: str, recipe: Recipe, made: Cut | None, *, busy: str = "", hits: Sequence[Hit] | None = None, cost: str = ""
) -> Markup:
    """A column's letter, what came out, what the question found, and what can be done with it."""
    facts = None
    if made is not None:
        took = f" in {seconds(made.seconds)}"
        facts = el("span", el("b", count(len(made.chunks), "chunk")), took, class_="facts")
    remarks = [el("p", words, class_="note") for words in (made.notes if made else ())]
    if busy:
        remarks.append(el("p", busy, class_="note busy"))
    if hits is not None:
        remarks.append(_hits(letter, hits, cost))
    return el(
        "div",
        letter_mark(letter),
        facts,
        button("Use in chat", "use", LETTERS.index(letter), class_="quiet"),
        export(letter, recipe, "chunker"),
        join(remarks),
        class_=f"col-head col-{letter.lower()}",
    )


def _hits(letter: str, hits: Sequence[Hit], cost: str) -> Markup:
    """Where the question's passages stand: a click turns to them."""
    if not hits:
        return el("p", "The question found nothing here.", class_="note")
    chips = [
        button(
            [el("em", f"#{hit.rank}"), f" p. {hit.page}"],
            "goto",
            f"{letter}:{hit.start}",
            class_="chip",
            title=where(hit),
        )
        for hit in hits
    ]
    return el("p", join([join(chip, " ") for chip in chips]), el("span", cost, class_="facts"), class_="chips")


def export(letter: str, recipe: Recipe, section: str) -> Markup:
    """The column's recipe as files, made here: nothing is stored for it. ``section`` names them."""
    name = f"recipe-{letter.lower()}-{recipe.choice(section).name}"
    return fold("Export", *recipe_links(recipe.to_json(), recipe.to_python(), name), class_="fold export")


def recipe_links(as_json: str, as_python: str, name: str) -> tuple[Markup, Markup]:
    """A recipe to save under a file's name: its file, and a program that runs it."""
    return (
        download("JSON", as_json, "application/json", f"{name}.json"),
        download("Python", as_python, "text/x-python", f"{name}.py"),
    )


def working(letter: str, words: str, fraction: float | None) -> Markup:
    """A column whose chunker is embedding sentences. It is redrawn all the time, so Stop stands elsewhere."""
    from playground.views.html import bar

    return el("div", el("p", words), bar(fraction, words), class_=f"desk empty working busy col-{letter.lower()}")


def broken(letter: str, message: str, fix: str) -> Markup:
    """A column that failed: the others are not touched."""
    words = [el("h4", el("i", "!", aria_hidden="true"), message), el("p", fix) if fix else None]
    again = button("Try again", "again", "", class_="quiet")
    return el("div", el("div", words, again, class_="fault", role="alert"), class_=f"desk col-{letter.lower()}")


def stopped(letter: str) -> Markup:
    """A column whose work was stopped."""
    words = "Stopped. What was embedded is kept; going on costs only the rest."
    return el(
        "div", el("p", words), button("Go on", "again", "", class_="quiet"), class_=f"desk empty col-{letter.lower()}"
    )


def no_text() -> Markup:
    """The lab before there is a document."""
    words = (
        "Take one of your documents, or paste text, and see how strategies cut it. "
        "Try first: move the size slider of column A and watch the page."
    )
    return el("div", el("p", words), class_="desk empty")
