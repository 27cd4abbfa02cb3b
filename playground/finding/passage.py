"""The page of a passage, the passage marked on it, its words there to be selected."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.errors import DocumentError
from pipelines.stores.base import Payload
from playground.finding.state import Finding
from playground.lab.overlay import Line, Mark, Overlay, lines_of
from playground.lab.sheets import sheet_at, sheet_of
from playground.services import Services
from playground.views import finding as views
from playground.views import sheet as sheet_view


def passage(services: Services, lab: Finding, payload: Payload) -> Markup:
    """The panel.

    Raises:
        UsageError: the document is not in the library any more.
    """
    name = str(payload.get("document") or "")
    document = services.library.document(name)
    start, end = (value if isinstance(value := payload.get(key), int) else 0 for key in ("start", "end"))
    shown = sheet_of(document, sheet_at(document, start))
    clipped = max(start, shown.start), min(end, shown.end)
    mark = Mark(0, clipped, True, None, 1)
    head = views.passage_head(document, start, end, lab.zoom)
    if shown.page is None:
        return head + sheet_view.text_sheet(document, shown, "A", Overlay((mark,)))
    try:
        rects = services.library.rectangles_of(name, [clipped])[0]
        places = lambda ranges: services.library.rectangles_of(name, ranges)  # noqa: E731
        lines: tuple[Line, ...] = lines_of(document, shown, places)
    except DocumentError:  # locked again after a restart: its text is still here
        return head + sheet_view.text_sheet(document, shown, "A", Overlay((mark,)))
    drawn = Overlay((Mark(0, clipped, True, None, 1, tuple(rects)),))
    return head + sheet_view.page_sheet(document, shown.page, "A", drawn, lines, lab.zoom)
