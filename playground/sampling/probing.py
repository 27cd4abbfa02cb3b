"""Which options a column's server and model take, found out by experiment in the background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.engines.probing import OPTIONS, Probed, probe
from pipelines.events import IndexProgress
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.sampling.facts import at_hand
from playground.sampling.state import Sampling, recipes
from playground.services import Services
from playground.state import Session


@dataclass(frozen=True, kw_only=True)
class Probing(Growing[Probed]):
    """What was found out so far, for one engine and model."""

    column: int = 0
    engine: str = ""
    model: str = ""

    @property
    def found(self) -> Mapping[str, Probed]:
        """By option."""
        return {row.option: row for row in self.rows}


def probing(services: Services, lab: Sampling) -> Probing | None:
    """The experiment of this page, if there was one."""
    found = services.measurements.peek(lab.work("probe"))
    return found if isinstance(found, Probing) else None


def start(services: Services, session: Session, lab: Sampling, column: int) -> None:
    """Experiment with a column's model in the background.

    Raises:
        UsageError: one is under way. EngineError: the model is not at hand.
    """
    engine, model = at_hand(services, recipes(session, lab)[column])

    def source(work: Work) -> Iterator[Probed]:
        for done, row in enumerate(probe(engine, model, cancel=work.cancel), start=1):
            yield row
            if work.on_progress is not None:
                work.on_progress(IndexProgress(model, "asking", done, len(OPTIONS)))

    first = Probing(column=column, engine=engine.name, model=model)
    services.measurements.start(lab.work("probe"), first, source)
