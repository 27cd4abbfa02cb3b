"""A conversation as a Markdown file, with nothing in it that a viewer would fetch or run."""

from __future__ import annotations

import re

from pipelines.conversations import Conversation, StoredMessage
from playground.turn import Turn
from playground.views.words import place


def transcript(conversation: Conversation, messages: list[StoredMessage]) -> str:
    """Questions as headings, answers with their sources and who gave them."""
    blocks = [f"# {inert(conversation.title or 'Conversation')}"]
    for message in messages:
        if message.role == "user":
            blocks.append(f"## {inert(' '.join(message.text.split()))}")
        else:
            blocks += _answer(message)
    return "\n\n".join(blocks) + "\n"


def inert(text: str) -> str:
    """Text without raw HTML, pictures and links."""
    return re.sub(r"\](?=[(\[:])", r"]\\", text.replace("<", "&lt;"))


def _answer(message: StoredMessage) -> list[str]:
    turn = Turn.from_json(message.details)
    blocks = [inert(message.text) or "(no answer)"]
    if message.state != "done":
        blocks.append(f"*({message.state}{': ' + inert(turn.fault.message) if turn.fault else ''})*")
    sources = [f"- [{c.n}] {inert(c.hit.document)}, {place(c.hit.page, c.hit.page_label)}" for c in turn.citations]
    if sources:
        blocks.append("\n".join(sources))
    who = " · ".join(filter(None, (turn.style, turn.model, turn.engine)))
    return [*blocks, f"*{inert(who)}*"] if who else blocks
