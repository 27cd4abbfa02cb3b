"""Whether the model of a column sees: asked in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.reading.sight import Sight, does_it_see
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.reading.choosing import VLM
from playground.reading.state import Reading, readers
from playground.services import Services
from playground.state import Session


@dataclass(frozen=True, kw_only=True)
class Looking(Growing[Sight]):
    """One question to one model; a row is its answer."""

    column: int
    model: str  # empty: the first that sees


def looking(services: Services, lab: Reading) -> Looking | None:
    """What this page has asked, if it has."""
    found = services.measurements.peek(lab.work("sight"))
    return found if isinstance(found, Looking) else None


def start(services: Services, session: Session, lab: Reading, at: int) -> None:
    """Ask the model of a column. Raises UsageError: it has none, or one is being asked already."""
    choice = readers(session, lab)[at] if 0 <= at < lab.shown else None
    if choice is None or choice.name != VLM:
        raise UsageError("That column has no vision model.", "Choose the reader vlm in it.")
    model = str(getattr(choice.params, "model", "") or "")

    def source(work: Work) -> Iterator[Sight]:
        yield does_it_see(model, services.library.reading, seconds=lab.seconds, cancel=work.cancel)

    services.measurements.start(lab.work("sight"), Looking(column=at, model=model), source)
