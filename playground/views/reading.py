"""Around the columns of the reading lab: its tools and what stands where there is nothing yet."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.errors import PlaygroundError
from playground.reading.comparing import Compared
from playground.reading.state import Reading
from playground.views.html import el
from playground.views.tools import how_many, zooms


def toolbar(lab: Reading) -> Markup:
    """Zoom of the page, how many columns."""
    return el(
        "div",
        el("div", zooms(lab.zoom), class_="group"),
        how_many(lab.shown),
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
