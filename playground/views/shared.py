"""A run, or two compared, as one page that opens anywhere: no script, nothing from elsewhere, no app."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from pipelines.runs.comparing import compare
from pipelines.runs.run import Details, Run
from playground.views import run as run_view
from playground.views.html import el, join
from playground.views.run_pair import pair

_ASSETS = Path(__file__).parent.parent / "assets"


def page(run: Run, details: Details) -> str:
    """One run as an HTML file."""
    return _page(f"{run.kind}: {run.name or run.question or run.id}", run_view.opened(run, details))


def pair_page(left: tuple[Run, Details], right: tuple[Run, Details]) -> str:
    """Two runs compared, and below it each of them, as an HTML file."""
    compared = pair(left[0], right[0], compare(left, right))
    return _page("Two runs compared", join(compared, run_view.opened(*left), run_view.opened(*right)))


def _page(title: str, body: Markup) -> str:
    style = "".join((_ASSETS / name).read_text("utf-8") for name in ("shared.css", "runs.css"))
    written = datetime.now().strftime("%Y-%m-%d %H:%M")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        el("title", title[:120]),
        el("style", Markup(style)),  # noqa: S704 - our own file
    )
    frame = el("body", el("header", "RAG playground"), body, el("footer", f"Exported on {written}. Nothing is loaded."))
    return f"<!doctype html>\n{el('html', head, frame, lang='en')}"
