"""Several pages read by the readers of the columns, at several levels of degradation, in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pipelines.errors import Cancelled, UsageError
from pipelines.evaluation.reading_runs import PageRead, pages_of, read_pages
from pipelines.events import IndexProgress
from pipelines.reading.base import Sheet
from pipelines.reading.degrade import Degradation
from pipelines.reading.filling import NONE
from pipelines.reading.read import read_to_end
from pipelines.recipe import Choice, choose
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.reading.levels import Axis, axis_of, levels_of
from playground.reading.state import Reading, readers
from playground.runs import labs
from playground.services import Services
from playground.state import Session

#: Most pages of one run.
MOST_PAGES = 50


@dataclass(frozen=True, kw_only=True)
class Several(Growing[PageRead]):
    """The pages as they are read."""

    name: str  # of the document
    pages: tuple[int, ...]
    columns: tuple[int, ...]  # of each reader: the column it stands in
    readers: tuple[Choice, ...]
    degradations: tuple[Degradation, ...]  # the levels
    without_truth: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Readings to be made."""
        return len(self.pages) * len(self.readers) * len(self.degradations)

    @cached_property
    def _cells(self) -> dict[tuple[str, str], list[PageRead]]:
        cells: dict[tuple[str, str], list[PageRead]] = {}
        for row in self.rows:
            cells.setdefault((str(row.reader), str(row.degradation)), []).append(row)
        return cells

    @cached_property
    def axis(self) -> Axis:
        """What the levels are drawn on."""
        return axis_of(self.degradations)

    def of(self, reader: int, level: int) -> list[PageRead]:
        """The pages one reader has read at one level."""
        return self._cells.get((str(self.readers[reader]), str(self.degradations[level])), [])


def several(services: Services, lab: Reading) -> Several | None:
    """What this page has read, if it has."""
    found = services.measurements.peek(lab.work("many"))
    return found if isinstance(found, Several) else None


def start(services: Services, session: Session, lab: Reading) -> None:
    """Read in the background.

    Raises:
        UsageError: no such pages, readers or levels, or a run is still under way.
    """
    if not lab.page.document and not lab.page.upload:
        raise UsageError("There is nothing to read.", "Choose a document under “One page” first.")
    pages = tuple(pages_of(lab.many.pages))
    if len(pages) > MOST_PAGES:
        raise UsageError(f"{len(pages)} pages are too many for one run.", f"Take at most {MOST_PAGES}.")
    columns = _columns(session, lab)
    if not columns:
        raise UsageError("No reader is chosen.", "Tick at least one of the readers.")
    first = Several(
        name=lab.page.document or lab.page.name,
        pages=pages,
        columns=tuple(columns),
        readers=tuple(columns.values()),
        degradations=levels_of(lab.many.worse),
    )

    def source(work: Work) -> Iterator[PageRead]:
        yield from _read(services, lab, first, work)
        labs.several(services, lab, services.measurements.peek(lab.work("many")))

    services.measurements.start(lab.work("many"), first, source)


def _columns(session: Session, lab: Reading) -> dict[int, Choice]:
    """The readers of the columns that take part, each once."""
    found: dict[int, Choice] = {}
    for at, choice in enumerate(readers(session, lab)[: lab.shown]):
        if at not in lab.many.without and choice not in found.values():
            found[at] = choice
    return found


def _read(services: Services, lab: Reading, first: Several, work: Work) -> Iterator[PageRead]:
    """A row as soon as it is read; pages without a text layer have no truth, and are told."""
    clean = lab.to(degrade=Degradation())
    means, seconds = services.library.reading, float(lab.seconds)

    def draw(page: int, dpi: float) -> Sheet:
        del dpi  # a level never makes a page sharper than the sheet
        return services.sheets.sheet(clean.to(page=lab.page.model_copy(update={"number": page})), work.cancel)

    done = 0
    for page in first.pages:
        truth = _truth(draw(page, 0), services, seconds, work)
        if not truth:
            _missing(services, lab, page)
        truths = {page: truth} if truth else {}
        rows = read_pages([page], first.readers, first.degradations, draw, means, truths, how=lab.normalising,
                          seconds=seconds, cancel=work.cancel)  # fmt: skip
        for row in rows:
            if row.transcript.state == "stopped":
                raise Cancelled
            yield row
            done += 1
            if work.on_progress is not None:
                work.on_progress(IndexProgress(first.name, "asking", done, first.total))


def _truth(sheet: Sheet, services: Services, seconds: float, work: Work) -> str:
    layer = read_to_end(choose("reader", NONE), sheet, services.library.reading, seconds=seconds, cancel=work.cancel)
    if layer.state == "stopped":
        raise Cancelled
    return layer.text.strip()


def _missing(services: Services, lab: Reading, page: int) -> None:
    def told(now: Several) -> Several:
        return replace(now, without_truth=(*now.without_truth, page))

    services.measurements.change(lab.work("many"), told)
