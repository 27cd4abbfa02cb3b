"""What reading does to retrieval: the page as each reader read it, indexed and asked the same question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.loading.plain import plain_document
from pipelines.recipe import Choice
from pipelines.retrieval.base import Hit
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.reading.running import run_of
from playground.reading.state import Reading, readers
from playground.services import Services
from playground.state import Session, recipe_of

#: Passages shown of each.
MOST = 3


@dataclass(frozen=True)
class Hits:
    """What was found in one column's transcript."""

    column: int
    reader: Choice
    hits: tuple[Hit, ...]


@dataclass(frozen=True, kw_only=True)
class Found(Growing[Hits]):
    """A question and what each column's text answers, as it comes."""

    question: str
    retriever: str
    columns: int


def found(services: Services, lab: Reading) -> Found | None:
    """What this page has asked, if it has."""
    there = services.measurements.peek(lab.work("find"))
    return there if isinstance(there, Found) else None


def start(services: Services, session: Session, lab: Reading) -> None:
    """Index what the columns read, and search. Raises UsageError: no question, nothing read, or still under way."""
    if not lab.asked.strip():
        raise UsageError("There is no question.", "Ask something that the page answers.")
    known = {str(one.choice): one.transcript for one in run_of(services, lab).columns}
    texts: list[tuple[int, Choice, str]] = []
    for at, choice in enumerate(readers(session, lab)[: lab.shown]):
        read = known.get(str(choice))
        if read is not None and read.state == "done":
            texts.append((at, choice, read.text))
    if not texts:
        raise UsageError("No column has read the page yet.", "Press Run above, then ask.")
    recipe = recipe_of(session)

    def source(work: Work) -> Iterator[Hits]:
        for at, choice, text in texts:
            yield Hits(at, choice, tuple(_hits(text, work)))

    def _hits(text: str, work: Work) -> list[Hit]:
        if not text.strip():
            return []
        id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        document = plain_document(text, "the page", id, "text")
        return list(services.library.scratch.search(lab.asked, recipe, [document], work).hits[:MOST])

    first = Found(question=lab.asked, retriever=str(recipe.choice("retriever")), columns=len(texts))
    services.measurements.halt(lab.work("find"))
    services.measurements.start(lab.work("find"), first, source)
