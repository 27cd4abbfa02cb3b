"""The page's frame: its name, the way to the panes on a narrow screen, light or dark."""

from __future__ import annotations

from markupsafe import Markup

from playground.views.html import el

_PANES = (("sidebar", "Documents"), ("chat", "Chat"), ("evidence-column", "Evidence"))


def header(sign_out: bool = False) -> Markup:
    """The bar at the top; with sign-ins there is a way to leave."""
    panes = [el("a", label, href=f"#{pane}", data_pane=pane) for pane, label in _PANES]
    return el(
        "header",
        el("button", "☰", type="button", id="fold-sidebar", aria_label="Hide or show the sidebar", title="Sidebar"),
        el("h1", "RAG playground"),
        el("p", "Your documents, your questions, this machine.", class_="tagline"),
        el("nav", panes, aria_label="Panes", class_="panes"),
        el("a", "Sign out", href="logout", id="sign-out") if sign_out else None,
        el("button", "◐", type="button", id="theme", aria_label="Switch between light and dark", title="Light or dark"),
    )
