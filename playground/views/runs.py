"""The table of runs, what it is narrowed to, and where it is turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.runs.numbers import key_numbers, number
from pipelines.runs.run import KINDS, Run
from playground.lab.state import LETTERS
from playground.runs.state import Looking
from playground.runs.words import told
from playground.views.columns import letter_mark
from playground.views.html import button, el, join, tip
from playground.views.tools import pressed
from playground.views.words import count, lately, seconds

#: Kind -> (what the switch says, what such a run is).
KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "ask": ("Answers", "A question answered, in the chat, a lab, or from the command line."),
    "search": ("Searches", "Passages found for a question."),
    "chunk": ("Cuts", "A document cut into chunks."),
    "sample": ("Samples", "Texts drawn from a model."),
    "read": ("Readings", "Pages read by OCR or a vision model."),
    "evaluate": ("Evaluations", "A recipe measured on labelled questions."),
    "index": ("Indexing", "A document put into the library."),
}

#: What a state is called, where it is not "done".
STATE_WORDS = {
    "running": "under way",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "cut off",
}


@dataclass(frozen=True)
class Listed:
    """A page of the table."""

    runs: Sequence[Run]
    matching: int
    every: int
    size_bytes: int = 0


def filters(now: Looking) -> Markup:
    """Switches for the kinds and the star; what is marked to be compared."""
    kinds = [
        button(KIND_WORDS[kind][0], "kind", kind, class_="switch", title=KIND_WORDS[kind][1],
               aria_pressed=pressed(kind in now.kinds))
        for kind in KINDS
    ]  # fmt: skip
    star = button("★ Starred", "starred", "", class_="switch", aria_pressed=pressed(now.starred))
    clear = button("Show all", "clear", "", class_="quiet") if now.filtered else None
    groups = [el("div", one, class_="group") for one in (kinds, star)]
    return el("div", groups, clear, class_="toolbar lab-toolbar runs-filters")


def table(now: Looking, listed: Listed) -> Markup:
    """The runs, the newest first; teaches where there are none."""
    if not listed.every:
        return _empty()
    if not listed.runs:
        return el("div", el("p", "No run fits. ", button("Show all", "clear", "", class_="quiet")), class_="desk empty")
    heads = ("", "When", "What", "About", "Recipe", "Model", "Key numbers", "")
    rows = [_row(now, run) for run in listed.runs]
    body = el("table", el("thead", el("tr", [el("th", head, scope="col") for head in heads])), el("tbody", rows),
              class_="runs-table")  # fmt: skip
    return join(el("div", body, class_="scroll"), _turning(now, listed))


def _row(now: Looking, run: Run) -> Markup:
    at = now.marked.index(run.id) if run.id in now.marked else -1
    mark = letter_mark(LETTERS[at]) if at >= 0 else "compare"
    star = button("★" if run.starred else "☆", "star", run.id, class_="star", aria_pressed=pressed(run.starred),
                  aria_label="Star", title="Starred runs are never cleared away.")  # fmt: skip
    kind = KIND_WORDS[run.kind]
    state = STATE_WORDS.get(run.state)
    ended = el("span", state, class_=f"state {run.state}") if state else None
    numbers = [key_number(name, run.numbers[name]) for name in key_numbers(run.kind, run.numbers)]
    below = run.question if run.name else ", ".join(run.documents)
    about = el("span", below, class_="facts") if below not in ("", run.about) else None
    return el(
        "tr",
        el("td", star),
        el("td", el("time", lately(run.when), title=run.origin)),
        el("td", tip(run.kind, kind[1]), ended),
        el("td", button(run.about, "open", run.id, class_="open"), about, class_="about"),
        el("td", run.summary, class_="facts recipe-words"),
        el("td", run.model, class_="facts"),
        el("td", numbers, class_="key-numbers"),
        el("td", button(mark, "mark", run.id, class_="switch pick", aria_pressed=pressed(at >= 0),
                        aria_label=f"Compare run {run.id}"), class_="mark-cell"),
        class_="picked" if now.run == run.id and now.opened == "run" else None,
    )  # fmt: skip


def key_number(name: str, value: float) -> Markup:
    """A number under its name, with what it means on hover."""
    known = number(name)
    better = f" {known.better.capitalize()} is better." if known.better else ""
    return el("span", el("b", told(name, value)), " ", tip(known.label, known.means + better), class_="number")


def _turning(now: Looking, listed: Listed) -> Markup:
    last = now.first + len(listed.runs)
    which = f"{now.first + 1:,} to {last:,} of {count(listed.matching, 'run')}"
    every = f", {listed.every:,} in all" if listed.matching != listed.every else ""
    marked = [
        el("span", "Compare ", [letter_mark(LETTERS[at]) for at in range(len(now.marked))]),
        button("Show", "compare", "", class_="quiet", disabled=len(now.marked) < 2),
        button("Let go", "unmark", "", class_="quiet"),
    ]
    return el(
        "div",
        el(
            "div",
            button("‹ Newer", "newer", "", class_="quiet", disabled=now.first <= 0),
            el("span", which + every, class_="place"),
            button("Older ›", "older", "", class_="quiet", disabled=last >= listed.matching),
            class_="group",
        ),
        el("div", marked, class_="group end")
        if now.marked
        else el("span", "Mark two to compare them.", class_="facts end"),
        class_="toolbar lab-toolbar",
    )


def _empty() -> Markup:
    words = (
        "Every question, search, cut, sample, reading and evaluation is kept here with its recipe, timings and "
        "versions. Try first: ask something in the chat, turn one knob, ask again, and compare the two."
    )
    return el("div", el("p", words), class_="desk empty")


def progress(state: str, took: float | None = None, said: str = "") -> Markup | str:
    """A run being made again, and how that ended."""
    if state == "running":
        return el(
            "p",
            "Making it again …",
            said and f" {said}",
            button("Stop", "stop", "", class_="quiet"),
            class_="note busy",
        )
    return el("p", said, f" It took {seconds(took)}." if took else "", class_="note") if said else ""


def made_again(same: bool, said: str, old: str, new: str) -> Markup:
    """Whether a run that was made again gave the same, and both side by side."""
    lead = "Reproduced. " if same else "Not the same. "
    both = [
        button("Open the new one", "open", new, class_="quiet"),
        " ",
        button("Compare", "both", f"{old}:{new}", class_="quiet"),
    ]
    return el("p", el("b", lead, class_="good" if same else "warning"), said, " ", both, class_="note")
