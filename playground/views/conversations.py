"""The list of conversations, and what an empty one teaches."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.conversations import Conversation
from playground.views.html import button, el, fold
from playground.views.words import count


def conversation_menu(conversations: Sequence[Conversation], current: str) -> Markup:
    """The title of this conversation, and behind it the others with rename, export and delete."""
    here = next((c for c in conversations if c.id == current), None)
    title = here.title if here and here.title else "New conversation"
    rows = [_row(c, c.id == current) for c in conversations]
    listed = el("ul", rows) if rows else el("p", "No conversation yet.", class_="empty")
    return el(
        "nav",
        fold([el("span", title, class_="title"), el("i", "▾", aria_hidden="true")], listed, class_="menu"),
        button("New", "new", class_="quiet", aria_label="New conversation"),
        aria_label="Conversations",
        class_="conversations",
    )


def _row(conversation: Conversation, current: bool) -> Markup:
    title = conversation.title or "New conversation"
    field = el(
        "input", type="text", name="value", required=True, maxlength=80, placeholder=title, aria_label="New title"
    )
    rename = el(
        "form",
        field,
        el("button", "Rename", type="submit"),
        data_act="rename",
        data_arg=conversation.id,
        class_="inline",
    )
    export = el("a", "Export as Markdown", href=f"conversation/{conversation.id}.md", download=True)
    delete = button("Delete", "delete", conversation.id, class_="danger")
    more = fold(el("span", "⋯", aria_label=f"More for {title}", role="img"), rename, export, delete, class_="more")
    return el(
        "li",
        button(title, "pick", conversation.id, class_="title", aria_current="true" if current else None),
        el("span", count((conversation.messages + 1) // 2, "question"), class_="facts"),
        more,
    )


def welcome(questions: Sequence[str], documents: int) -> Markup:
    """The empty conversation: what happens when you ask, and three questions to start with."""
    how = (
        "Your question is matched against every passage of the documents in play; "
        "the answer is made from the best ones and shows the page each came from."
    )
    if not documents:
        return el("div", el("h2", "Add a document to begin"), el("p", how), class_="welcome")
    tries = [el("li", button(q, "sample", q, class_="sample")) for q in questions]
    return el(
        "div",
        el("h2", "Ask your documents"),
        el("p", how),
        el("ul", tries, aria_label="Questions to try") if tries else None,
        class_="welcome",
    )
