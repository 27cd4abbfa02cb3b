"""A PDF with outline, page labels and metadata that comes out the same, byte for byte, every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, PageTemplate

#: (index of the first physical page from 0, numbering style or None for a prefix alone, first number, prefix)
Label = tuple[int, str | None, int | None, str | None]


@dataclass(frozen=True)
class Edition:
    """What a file says about itself."""

    title: str
    author: str
    subject: str
    keywords: tuple[str, ...]
    labels: tuple[Label, ...] = ()


def steady_canvas(path: str, **options: Any) -> Canvas:
    """A canvas without a clock, a random id or text-armoured streams."""
    rl_config.useA85 = 0
    options["invariant"] = 1
    options["pageCompression"] = 1
    options["lang"] = "en-GB"
    return Canvas(path, **options)


def describe(canvas: Canvas, edition: Edition) -> None:
    """Write metadata and page labels."""
    canvas.setTitle(edition.title)
    canvas.setAuthor(edition.author)
    canvas.setSubject(edition.subject)
    canvas.setKeywords(", ".join(edition.keywords))
    for first, numbering, start, prefix in edition.labels:
        canvas.addPageLabel(first, numbering, start, prefix)


class Book(BaseDocTemplate):  # type: ignore[misc]
    """A document whose headings become its outline and its table of contents."""

    def __init__(
        self,
        path: Path,
        edition: Edition,
        size: tuple[float, float],
        templates: Sequence[PageTemplate],
        label: Callable[[int], str] = str,
    ) -> None:
        super().__init__(str(path), pagesize=size, pageTemplates=list(templates))
        self._edition = edition
        self.label = label

    def beforeDocument(self) -> None:
        """Called by reportlab at the start of each pass."""
        describe(self.canv, self._edition)
        self._headings = 0
        if self._edition.labels:
            self.canv.showOutline()

    def afterFlowable(self, flowable: Flowable) -> None:
        """Called by reportlab when a flowable stands on its page."""
        heading = getattr(flowable, "heading", None)
        if heading is None:
            return
        level, title = heading
        self._headings += 1
        key = f"h{self._headings}"
        self.canv.bookmarkHorizontal(key, 0, self.frame._y + flowable.height + 12)
        self.canv.addOutlineEntry(title, key, level, closed=False)
        self.notify("TOCEntry", (level, title, self.page, key))

    def make(self, story: list[Flowable]) -> None:
        """Lay out until the table of contents holds still, and write the file."""
        self.multiBuild(story, canvasmaker=steady_canvas)
