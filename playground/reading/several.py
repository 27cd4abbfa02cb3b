"""Several pages read by every column's reader, at several strengths of one degradation, in the background."""

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
from playground.reading.state import Reading, readers
from playground.runs import labs
from playground.services import Services
from playground.state import Session
from playground.typed import listed

#: Most pages, and most strengths, of one run.
MOST_PAGES, MOST_LEVELS = 50, 8


@dataclass(frozen=True, kw_only=True)
class Several(Growing[PageRead]):
    """The pages as they are read."""

    name: str  # of the document
    pages: tuple[int, ...]
    readers: tuple[Choice, ...]
    knob: str  # of the degradation
    levels: tuple[float, ...]
    degradations: tuple[Degradation, ...]
    without_truth: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Readings to be made."""
        return len(self.pages) * len(self.readers) * len(self.levels)

    @cached_property
    def _cells(self) -> dict[tuple[str, str], list[PageRead]]:
        cells: dict[tuple[str, str], list[PageRead]] = {}
        for row in self.rows:
            cells.setdefault((str(row.reader), str(row.degradation)), []).append(row)
        return cells

    def of(self, reader: int, level: int) -> list[PageRead]:
        """The pages one column has read at one strength."""
        return self._cells.get((str(self.readers[reader]), str(self.degradations[level])), [])


def several(services: Services, lab: Reading) -> Several | None:
    """What this page has read, if it has."""
    found = services.measurements.peek(lab.work("many"))
    return found if isinstance(found, Several) else None


def start(services: Services, session: Session, lab: Reading) -> None:
    """Read in the background.

    Raises:
        UsageError: no such pages or strengths, or a run is still under way.
    """
    if not lab.page.document and not lab.page.upload:
        raise UsageError("There is nothing to read.", "Choose a document under “One page” first.")
    pages, knob = tuple(pages_of(lab.many.pages)), lab.many.knob
    if len(pages) > MOST_PAGES:
        raise UsageError(f"{len(pages)} pages are too many for one run.", f"Take at most {MOST_PAGES}.")
    levels = _levels(lab.many.levels)
    first = Several(
        name=lab.page.document or lab.page.name,
        pages=pages,
        readers=tuple(dict.fromkeys(readers(session, lab)[: lab.shown])),
        knob=knob,
        levels=levels,
        degradations=tuple(_degradation(lab.degrade, knob, level) for level in levels),
    )

    def source(work: Work) -> Iterator[PageRead]:
        yield from _read(services, lab, first, work)
        labs.several(services, lab, services.measurements.peek(lab.work("many")))

    services.measurements.start(lab.work("many"), first, source)


def _levels(text: str) -> tuple[float, ...]:
    try:
        levels = tuple(dict.fromkeys(float(word) for word in listed(text)))
    except ValueError:
        raise UsageError(f"{text!r} is no list of strengths.", "Write numbers, like this: 0, 1, 2.") from None
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise UsageError(f"A run takes 1 to {MOST_LEVELS} strengths.", "Write them like this: 0, 1, 2.")
    return levels


def _degradation(base: Degradation, knob: str, level: float) -> Degradation:
    """What the sliders say, with one of them at a strength. Raises BadParameter: out of its bounds."""
    others = base.model_copy(update={knob: Degradation.model_fields[knob].default})
    stated = "" if others.neutral else str(others)
    return Degradation.parse(",".join(filter(None, (stated, f"{knob}={level:g}"))))


def _read(services: Services, lab: Reading, first: Several, work: Work) -> Iterator[PageRead]:
    """A row as soon as it is read; pages without a text layer have no truth, and are told."""
    clean = lab.to(degrade=Degradation())
    means, seconds = services.library.reading, float(lab.seconds)

    def draw(page: int, dpi: float) -> Sheet:
        del dpi  # degradations of the lab never ask for more than the sheet has
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
