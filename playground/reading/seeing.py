"""Whether the model of a column sees: asked in the background, and what is missing where none does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.reading.sight import Sight, does_it_see
from pipelines.reading.vision import seeing
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.reading.state import Reading, readers
from playground.services import Services
from playground.state import Session

#: The reader that asks a vision model.
VLM = "vlm"


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


def hint(services: Services) -> str:
    """What a person should know before a vision model reads: why none can, or which are not offered."""
    status = services.library.engines.look()
    if status.state in ("stopped", "not installed", "unreachable"):
        return f"{status.problem or 'Ollama does not answer.'} Type: {status.fix}" if status.fix else status.problem
    there = seeing(services.library.reading)
    if not there:
        return "No model of this Ollama sees pictures. Type: ollama pull qwen2.5vl:3b"
    blind = [one.name for one in status.models if one not in there and "completion" in one.capabilities]
    seen = f"Sees pictures: {', '.join(one.name for one in there)}."
    return f"{seen} Not offered, since they would invent what they read: {', '.join(blind)}." if blind else seen
