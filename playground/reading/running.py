"""A page read by every column's reader in the background, so that a reload finds it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import uuid4

from pipelines.errors import Cancelled
from pipelines.evaluation.transcript_flags import ink_of
from pipelines.reading.base import Sheet, Transcript
from pipelines.reading.degrade import Degradation
from pipelines.reading.filling import NONE
from pipelines.reading.read import read_page, read_to_end
from pipelines.recipe import Choice, choose
from pipelines.remembered import Remembered
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.reading.state import Reading, readers
from playground.runs import labs, outcomes
from playground.services import Services
from playground.state import Session

#: Results kept: four columns, each with its numbers and differences, under a dozen truths and normalisations.
_KNOWN = 100


@dataclass(frozen=True)
class Column:
    """What one reader made of the page."""

    choice: Choice
    transcript: Transcript | None = None  # None: its turn has not come


@dataclass(frozen=True, kw_only=True)
class Run(Growing[int]):
    """The columns as they are read; a row is a column that is done."""

    source: str = ""  # what is read: see :attr:`Reading.source`
    sheet: Sheet | None = None  # None: it is still being drawn
    columns: tuple[Column, ...] = ()
    truth: Transcript | None = None  # the text layer of the page, undegraded; None: not asked for yet
    ink: float | None = None  # share of the page, undegraded, that is not paper
    known: Remembered[Any] = field(default_factory=partial(Remembered, _KNOWN), compare=False)  # worked out of it

    def of(self, lab: Reading, choices: Sequence[Choice]) -> list[Transcript | None]:
        """The transcript of each choice, where this run read what the lab shows."""
        known = {str(one.choice): one.transcript for one in self.columns} if self.source == lab.source else {}
        return [known.get(str(choice)) for choice in choices]


def run_of(services: Services, lab: Reading) -> Run:
    """What this page's readers made; nothing yet is an empty run."""
    found = services.measurements.peek(lab.work("read"))
    return found if isinstance(found, Run) else Run(state="done")


def start(services: Services, session: Session, lab: Reading) -> None:
    """Read the page with every column; a run under way is stopped first. What is known is not read again."""
    name, before = lab.work("read"), run_of(services, lab)
    services.measurements.halt(name)
    columns = tuple(Column(choice) for choice in readers(session, lab)[: lab.shown])
    first = Run(source=lab.source, columns=columns, known=before.known)
    services.measurements.start(name, first, lambda work: _read(services, name, lab, first, before, work))


def _read(services: Services, name: str, lab: Reading, first: Run, before: Run, work: Work) -> Iterator[int]:
    sheet = services.sheets.sheet(lab, work.cancel)
    clean = services.sheets.sheet(lab.to(degrade=Degradation()), work.cancel)
    ink = first.known.get(("ink", clean.digest), lambda: ink_of(clean.png))
    services.measurements.change(name, lambda now: replace(now, sheet=sheet, ink=ink))
    means, seconds = services.library.reading, float(lab.seconds)
    same = before.sheet is not None and before.sheet.digest == sheet.digest
    known = {str(one.choice): one.transcript for one in before.columns if same and _done(one.transcript)}
    layer, own = choose("reader", NONE), before.truth
    if not same or not _done(own):
        own = read_to_end(layer, sheet, means, seconds=seconds, cancel=work.cancel)
    services.measurements.change(name, lambda now: replace(now, truth=own))
    if _done(own):
        known.setdefault(str(layer), own)  # a column of it is not read again
    batch = uuid4().hex[:12]
    for at, column in enumerate(first.columns):
        if str(column.choice) in known:
            services.measurements.change(name, partial(_with, at, known[str(column.choice)]))
        else:
            with services.recorder.together([labs.reading(services, lab, column.choice, batch)]) as (run,):
                for transcript in read_page(column.choice, sheet, means, seconds=seconds, cancel=work.cancel):
                    services.measurements.change(name, partial(_with, at, transcript))
                row = labs.read(lab, column.choice, transcript, own.text if own else "")
                services.recorder.end(run, outcomes.of_reading(row))
        yield at
        if work.cancel is not None and work.cancel.is_set():
            raise Cancelled


def _done(transcript: Transcript | None) -> bool:
    return transcript is not None and transcript.state == "done"


def _with(at: int, transcript: Any, now: Run) -> Run:
    """The run with a column's transcript as it is now."""
    column = replace(now.columns[at], transcript=transcript)
    return replace(now, columns=(*now.columns[:at], column, *now.columns[at + 1 :]))
