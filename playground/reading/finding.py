"""What reading does to retrieval: the page as each reader read it, indexed and asked the same question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.loading.plain import plain_document
from pipelines.recipe import Choice, Recipe
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
    chosen = readers(session, lab)[: lab.shown]
    read = enumerate(zip(chosen, run_of(services, lab).of(lab, chosen), strict=True))
    texts = [(at, choice, one.text) for at, (choice, one) in read if one is not None and one.state == "done"]
    if not texts:
        raise UsageError("No column has read the page yet.", "Press Run above, then ask.")
    recipe = recipe_of(session)

    def source(work: Work) -> Iterator[Hits]:
        for at, choice, text in texts:
            yield Hits(at, choice, _search(services, text, lab.asked, recipe, work) if text.strip() else ())

    first = Found(question=lab.asked, retriever=str(recipe.choice("retriever")), columns=len(texts))
    services.measurements.halt(lab.work("find"))
    services.measurements.start(lab.work("find"), first, source)


def _search(services: Services, text: str, question: str, recipe: Recipe, work: Work) -> tuple[Hit, ...]:
    id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    document = plain_document(text, "the page", id, "text")
    return tuple(services.library.scratch.search(question, recipe, [document], work).hits[:MOST])
