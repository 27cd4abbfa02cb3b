"""What the browser fetches besides the page itself: pictures of pages, exports, the schema of recipes."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from pipelines.errors import DocumentError, PlaygroundError
from pipelines.recipes import schema
from playground.cli.console import to_json
from playground.guard import USER, Guard, own_names
from playground.people import Accounts
from playground.reading.state import Reading
from playground.runs.exporting import run_json
from playground.runs.scripts import script
from playground.sampling import exporting
from playground.services import Services
from playground.theme import ASSETS
from playground.views.shared import page, pair_page
from playground.views.transcript import transcript

#: Width of page pictures in pixels: sharp at the panel's width on a dense screen.
WIDTH_PX = 1400

#: What an installed window is told of the app. Gradio's own knows no colours, and no short name.
MANIFEST = "application/manifest+json"


def app_kwargs(services: Services, accounts: Accounts) -> dict[str, Any]:
    """Routes and middleware for the server Gradio starts."""

    async def picture(request: Request) -> Response:
        name, page = request.path_params["name"], request.path_params["page"]
        return await run_in_threadpool(page_picture, services, name, page)

    async def export(request: Request) -> Response:
        return await run_in_threadpool(conversation_file, services, request.path_params["id"], request.scope.get(USER))

    async def sheet(request: Request) -> Response:
        return await run_in_threadpool(sheet_picture, services, request.path_params["id"])

    async def samples(request: Request) -> Response:
        return await run_in_threadpool(samples_file, services, request.path_params["id"])

    async def recipe_schema(request: Request) -> Response:
        return FileResponse(schema.FILE, media_type="application/schema+json")

    async def one_run(request: Request) -> Response:
        seen = services.seen_by(request.scope.get(USER))
        return await run_in_threadpool(run_file, seen, request.path_params["id"], request.path_params["ending"])

    async def up(request: Request) -> Response:
        """Gradio gives the page three seconds to answer at the start: a busy machine needs more to make it."""
        return Response()

    async def metrics(request: Request) -> Response:
        return await run_in_threadpool(metrics_text, services)

    async def two_runs(request: Request) -> Response:
        seen = services.seen_by(request.scope.get(USER))
        return await run_in_threadpool(pair_file, seen, request.path_params["a"], request.path_params["b"])

    routes = [
        Route("/", up, methods=["HEAD"]),
        Route("/page/{name}/{page:int}.png", picture),
        Route("/conversation/{id}.md", export),
    ]
    routes += [Route("/sampling/{id}.json", samples), Route("/reading/{id}.png", sheet)]
    routes += [Route("/metrics", metrics), Route("/run/{id}.{ending}", one_run), Route("/runs/{a}/{b}.html", two_runs)]
    routes.append(Route("/manifest.json", lambda _: FileResponse(ASSETS / "manifest.json", media_type=MANIFEST)))
    routes.append(Route(f"/{schema.FILE.name}", recipe_schema))
    guard = Middleware(Guard, accounts=accounts, names=own_names(services.settings))
    return {"routes": routes, "middleware": [guard]}


def page_picture(services: Services, name: str, page: int) -> Response:
    """A page as PNG; 404 for a document, page or kind of document that has none."""
    try:
        if not 1 <= page <= len(services.library.document(name).pages):
            return PlainTextResponse("There is no such page.", 404)
        png = services.library.picture(name, page, WIDTH_PX)
    except DocumentError as error:
        return PlainTextResponse(str(error), 422)
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 404)
    if png is None:
        return PlainTextResponse("This document has no pages to show.", 404)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def conversation_file(services: Services, id: str, user: str | None) -> Response:
    """A conversation as a Markdown file to save; 404 for another person's."""
    try:
        known = services.conversations.get(id, user)
        text = transcript(known, services.conversations.messages(id))
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 404)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " -_") else "-" for c in known.title).strip(" -")
    headers = {"Content-Disposition": f'attachment; filename="{plain[:60] or "conversation"}.md"'}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)


def samples_file(services: Services, id: str) -> Response:
    """Everything the sampling lab of a page has drawn, as JSON to save."""
    data = exporting.everything(services, id)
    if data is None:
        return PlainTextResponse("Nothing was drawn here.", 404)
    headers = {"Content-Disposition": 'attachment; filename="samples.json"'}
    return Response(json.dumps(data, ensure_ascii=False, indent=1), media_type="application/json", headers=headers)


def run_file(services: Services, id: str, ending: str) -> Response:
    """A run to save: as data, as a script, as a page."""
    try:
        run = services.runs.get(id)
        details = services.runs.details(run.id)
        match ending:
            case "json":
                text, kind = to_json(run_json(run, details)), "application/json"
            case "py":
                text, kind = script(run, details, services.settings), "text/x-python"
            case "html":
                text, kind = page(run, details), "text/html"
            case _:
                return PlainTextResponse("Runs are exported as .json, .py and .html.", 404)
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 404)
    return _attached(text, kind, f"{run.kind}-{run.id}.{ending}")


def pair_file(services: Services, a: str, b: str) -> Response:
    """Two runs compared, as a page to save."""
    try:
        left, right = (services.runs.get(one) for one in (a, b))
        text = pair_page(*((run, services.runs.details(run.id)) for run in (left, right)))
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 404)
    return _attached(text, "text/html", f"runs-{left.id}-{right.id}.html")


def _attached(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def metrics_text(services: Services) -> Response:
    """What programs that watch this one read; 404 where nobody asked for it."""
    if services.tally is None:
        return PlainTextResponse("Start the app with --metrics.", 404)
    try:
        text, kind = services.tally.text(services.runs, len(services.library.documents()), services.jobs.snapshot())
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 503)
    return Response(text, headers={"Content-Type": kind})


def sheet_picture(services: Services, id: str) -> Response:
    """The picture that the readers of a page of the reading lab get; 404 where it shows none."""
    try:
        sheet = services.sheets.sheet(services.labs.now(Reading, {"id": id}))
    except PlaygroundError as error:
        return PlainTextResponse(str(error), 404)
    return Response(sheet.png, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})
