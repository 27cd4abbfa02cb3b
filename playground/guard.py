"""The door of the server: which requests are answered at all, and which headers every answer carries.

A browser lets any page send requests to any address, this machine's too. Gradio withholds the *answers* from pages of
other origins while it is called by a local name, but acts on the requests; so they are refused here:

- a request that a page of another origin makes (``Origin``, or ``Sec-Fetch-Site`` where it is no link followed);
- without sign-ins, a request for a name that is not this machine's: a foreign name may be made to point here after a
  page was loaded from it ("DNS rebinding"), which makes that page's origin ours. With sign-ins it gains nothing: the
  browser keeps ours from a foreign name;
- with sign-ins, everything but the sign-in. Gradio asks for one at its own routes only, not at those of ours, nor at
  its MCP server; and its page for it is made without our style sheet, so that fields cannot be seen: ours stands there.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from pipelines.settings import Settings
from playground.people import Accounts, is_loopback, of_cookies
from playground.views import sign_in

#: Nothing but this server is ever asked, whatever a document or a model says. Gradio compiles templates.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "media-src 'self' data: blob:; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
}

#: Where the user's name stands in a request's scope, once the door has let it in.
USER = "playground.user"

#: What nobody need sign in for: the sign-in itself, the icon, and how Gradio learns that the server is up.
_OPEN = {"/login", "/login/", "/logout", "/favicon.ico", "/pwa_icon", "/manifest.json", "/gradio_api/startup-events"}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Guard:
    """Middleware around every route, Gradio's and ours.

    Args:
        app: What is guarded.
        accounts: Who may come in; none: everybody who reaches the server.
        names: Hosts that requests may be for; None: any.
    """

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], accounts: Accounts, names: Collection[str] | None
    ) -> None:
        self._app, self._accounts, self._names = app, accounts, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on; either way the answer carries our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        refusal = self._refusal(HTTPConnection(scope))
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        """Why a request is not answered; None: it is."""
        if self._names is not None and not _known(request.headers.get("host", ""), self._names):
            return PlainTextResponse(
                "This app does not answer to that name. Open it at the address it printed; for another name of this "
                "machine start it with --auth user:password.",
                403,
            )
        if _foreign(request.headers):
            return PlainTextResponse("A page of another site asked for this.", 403)
        if not self._accounts:
            return None
        user = self._user(request)
        request.scope[USER] = user
        path = request.scope["path"]
        if user or path in _OPEN:
            return None
        if path == "/" and request.scope["method"] in ("GET", "HEAD"):
            return HTMLResponse(str(sign_in.page()), headers={"Cache-Control": "no-store"})
        return PlainTextResponse("Sign in first.", 401)

    def _user(self, request: HTTPConnection) -> str:
        gradio = request.app
        signed_in = of_cookies(request.cookies, gradio.cookie_id, gradio.tokens)
        return signed_in or self._accounts.of_header(request.headers.get("authorization", ""))


def own_names(settings: Settings) -> Collection[str] | None:
    """What this machine is called where there are no sign-ins; None: any name will do."""
    if settings.auth:
        return None
    names = {"localhost", settings.host.lower()}
    if not is_loopback(settings.host):
        here = socket.gethostname().lower()
        names |= {here, f"{here.partition('.')[0]}.local", socket.getfqdn().lower()}
    return names


def _known(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names this machine. A numeric address is what it is: nobody can point it elsewhere."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in names or _numeric(name)


def _numeric(name: str) -> bool:
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    try:
        socket.inet_pton(family, name)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def _foreign(headers: Headers) -> bool:
    """Whether a page of another origin makes this request. Programs that are no browsers send neither header."""
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return elsewhere and headers.get("sec-fetch-mode") != "navigate"
