"""A prompt taken from the chat: the last question, with its passages, as the model was told it."""

from __future__ import annotations

from typing import Any

from pipelines import registry
from pipelines.errors import UsageError
from playground.sampling.state import Sampling
from playground.services import Services
from playground.state import Session, recipe_of
from playground.turn import Turn


def from_chat(services: Services, session: Session, lab: Sampling) -> Sampling:
    """The lab with the chat's last question and its passages as the prompt.

    Raises:
        UsageError: nothing was asked in this conversation yet.
    """
    turn = _last(services, session)
    if turn is None:
        raise UsageError("There is no question in the chat to take.", "Ask one in the Chat tab first.")
    told = [(role, text) for role, text in turn.messages] or _told(session, turn)
    system = "".join(text for role, text in told if role == "system")
    rest: list[Any] = [(role, text) for role, text in told if role != "system"]
    return lab.to(system=system, prompt=rest[-1][1] if rest else turn.question, before=tuple(rest[:-1]))


def _last(services: Services, session: Session) -> Turn | None:
    if not session.conversation:
        return None
    for message in reversed(services.conversations.messages(session.conversation)):
        if message.role == "assistant" and (turn := services.turn(message.id)) is not None:
            return turn
    return None


def _told(session: Session, turn: Turn) -> list[tuple[str, str]]:
    """What a model would have been told: quotes are made without one."""
    choice = recipe_of(session).choice("prompt")
    system, user = registry.get("prompt", choice.name).build(choice.params, list(turn.passages), turn.question)
    return [("system", system), ("user", user)]
