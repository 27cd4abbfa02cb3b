"""One column of the chunking lab, made step by step while a page waits for it: cut, drawn, searched."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event as CancelFlag

from markupsafe import Markup

from pipelines.chunking import Cut
from pipelines.chunking.figures import Figures, counted_by
from pipelines.errors import Cancelled, DocumentError, PlaygroundError
from pipelines.events import IndexProgress
from pipelines.loading.document import Document, Rect
from pipelines.recipe import Recipe
from pipelines.retrieval.base import Hit
from pipelines.scratch import Work
from playground.background import patiently
from playground.lab.overlay import Line, lines_of, overlay
from playground.lab.sheets import Sheet, pasted_document, sheet_of
from playground.lab.state import LETTERS, Lab
from playground.services import Services
from playground.views import columns, sheet
from playground.views.words import seconds

#: How many neighbours by meaning are shown.
NEAREST = 3


@dataclass(frozen=True)
class Column:
    """One column: its markup, and what the panels below it need."""

    head: str | None = None  # None: as it was
    body: str | None = None
    made: Cut | None = None
    figures: Figures | None = None
    found: tuple[Hit, ...] | None = None


@dataclass(frozen=True)
class Scene:
    """What a board is drawn from, the same for every column."""

    services: Services
    lab: Lab
    document: Document
    sheet: Sheet
    lines: tuple[Line, ...]
    drawn: bool  # whether the page has a picture to draw on

    @classmethod
    def of(cls, services: Services, lab: Lab) -> Scene:
        """The document and the sheet on show. Raises UsageError where there is none."""
        document = document_of(services, lab)
        shown = sheet_of(document, lab.sheet)
        drawn = lab.view == "page" and shown.page is not None
        lines: tuple[Line, ...] = ()
        if drawn:
            try:
                lines = lines_of(document, shown, lambda ranges: services.library.rectangles_of(document.name, ranges))
            except DocumentError:  # locked again after a restart: its text is still here
                drawn = False
        return cls(services, lab, document, shown, lines, drawn)

    def places(self, ranges: Sequence[tuple[int, int]]) -> list[list[Rect]]:
        """Rectangles of ranges on this sheet."""
        return self.services.library.rectangles_of(self.document.name, ranges)


def document_of(services: Services, lab: Lab) -> Document:
    """The document of the lab. Raises UsageError: not in the library any more, or nothing pasted."""
    return services.library.document(lab.document) if lab.document else pasted_document(lab.pasted)


def grow(scene: Scene, at: int, recipe: Recipe, flag: CancelFlag) -> Iterator[Column]:
    """A column as it comes to be: working, then cut, then with its hits. The last one is whole.

    Raises:
        Cancelled: a newer wish took over; nothing more is to be shown.
    """
    letter = LETTERS[at]
    scratch, document = scene.services.library.scratch, scene.document
    try:
        for step in _patiently(lambda work: scratch.cut(document, recipe, work), flag):
            yield Column(str(columns.head(letter, recipe, None)), str(_working(letter, step, "sentences")))
        made, numbers = scratch.cut(document, recipe), scratch.figures(document, recipe)
        column = _drawn(scene, at, recipe, Column(made=made, figures=numbers))
        yield column
        if not scene.lab.asked.strip():
            return
        for step in _patiently(lambda work: scratch.context([document], recipe, work), flag):
            yield replace(column, head=str(columns.head(letter, recipe, made, busy=_progress(step, "chunks"))))
        found = scratch.search(scene.lab.asked, recipe, [document])
        yield _drawn(scene, at, recipe, replace(column, found=found.hits))
    except Cancelled:
        raise
    except PlaygroundError as error:
        head = str(columns.head(letter, recipe, None))
        yield Column(head, str(columns.broken(letter, error.message, error.fix)))


def _drawn(scene: Scene, at: int, recipe: Recipe, column: Column) -> Column:
    """The column with its sheet."""
    assert column.made is not None
    letter, place = LETTERS[at], scene.lab.picked_place
    shown = overlay(
        column.made,
        scene.sheet,
        picked=place[1] if place and place[0] == at else -1,
        ranks=ranks(column.made, column.found or ()),
        places=scene.places if scene.drawn else None,
    )
    if scene.drawn and scene.sheet.page is not None:
        small = scene.lab.shown > 2 and scene.lab.zoom <= 100
        body = sheet.page_sheet(scene.document, scene.sheet.page, letter, shown, scene.lines, scene.lab.zoom, small)
    else:
        body = sheet.text_sheet(scene.document, scene.sheet, letter, shown)
    cost = ""
    if column.found:
        tokens = tokens_of(scene, recipe, [hit.text for hit in column.found])
        cost = f"{tokens:,} tokens in the prompt"
    head = columns.head(letter, recipe, column.made, hits=column.found, cost=cost)
    return replace(column, head=str(head), body=str(body))


def ranks(made: Cut, hits: Sequence[Hit]) -> dict[int, int]:
    """Index of each chunk that was found -> the best rank it led to."""
    starts = [chunk.span.start for chunk in made.chunks]
    found: dict[int, int] = {}
    for hit in hits:
        for start, end in hit.matched or ((hit.start, hit.end),):
            index = bisect_right(starts, start) - 1
            while index >= 0 and made.chunks[index].span.end < end:
                index -= 1
            if index >= 0:
                found.setdefault(index, hit.rank)
    return found


def nearest(scene: Scene, recipe: Recipe, index: int, flag: CancelFlag) -> Iterator[str | list[tuple[int, float]]]:
    """The chunks of a column nearest to one of them by meaning; words while they are embedded."""
    import numpy as np

    scratch = scene.services.library.scratch
    for step in _patiently(lambda work: scratch.vectors(scene.document, recipe, work), flag):
        yield _progress(step, "chunks")
    vectors = scratch.vectors(scene.document, recipe)
    alike = vectors @ vectors[index]
    alike[index] = -np.inf
    best = np.argsort(-alike, kind="stable")[: min(NEAREST, len(alike) - 1)]
    yield [(int(at), float(alike[at])) for at in best]


def tokens_of(scene: Scene, recipe: Recipe, texts: Sequence[str]) -> int:
    """Tokens of texts, by the ruler a column's sizes are told in."""
    ruler = counted_by(recipe.choice("chunker"), scene.services.library.scratch.embedder(recipe))
    return sum(ruler.count(text) for text in texts)


def _patiently(work: Callable[[Work], object], flag: CancelFlag) -> Iterator[IndexProgress]:
    """A step of the pipelines, with where it stands once it takes a while."""
    return patiently(lambda report: work(Work(report, flag)), flag)


def _working(letter: str, step: IndexProgress, what: str) -> Markup:
    return columns.working(letter, _progress(step, what), step.done / step.total if step.total else None)


def _progress(step: IndexProgress, what: str) -> str:
    left = f", about {seconds(step.seconds_left)} left" if step.seconds_left else ""
    return f"Embedding {what}: {step.done:,} of {step.total:,}{left}"
