"""The evidence panel: which page is shown, with which words marked."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from pipelines.errors import DocumentError, PlaygroundError, UsageError
from pipelines.events import QuoteFound
from pipelines.loading.document import Document, Rect
from pipelines.retrieval.base import Hit
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.shell import Shell, wire
from playground.turn import Fault, Turn
from playground.views import evidence as view
from playground.views.answer import fault_card
from playground.views.html import join


def cite(services: Services, session: Session, target: str) -> Session:
    """Show a passage, or one quote of it: ``message:n`` or ``message:n:quote``."""
    message, _, rest = target.partition(":")
    number, _, quote = rest.partition(":")
    turn = services.turn(message)
    hit = passage(turn, int(number or 0))
    if hit is None:
        raise UsageError("That passage is not here any more.", "Ask again.")
    chosen = session.to(
        message=message, passage=int(number), quote=int(quote or -1), document=hit.document, page=hit.page
    )
    found = quoted(turn, chosen)
    if found is not None and found.start is not None:
        chosen = chosen.to(page=services.library.document(hit.document).page_at(found.start).number)
    return chosen


def at_start(services: Services, session: Session) -> Session:
    """What a freshly loaded page shows: what it showed before, else the first document, a PDF if there is one."""
    names = [d.document for d in services.documents(recipe_of(session))]
    if session.document in names:
        return session
    first = next((name for name in names if name.lower().endswith(".pdf")), names[0] if names else "")
    return open_document(session, first).to(message="")


def open_document(session: Session, name: str) -> Session:
    """Show the first page of a document, nothing marked."""
    return session.to(document=name, page=1, passage=0, quote=-1)


def first_look(services: Services, session: Session, message: str, turn: Turn) -> Session:
    """What to show of an answer on its own: its first citation, else its best passage."""
    if turn.citations:
        first = turn.citations[0]
        shown = next((i for i, quote in enumerate(first.quotes) if quote.start is not None), -1)
        return cite(services, session, f"{message}:{first.n}:{shown}")
    return cite(services, session, f"{message}:1") if turn.passages else session.to(message=message, passage=0)


def passage(turn: Turn | None, number: int) -> Hit | None:
    """The ``number``-th passage of an answer, from 1."""
    if turn is None or not 1 <= number <= len(turn.passages):
        return None
    return turn.passages[number - 1]


def quoted(turn: Turn | None, session: Session) -> QuoteFound | None:
    """The quote a session points at."""
    citations = turn.citations if turn else ()
    quotes = next((c.quotes for c in citations if c.n == session.passage), ())
    return quotes[session.quote] if 0 <= session.quote < len(quotes) else None


def panel(services: Services, session: Session) -> Markup:
    """The whole panel."""
    turn = services.turn(session.message) if session.message else None
    listed = None
    if turn is not None:
        listed = view.passages(turn.passages, session.message, session.passage, turn.unused)
    if not session.document:
        return join(view.no_document(), listed)
    try:
        return join(_document(services, session, turn), listed)
    except PlaygroundError as error:
        return join(fault_card(Fault(type(error).__name__, error.message, error.fix)), listed)


def _document(services: Services, session: Session, turn: Turn | None) -> Markup:
    document = services.library.document(session.document)
    page = document.pages[min(max(session.page, 1), len(document.pages)) - 1]
    hit = passage(turn, session.passage)
    if hit is not None and hit.document != document.name:
        hit = None
    quote = quoted(turn, session) if hit else None
    span = (hit.start, hit.end) if hit else (page.start, page.start)
    inner = (quote.start, quote.end) if quote and quote.start is not None and quote.end is not None else None
    head = view.toolbar(document, page, session.zoom)
    if document.kind != "pdf":
        return join(head, view.text_view(document, *span, inner))
    try:
        marks = _marks(services, document, span, inner)
    except DocumentError:  # locked again after a restart: its text is still here
        return join(head, view.text_view(document, *span, inner))
    return join(head, view.page_view(document, page, marks, session.zoom))


def _marks(
    services: Services, document: Document, span: tuple[int, int], inner: tuple[int, int] | None
) -> list[tuple[str, Rect]]:
    find = services.library.rectangles
    marks = [("wide", rect) for rect in find(document.name, *span)] if span[1] > span[0] else []
    return marks + [("exact", rect) for rect in find(document.name, *inner)] if inner else marks


def act(services: Services, session: Session, what: str, target: str) -> Session:
    """Carry out what a person pressed in the panel."""
    match what:
        case "cite":
            return cite(services, session, target)
        case "page":
            return session.to(page=int(target))
        case "zoom":
            return session.to(zoom=int(target))
    return session


def wire_panel(services: Services, shell: Shell) -> None:
    """Buttons inside the panel."""

    def on_panel(seen: Any, event: gr.EventData) -> list[Any]:
        session = act(services, Session.restore(seen), event._data["act"], event._data["arg"])
        return [session.look(), str(panel(services, session))]

    wire([shell.evidence.click], on_panel, [shell.seen], [shell.seen, shell.evidence])
