"""What can be done with an opened run, and with two."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.runs.run import Run
from playground.runs.loading import LABS
from playground.views.html import button, el, fold
from playground.views.tools import pressed


def run_tools(run: Run, asking: bool) -> Markup:
    """Make it again, load it, take it along, name it, delete it."""
    lab = LABS.get(run.kind)
    loaded = run.known_recipe is not None
    acts = [
        button("Run again", "again", run.id, class_="quiet", disabled=run.kind == "index" or not loaded),
        button("Use in chat", "use", run.id, class_="quiet", disabled=not loaded,
               title="The chat works with this recipe from now on."),
        button(f"Open in {lab[1]}", "load", run.id, class_="quiet", disabled=not loaded) if lab else None,
        button("★ Starred" if run.starred else "☆ Star", "star", run.id, class_="quiet",
               aria_pressed=pressed(run.starred)),
        _export(f"run/{run.id}"),
        fold("Name and note", _form("name", run.id, run.name, "A name", 120),
             _form("note", run.id, run.note, "A note", 2000), class_="fold export"),
        button("Delete", "delete", run.id, class_="quiet"),
        button("Close", "close", "", class_="quiet end"),
    ]  # fmt: skip
    sure = el("p", "Delete this run for good? ", button("Delete", "forget", run.id, class_="danger"), " ",
              button("Keep it", "keep", "", class_="quiet"), class_="note") if asking else None  # fmt: skip
    return el("div", el("div", acts, class_="toolbar lab-toolbar run-tools"), sure)


def pair_tools(left: Run, right: Run) -> Markup:
    """Take the comparison along, turn it round, close it."""
    return el(
        "div",
        button("Swap A and B", "swap", "", class_="quiet"),
        el("a", "Export as a page", href=f"runs/{left.id}/{right.id}.html", download="", class_="quiet"),
        button("Close", "close", "", class_="quiet end"),
        class_="toolbar lab-toolbar run-tools",
    )


def _export(path: str) -> Markup:
    formats = (
        ("JSON", "json", "Everything that was kept, as data."),
        ("Python", "py", "A script that makes the run again and prints what the command prints with --json."),
        ("Page", "html", "One file that opens anywhere, without this app."),
    )
    links = [
        el("a", label, href=f"{path}.{ending}", download="", class_="quiet", title=what)
        for label, ending, what in formats
    ]
    return fold("Export", links, class_="fold export")


def _form(act: str, run: str, value: str, label: str, most: int) -> Markup:
    field = el("input", name="value", value=value, placeholder=label, aria_label=label, maxlength=most, type="text")
    return el("form", field, el("button", "Keep", type="submit"), data_act=act, data_arg=run, class_="inline")
