"""The app, as a table of contents: what is on the page, and how it is served."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Thread
from typing import Any

import gradio as gr

from pipelines.settings import Settings
from playground import endpoints, routes, theme
from playground.first_start import first_start
from playground.services import Services
from playground.state import Session
from playground.tabs import chat, evidence, recipe, sidebar
from playground.tabs.shell import Shell, panel, wire
from playground.views import frame

log = logging.getLogger(__name__)


def build(services: Services) -> gr.Blocks:
    """Every component and event of the page."""
    with gr.Blocks(title="RAG playground", analytics_enabled=False, fill_width=True) as app:
        kept = gr.BrowserState({}, storage_key="rag-playground", secret="kept in this browser")  # noqa: S106
        shell = Shell(kept, panel("evidence", render=False), recipe.style_switch())
        gr.HTML(str(frame.header()), elem_id="header", apply_default_css=False)
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="sidebar"):
                side = sidebar.build(services, shell)
            with gr.Column(elem_id="main"), gr.Tabs(), gr.Tab("Chat", elem_id="tab-chat"):
                talk = chat.build(services, shell)

        def on_load(stored: Any) -> Iterator[list[Any]]:
            session = evidence.at_start(services, Session.restore(stored))
            for update in talk.draw(session):
                yield [*update, *side.draw(session)]

        wire([app.load], on_load, [kept], [*talk.outputs, *side.outputs])
        wire([app.load], side.engine.on_tick, [kept], [side.engine.card])
        evidence.wire_panel(services, shell)
        endpoints.add_to(services)
    return app  # type: ignore[no-any-return]


def serve(settings: Settings, *, open_browser: bool) -> None:
    """Serve the app until it is interrupted, then release the data folder."""
    services = Services.open(settings)
    try:
        app = build(services)
        app.queue(default_concurrency_limit=None)
        app.launch(**launch_options(services), inbrowser=open_browser, prevent_thread_lock=True)
        Thread(target=_after_start, args=(services,), name="after-start", daemon=True).start()
        app.block_thread()
    finally:
        services.close()


def _after_start(services: Services) -> None:
    """What can wait until the page is up: sample documents, the built-in model, slow imports."""
    try:
        first_start(services)
    except Exception:
        log.exception("the first start's offers failed")


def launch_options(services: Services) -> dict[str, Any]:
    """How the server listens and looks; nothing is shared, nothing is fetched from elsewhere."""
    settings = services.settings
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": False,
        "ssr_mode": False,
        "quiet": True,
        "footer_links": [],
        "run_history": False,
        "show_error": True,
        "max_file_size": f"{settings.max_file_mb * 4}mb",  # the library refuses politely at the real limit
        "app_kwargs": routes.app_kwargs(services),
        **theme.look(),
    }
