"""The app, as a table of contents: what is on the page, and how it is served."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import partial
from io import StringIO
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import gradio as gr

from pipelines.errors import PlaygroundError, UsageError
from pipelines.settings import Settings
from playground import endpoints, routes, theme
from playground.endpoints import tools
from playground.first_start import first_start
from playground.people import Accounts, check_reach, is_loopback
from playground.services import Services
from playground.state import Session
from playground.streaming import Blocks
from playground.tabs import (
    chat,
    chunking,
    evidence,
    monitoring,
    reading,
    recipe,
    recipes,
    retrieval,
    runs,
    sampling,
    sidebar,
)
from playground.tabs.shell import Shell, browser_state, panel, signed, wire
from playground.views import frame

log = logging.getLogger(__name__)

#: Greets in an empty thread only: a question may have been asked since the greeting was wished for. Else it writes
#: nothing, not even what stands there: an answer that ends at this moment would be put back to what it was before.
GREETING = """(news, last) =>
  news && !(last || '').includes('class="exchange') && !document.querySelector('#last .exchange') ? news : undefined"""


#: Tabs that vary one part of a recipe.
LABS = ("chunking", "retrieval", "sampling", "reading")


def build(services: Services) -> gr.Blocks:
    """Every component and event of the page."""
    with Blocks(title="RAG playground", analytics_enabled=False, fill_width=True) as app:
        shell = Shell(
            kept=browser_state("choices"),
            seen=browser_state("evidence"),
            words=panel("recipe-summary", render=False),
            evidence=panel("evidence", render=False),
            style=recipe.style_switch(),
        )
        # Not in their tabs: one that was not opened yet would not have read what the browser kept.
        labs = {name: browser_state(name) for name in LABS}
        lists = {name: browser_state(name) for name in ("runs", "recipes")}
        gr.HTML(str(frame.header(bool(services.settings.auth))), elem_id="header", apply_default_css=False)
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="sidebar"):
                side = sidebar.build(services, shell)
            with gr.Column(elem_id="main"), gr.Tabs(elem_id="tabs") as tabs:
                with gr.Tab("Chat", id="chat", elem_id="tab-chat") as chatting:
                    talk = chat.build(services, shell)
                with gr.Tab("Chunking", id="chunking", elem_id="tab-chunking") as cutting:
                    chunking.build(services, shell, side, cutting, labs["chunking"])
                with gr.Tab("Retrieval", id="retrieval", elem_id="tab-retrieval") as finding:
                    retrieval.build(services, shell, side, finding, labs["retrieval"])
                with gr.Tab("Sampling", id="sampling", elem_id="tab-sampling") as drawing:
                    sampling.build(services, shell, side, drawing, labs["sampling"])
                with gr.Tab("Reading", id="reading", elem_id="tab-reading") as looking:
                    reading.build(services, shell, side, looking, labs["reading"])
                with gr.Tab("Runs", id="runs", elem_id="tab-runs") as kept:
                    runs.build(services, shell, side, kept, tabs, lists["runs"], labs)
                with gr.Tab("Monitoring", id="monitoring", elem_id="tab-monitoring") as watching:
                    monitoring.build(services, watching)
                with gr.Tab("Recipes", id="recipes", elem_id="tab-recipes") as keeping:
                    recipes.build(services, shell, side, keeping, lists["recipes"])

        # Apart from the choices: the page reports its first tab late, and must not undo what was chosen meanwhile.
        opened = browser_state("tab")
        news = gr.Textbox(visible=False)  # what the empty thread should say

        def on_load(kept: Any, seen: Any, tab: Any, request: gr.Request) -> Iterator[list[Any]]:
            session = evidence.at_start(services, signed(services, Session.restore(kept, seen), request))
            updates = talk.draw(session)
            name = (tab or {}).get("name", "chat")  # the page opens there, or was sent elsewhere by a click meanwhile
            chosen = gr.skip() if name == "chat" else gr.update(selected=name)
            yield [chosen, *next(updates), *side.draw(session)]
            for update in updates:
                yield [gr.skip(), *update, *(gr.skip() for _ in side.outputs)]

        def on_count(kept: Any, seen: Any) -> list[Any]:
            """The first documents arrived, or the last one left: the empty places say something else."""
            session = Session.restore(kept, seen)
            now = evidence.at_start(services, session)
            look = [now.look(), str(evidence.panel(services, now))] if now != session else [gr.skip(), gr.skip()]
            return [*look, "" if session.conversation else chat.hello(services, session)]

        def on_labs(*known: Any) -> list[Any]:
            """A lab that was never opened gets its name: else each of its handlers would take it for another lab."""
            return [gr.skip() if state else {"id": uuid4().hex} for state in known]

        def on_tab(name: str) -> dict[str, str]:
            return {"name": name}

        counted = wire([side.count.change], on_count, [shell.kept, shell.seen], [shell.seen, shell.evidence, news])
        counted.then(
            None, [news, talk.last], [talk.last], js=GREETING, api_visibility="private",
            show_progress="hidden", show_progress_on=[],
        )  # fmt: skip
        states = [*labs.values(), *lists.values()]
        wire([app.load], on_labs, states, states)
        wire([app.load], on_load, [shell.kept, shell.seen, opened], [tabs, *talk.outputs, *side.outputs])
        for tab in (chatting, cutting, finding, drawing, looking, kept, watching, keeping):
            wire([tab.select], partial(on_tab, tab.id), [], [opened])
        wire([app.load], side.engine.on_tick, [shell.kept], side.engine.outputs)
        evidence.wire_panel(services, shell)
        endpoints.add_to(services)
    return app  # type: ignore[no-any-return]


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Services, str]]:
    """The app, served while the block lasts: (services, address). The data folder is released at the end.

    Raises:
        StoreLocked: another app has the data folder. UsageError: no free port, or anybody could use it.
        PlaygroundError: MCP is wanted and not installed.
    """
    accounts = check_reach(settings)
    if settings.mcp:
        tools.check_installed()
    services = Services.open(settings)
    try:
        app = build(services)
        with redirect_stdout(StringIO()):  # Gradio prints an address for MCP, however quiet it should be; we say it
            _, url, _ = app.launch(**launch_options(services, accounts, app), prevent_thread_lock=True)
        try:
            if app.mcp_error:
                raise PlaygroundError(f"The MCP tools cannot be served: {app.mcp_error}.", "Start without --mcp.")
            yield services, url
        finally:
            app.close(verbose=False)
    finally:
        services.close()


def serve(settings: Settings, *, open_browser: bool) -> None:
    """Serve the app until it is interrupted."""
    with running(settings) as (services, url):
        if settings.insecure and not (settings.auth or is_loopback(settings.host)):  # before a reader of stdout goes on
            said = "warning: everybody who can reach this machine can read, add and remove your documents.\n"
            sys.stderr.write(said)
        sys.stdout.write(f"The playground is at {url} (Ctrl+C stops it).\n")
        if settings.mcp:
            sys.stdout.write(f"MCP clients connect to {url}{tools.PATH} (streamable HTTP).\n")
        sys.stdout.flush()
        if open_browser:
            webbrowser.open(url)
        Thread(target=_after_start, args=(services,), name="after-start", daemon=True).start()
        with suppress(KeyboardInterrupt):
            Event().wait()


def free_port(host: str, first: int) -> int:
    """The first free port from ``first`` on; 0 is any.

    Raises:
        UsageError: none of a hundred is free, or the address is not this machine's.
    """
    for port in range(first, first + 100) if first else (0,):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as trial:
            if os.name != "nt":  # there it would let two programs share a port
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise UsageError(
                    f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose --host, --port."
                ) from error
            return int(trial.getsockname()[1])
    raise UsageError(f"No port from {first} on is free on {host}.", "Choose one with --port.")


def _after_start(services: Services) -> None:
    """What can wait until the page is up: sample documents, the built-in model, slow imports."""
    try:
        first_start(services)
        services.warm()
    except Exception:
        log.exception("work after the start failed")


def launch_options(services: Services, accounts: Accounts, app: gr.Blocks) -> dict[str, Any]:
    """How the server listens and looks; nothing is shared, nothing is fetched from elsewhere."""
    settings = services.settings
    kwargs = routes.app_kwargs(services, accounts)
    if settings.mcp:
        kwargs["lifespan"] = tools.only_these(app)
    return {
        "server_name": settings.host,
        "server_port": free_port(settings.host, settings.port),
        "auth": accounts.allows if accounts else None,
        "share": False,
        "ssr_mode": False,
        "quiet": True,
        "footer_links": [],
        "run_history": False,
        "show_error": True,
        "max_file_size": f"{settings.max_file_mb * 4}mb",  # the library refuses politely at the real limit
        "app_kwargs": kwargs,
        "mcp_server": settings.mcp,
        **theme.look(),
    }
