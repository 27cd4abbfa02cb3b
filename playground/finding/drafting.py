"""Questions that a language model writes from pages, for a person to keep or drop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.errors import UsageError
from pipelines.evaluation.making import Dropped, Made, make
from pipelines.events import IndexProgress
from pipelines.loading.page_numbers import page_numbers
from pipelines.scratch import Work
from playground.finding.state import Finding
from playground.measurements import Growing
from playground.services import Services
from playground.state import Session, recipe_of

#: Pages asked about at most, in one go.
MOST = 50


@dataclass(frozen=True)
class Drafts(Growing[Made | Dropped]):
    """What was written so far, and what the person decided of it."""

    document: str = ""
    pages: tuple[int, ...] = ()
    by: str = ""
    doubtful: bool = False  # a tiny model writes
    decided: tuple[tuple[int, Literal["keep", "drop"]], ...] = ()


def start(services: Services, session: Session, lab: Finding, name: str, pages: str, per_page: int) -> None:
    """Let the session's model write in the background.

    Raises:
        UsageError: no such document or page, too many. ModelMissing, EngineUnreachable: nobody can write.
    """
    if not name:
        raise UsageError("Which document?", "Choose one.")
    document = services.library.document(name)
    text_on = [page.number for page in document.pages if document.text[page.start : page.end].strip()]
    chosen = page_numbers(pages) or text_on[:MOST]
    if len(chosen) > MOST:
        raise UsageError(f"{len(chosen)} pages are more than {MOST} at once.", "Name fewer.")
    recipe = recipe_of(session)
    writer = services.library.aids.writer(recipe)
    first = Drafts(document=name, pages=tuple(chosen), by=writer.by, doubtful=not writer.capable)
    make(document, chosen, writer)  # refuses what cannot be asked, before anything runs

    def source(work: Work) -> Iterator[Made | Dropped]:
        own = services.library.aids.writer(recipe, work.cancel)

        def told(done: int, total: int) -> None:
            if work.on_progress is not None:
                work.on_progress(IndexProgress(name, "asking", done, total))

        told(0, len(chosen))
        yield from make(document, chosen, own, per_page, on_progress=told, cancel=work.cancel)

    services.measurements.start(lab.work("drafts"), first, source)


def decide(services: Services, lab: Finding, at: int, what: Literal["keep", "drop"]) -> None:
    """Keep a draft in the lab's set, or drop it. Raises UsageError: it is gone, or decided already."""
    found = services.measurements.peek(lab.work("drafts"))
    rows = found.rows if isinstance(found, Drafts) else ()
    one = rows[at] if 0 <= at < len(rows) else None
    if not isinstance(found, Drafts) or not isinstance(one, Made) or at in dict(found.decided):
        raise UsageError("That draft is not there any more.")
    if what == "keep":
        services.questions.add(one.question, lab.into)
    services.measurements.change(lab.work("drafts"), lambda now: replace(now, decided=(*now.decided, (at, what))))
