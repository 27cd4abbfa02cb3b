"""The page in front of the app where people sign in: whole, since Gradio's own is made without our style sheet."""

from __future__ import annotations

from markupsafe import Markup

from playground.theme import asset
from playground.views.html import el


def page() -> Markup:
    """A document of its own: a name, a password, one button."""
    style = Markup(asset("colours.css") + asset("sign-in.css"))  # noqa: S704 - our own files
    script = Markup(asset("sign-in.js"))  # noqa: S704
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", "Sign in · RAG playground"),
        el("link", rel="icon", href="favicon.ico"),
        el("link", rel="manifest", href="manifest.json"),
        el("style", style),
    )
    form = el(
        "form",
        el("img", src="pwa_icon", alt="", width=56, height=56),
        el("h1", "RAG playground"),
        el("p", "Your documents, your questions, this machine."),
        _field("Name", "username", "text", "username"),
        _field("Password", "password", "password", "current-password"),
        el("p", id="wrong", role="alert"),
        el("button", "Sign in", type="submit"),
    )
    body = el("body", el("main", form), el("script", script))
    return Markup("<!doctype html>") + el("html", head, body, lang="en")


def _field(label: str, name: str, type_: str, complete: str) -> Markup:
    first = name == "username"
    return el("label", label, el("input", type=type_, name=name, autocomplete=complete, required=True, autofocus=first))
