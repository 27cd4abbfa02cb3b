"""What pressing something in the reading lab does to its state, and which pages there are."""

from __future__ import annotations

from pipelines.errors import PlaygroundError, UsageError
from playground.reading.state import Page, Reading
from playground.services import Services

#: How an upload is called in the menu of documents.
UPLOADED = "upload:"


def act(lab: Reading, what: str, target: str) -> Reading:
    """The lab after a person pressed something on the board.

    Raises:
        UsageError: what was pressed is not there any more.
    """
    try:
        match what:
            case "columns":
                return lab.to(shown=int(target), picked=min(lab.picked, int(target) - 1))
            case "words":
                return lab.to(picked=int(target))
            case "zoom":
                return lab.to(zoom=min(400, max(50, int(target))))
    except ValueError as error:
        raise UsageError("That is not there any more.") from error
    return lab


def pdfs(services: Services) -> list[str]:
    """Documents with pages to read."""
    return [one.document for one in services.library.documents() if one.document.lower().endswith(".pdf")]


def entries(services: Services, lab: Reading) -> tuple[list[tuple[str, str]], str]:
    """The menu of documents as (label, value), and the value the lab has chosen."""
    listed = [(name, name) for name in pdfs(services)]
    if not lab.page.upload:
        return listed, lab.page.document
    value = UPLOADED + lab.page.upload
    return [*listed, (f"{lab.page.name} (added here)", value)], value


def with_page(services: Services, lab: Reading) -> Reading:
    """The lab with a page to look at, if there is any: one without text first."""
    there = pdfs(services)
    if lab.page.upload or lab.page.document in there:
        return lab
    scans = [one.document for one in services.library.documents() if one.pages_without_text or one.reader]
    first = next((name for name in [*scans, *there] if name in there), "")
    return lab.to(page=Page(document=first).model_dump())


def page_of(services: Services, name: str, lab: Reading, number: float) -> int:
    """The page of a document to turn to: the first of another one, else the one typed, within bounds."""
    if name != lab.page.document:
        return 1
    try:
        return min(max(1, int(number or 1)), len(services.library.document(name).pages))
    except PlaygroundError:
        return 1
