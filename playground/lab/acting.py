"""What pressing something in the chunking lab does to its state."""

from __future__ import annotations

from pipelines.errors import UsageError
from playground.lab import column
from playground.lab.sheets import full_sheet, sheet_at
from playground.lab.state import MOST_PASTED, Lab, recipes
from playground.services import Services
from playground.state import Session, recipe_of


def act(services: Services, session: Session, lab: Lab, what: str, target: str) -> Lab:
    """The lab after a person pressed something on the board.

    Raises:
        UsageError: what was pressed is not there any more.
    """
    match what:
        case "sheet" | "zoom" | "columns":
            field = {"sheet": "sheet", "zoom": "zoom", "columns": "shown"}[what]
            return lab.to(**{field: int(target)})
        case "view":
            return lab.to(view=target)
        case "chunk" | "goto":
            return _go(services, session, lab, what, target)
    return lab


def _go(services: Services, session: Session, lab: Lab, what: str, target: str) -> Lab:
    """Pick a chunk, or only show where a hit begins; the sheet turns if it is on another one."""
    number = target.partition(":")[2]
    if what == "chunk" and not number:
        return lab.to(picked="")
    document = column.document_of(services, lab)
    if what == "goto":
        return lab.to(sheet=sheet_at(document, int(number)))
    picked = lab.to(picked=target)
    place = picked.picked_place
    if place is None:
        raise UsageError("That chunk is not there any more.")
    made = services.library.scratch.cut(document, recipes(session, lab)[place[0]])
    if place[1] >= len(made.chunks):
        raise UsageError("That chunk is not there any more.")
    span = made.chunks[place[1]].span
    first, last = sheet_at(document, span.start), sheet_at(document, span.end - 1)
    return picked if first <= lab.sheet <= last else picked.to(sheet=first)


def open_first(services: Services, session: Session, lab: Lab) -> Lab:
    """A fresh lab takes the document on show in the chat, or the first one; a removed one is let go."""
    names = document_names(services, session)
    if lab.document in names or (not lab.document and lab.pasted.strip()):
        return lab
    chosen = session.document if session.document in names else next(iter(names), "")
    return open_document(services, lab, chosen)


def open_document(services: Services, lab: Lab, name: str) -> Lab:
    """The lab at the first sheet of a document that is worth looking at: not its cover."""
    first = full_sheet(services.library.document(name)) if name else 1
    return lab.to(document=name, sheet=first, picked="")


def document_names(services: Services, session: Session) -> list[str]:
    """Documents with text."""
    return [d.document for d in services.documents(recipe_of(session)) if d.words]


def paste(lab: Lab, text: str) -> Lab:
    """Pasted text takes the place of a document as soon as there is some."""
    text = text[:MOST_PASTED]
    if not text.strip() or text == lab.pasted:
        return lab.to(pasted=text)
    return lab.to(pasted=text, document="", sheet=1, picked="")
