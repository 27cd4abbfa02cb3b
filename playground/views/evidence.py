"""The document beside the answer: its page large, the cited words marked, the passages below."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from pipelines.loading.document import Document, Page, Rect
from pipelines.retrieval.base import STAGES, Hit
from playground.views.html import button, el, fold, tip
from playground.views.tools import zooms
from playground.views.words import place, score, where

#: Characters of a text document shown before and after the passage.
AROUND = 4000


def picture_url(document: Document, page: int) -> str:
    """Address of a page's picture; the id makes it change when the file does."""
    return f"page/{quote(document.name, safe='')}/{page}.png?v={document.id[:12]}"


def page_view(document: Document, page: Page, marks: Sequence[tuple[str, Rect]], zoom: int = 100) -> Markup:
    """A page's picture with rectangles over it, in percent, so that they fit at any size.

    Args:
        document: Where the page is from.
        page: The page.
        marks: (kind, rectangle): "wide" for a passage, "exact" for a quote in it; other pages' are left out.
        zoom: Width of the picture, in percent of the panel.
    """
    here = [(kind, rect) for kind, rect in marks if rect.page == page.number]
    layers = [el("div", [_box(r) for k, r in here if k == kind], class_=f"marks {kind}") for kind in ("wide", "exact")]
    alt = f"Page {page.number} of {document.name}"
    ratio = f"aspect-ratio:{max(page.width, 1):.0f}/{max(page.height, 1):.0f}"
    picture = el("img", src=picture_url(document, page.number), alt=alt, style=ratio, decoding="async")
    sheet = el("div", picture, layers, class_="sheet", style=f"width:{zoom}%")
    return el("div", sheet, class_="desk", tabindex=0, aria_label=alt)


def _box(rect: Rect) -> Markup:
    left, top, right, bottom = (min(max(v, 0.0), 1.0) for v in (rect.x0, rect.y0, rect.x1, rect.y1))
    style = (
        f"left:{left * 100:.3f}%;top:{top * 100:.3f}%;"
        f"width:{(right - left) * 100:.3f}%;height:{(bottom - top) * 100:.3f}%"
    )
    return el("span", class_="mark", style=style)


def text_view(document: Document, start: int, end: int, inner: tuple[int, int] | None = None) -> Markup:
    """A text document around a passage, the passage marked; ``inner`` is a quote inside it."""
    first, last = max(0, start - AROUND), min(len(document.text), end + AROUND)
    low, high = inner or (start, start)
    low, high = max(low, start), min(max(high, low), end)
    text = document.text
    marked = el("mark", text[start:low], el("b", text[low:high]), text[high:end]) if end > start else None
    return el(
        "div",
        el("p", "…", class_="facts") if first else None,
        el("pre", text[first:start], marked, text[max(end, start) : last]),
        el("p", "…", class_="facts") if last < len(text) else None,
        class_="desk text",
        tabindex=0,
        aria_label=f"Text of {document.name}",
    )


def toolbar(document: Document, page: Page, zoom: int) -> Markup:
    """Name, place, and the buttons that turn pages and zoom."""
    paged = len(document.pages) > 1 and document.kind == "pdf"
    turn = [
        button("‹", "page", page.number - 1, aria_label="Previous page", disabled=page.number <= 1),
        el("span", place(page.number, page.label), f" of {len(document.pages)}", class_="place"),
        button("›", "page", page.number + 1, aria_label="Next page", disabled=page.number >= len(document.pages)),
    ]
    return el(
        "div",
        el("h2", document.name, title=document.name),
        el("div", turn, class_="group") if paged else None,
        el("div", zooms(zoom, most=300), class_="group end") if document.kind == "pdf" else None,
        class_="toolbar",
    )


def passages(hits: Sequence[Hit], message: str, chosen: int = 0, unused: Sequence[Hit] = ()) -> Markup:
    """The passages of an answer, in the prompt's order, then those that found no room in it."""
    if not hits and not unused:
        return Markup()
    rows = [_passage(hit, n, message, n == chosen) for n, hit in enumerate(hits, start=1)]
    rest = [el("li", _where(hit), scores(hit), class_="passage unused") for hit in unused]
    return el(
        "section",
        el("h2", "Passages used"),
        el("ol", rows, class_="passages"),
        el("h2", "Found, but no room in the prompt") if rest else None,
        el("ol", rest, class_="passages") if rest else None,
    )


def _where(hit: Hit) -> Markup:
    return el("span", el("b", hit.document), " ", where(hit), class_="where")


def _passage(hit: Hit, n: int, message: str, chosen: bool) -> Markup:
    headings = el("span", " › ".join(hit.headings), class_="facts") if hit.headings else None
    head = button(
        [el("i", str(n), class_="n"), _where(hit)],
        "cite",
        f"{message}:{n}",
        class_="passage-head",
        aria_label=f"Show passage {n}: {hit.document}, {where(hit)}",
        aria_current="true" if chosen else None,
    )
    short = hit.text if len(hit.text) <= 220 else hit.text[:219].rstrip() + "…"
    body = el("p", short, class_="excerpt")
    if len(hit.text) > 220:
        body = fold(el("span", short, class_="excerpt"), el("p", hit.text, class_="whole"), class_="more")
    return el("li", head, headings, scores(hit), body, class_="passage chosen" if chosen else "passage")


def scores(hit: Hit) -> Markup:
    """Each stage's rank and score under its own name; stages a hit is not on say so."""
    shown = []
    for stage, direction in STAGES.items():
        found = hit.scores.get(stage)
        if found is None and stage not in ("semantic", "keyword"):
            continue  # that stage did not take part
        words = f"#{found.rank} · {score(found.score)}" if found else "not listed"
        shown.append(tip([f"{stage} ", el("b", words)], direction, "stage" if found else "stage missing"))
    return el("p", shown, class_="scores")


def no_document() -> Markup:
    """The panel before there is anything to show."""
    words = "The page an answer comes from stands here, with the cited words marked."
    return el("div", el("p", words), class_="desk empty")
