"""``playground`` alone: start the app."""

from __future__ import annotations

from typing import Annotated

import typer

from playground.cli.options import DataDir, Offline, settings_of


def add_to(app: typer.Typer) -> None:
    """Make the app's start what happens without a command."""
    app.callback(invoke_without_command=True)(start)


def start(
    context: typer.Context,
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 unless said.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on; 7860 or the next free one unless said.")
    ] = None,
    auth: Annotated[
        list[str] | None,
        typer.Option(
            "--auth",
            help="Who may use it; repeatable. Better in PLAYGROUND_AUTH, which other users of this machine "
            "cannot list.",
            metavar="USER:PASSWORD",
            show_default=False,
        ),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let everybody in the network use it, without a sign-in.")
    ] = False,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Serve the documents to other programs' language models as MCP tools.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Tell programs that watch this one: GET /metrics.")
    ] = False,
    offline: Offline = False,
) -> None:
    """Chat with your own PDFs on this machine.

    Without a command the app starts in the browser. Every option is also a variable: PLAYGROUND_PORT and so on.

    Example: playground --port 8000 --offline
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(
        context,
        host=host,
        port=port,
        auth=tuple(auth) if auth else None,
        insecure=insecure or None,
        mcp=mcp or None,
        browser=False if no_browser else None,
        metrics=metrics or None,
    )
    from playground.app import serve

    serve(settings, open_browser=settings.browser)
