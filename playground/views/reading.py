"""Around the columns of the reading lab: its tools and what stands where there is nothing yet."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.errors import PlaygroundError
from playground.reading.comparing import Compared
from playground.reading.state import Reading
from playground.views.html import button, el


def toolbar(lab: Reading) -> Markup:
    """Zoom of the page, how many columns."""
    zooms = [
        button("−", "zoom", max(50, lab.zoom - 25), aria_label="Zoom out", disabled=lab.zoom <= 50),
        button(f"{lab.zoom} %", "zoom", 100, class_="place", aria_label="Zoom to the panel’s width"),
        button("+", "zoom", min(400, lab.zoom + 25), aria_label="Zoom in", disabled=lab.zoom >= 400),
    ]
    many = [
        button(str(n), "columns", n, class_="switch", aria_pressed="true" if lab.shown == n else "false",
               aria_label=f"{n} columns")
        for n in (2, 3, 4)
    ]  # fmt: skip
    return el(
        "div",
        el("div", zooms, class_="group"),
        el("div", el("span", "Columns"), many, class_="group end"),
        class_="toolbar lab-toolbar",
    )


def empty() -> Markup:
    """Before there is a page."""
    words = (
        "A page, read by classical OCR and by a vision model, side by side: what each saw, what it made up, what it "
        "took. Choose a document above, or add a picture. Try first: the scanned letter, with Run; then degrade it."
    )
    return el("div", el("p", words), class_="desk empty")


def problem(error: PlaygroundError) -> Markup:
    """Why there is no picture."""
    title = el("h4", el("i", "!", aria_hidden="true"), error.message)
    return el("div", title, el("p", error.fix) if error.fix else None, class_="fault", role="alert")


def no_truth(found: Compared) -> Markup:
    """Why there are no numbers."""
    return el("p", found.remark, class_="facts")
