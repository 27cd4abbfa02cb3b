"""What one browser tab has chosen. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Any, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import UsageError
from pipelines.recipe import Recipe

_LOOK = {"message", "passage", "quote", "document", "page", "zoom"}


class Kept(BaseModel):
    """A lab's state: immutable plain data that the browser keeps."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(default_factory=lambda: uuid4().hex)  # names this page's lab, and its work in the background
    revision: int = 0  # counts the changes, so that two at once can be told from one after the other

    @classmethod
    def restore(cls, kept: Any) -> Self:
        """The state from what the browser kept; anything unreadable is a fresh one."""
        try:
            return cls.model_validate(kept or {})
        except ValidationError:
            return cls()

    def to(self, **changes: Any) -> Self:
        """A copy with changes. Raises UsageError: a value is out of bounds."""
        try:
            return self.model_validate({**self.model_dump(), **changes})
        except ValidationError as error:
            first = error.errors()[0]
            where = " ".join(str(part) for part in first["loc"])
            raise UsageError(f"{where.capitalize()} cannot be that: {first['msg']}.") from error

    def keep(self) -> dict[str, Any]:
        """Plain data for the browser."""
        return self.model_dump(mode="json")


class Session(BaseModel):
    """A person's choices: immutable plain data, so that no two tabs can share it by accident."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    conversation: str = ""
    recipe: str = ""  # JSON; empty is the standard recipe
    out_of_play: tuple[str, ...] = ()  # documents not ticked; new ones are in play
    editing: str = ""  # id of the question being edited
    message: str = ""  # whose evidence is shown
    passage: int = 0  # which of its passages, from 1; 0 is none
    quote: int = -1  # which quote of that citation; -1 is the whole passage
    document: str = ""  # what the evidence panel shows
    page: int = 1
    zoom: int = 100
    user: str | None = Field(default=None, exclude=True)  # who is signed in, never by the browser's word; None: no need

    @classmethod
    def restore(cls, *parts: Any) -> Self:
        """A session from what the browser kept; anything unreadable is a fresh one."""
        try:
            told = {name: value for part in parts for name, value in (part or {}).items()}
            return cls.model_validate({**told, "user": None})
        except (ValidationError, AttributeError):
            return cls()

    def to(self, **changes: Any) -> Self:
        """A copy with changes."""
        return self.model_copy(update=changes)

    def anew(self, conversation: str = "") -> Self:
        """The session in another conversation; "" is a new one."""
        return self.to(conversation=conversation, editing="", message="", passage=0, quote=-1)

    def keep(self) -> dict[str, Any]:
        """The choices, as plain data for the browser."""
        return self.model_dump(mode="json", exclude=_LOOK)

    def look(self) -> dict[str, Any]:
        """What the evidence panel shows. Kept apart: an answer that moves it must not undo a choice made meanwhile."""
        return self.model_dump(mode="json", include=_LOOK)


def recipe_of(session: Session) -> Recipe:
    """The session's recipe; the standard one where it never chose, or chose with an older app."""
    try:
        return Recipe.from_json(session.recipe) if session.recipe else Recipe()
    except UsageError:
        return Recipe()
