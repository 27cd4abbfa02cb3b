"""What is done with recipes: kept, brought from elsewhere, renamed, forgotten, taken out as a program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.registry import SECTIONS, usable
from pipelines.settings import default_data_dir
from playground.recipes.state import Entry
from playground.services import Services
from playground.state import Session, recipe_of

#: What the program asks where nobody has asked anything.
_ASKED = "What is this document about?"


def save(services: Services, session: Session, name: str, note: str) -> str:
    """Keep the recipe in use; returns the name it is kept under.

    Raises:
        UsageError: no name, or one that is taken. StoreError: it cannot be written.
    """
    if not name.strip():
        raise UsageError("The recipe has no name.", "Type what it is good for, such as “Tables” or “Short answers”.")
    return services.recipes.save(name, recipe_of(session), note=note, origin="this app")


def bring_files(services: Services, files: Sequence[tuple[str, str]]) -> list[str]:
    """Keep the recipes of uploaded files, given as (path, name); returns the names they are kept under.

    Raises:
        UsageError: one is no recipe; then none is kept.
    """
    found = [NamedRecipe.from_file(Path(path), called) for path, called in files]
    names = [called for _, called in files]
    return [services.recipes.bring(one, called) for one, called in zip(found, names, strict=True)]


def bring_text(services: Services, text: str) -> str:
    """Keep a recipe that was pasted as JSON; returns the name it is kept under. Raises UsageError: it is none."""
    if not text.strip():
        raise UsageError("Nothing was pasted.", "Paste the JSON of a recipe, as Export gives it.")
    return services.recipes.bring(NamedRecipe.from_json(text, "Pasted recipe"), "pasted text")


def act(services: Services, session: Session, what: str, name: str, value: str) -> str:
    """Change one of a person's recipes; returns the name it has then, "" for one that is gone.

    Raises:
        UsageError: it is not there any more, or the new name is taken. StoreError: it cannot be written.
    """
    match what:
        case "rename":
            return services.recipes.rename(name, value)
        case "overwrite":
            kept = services.recipes.get(name)
            return services.recipes.save(name, recipe_of(session), note=kept.note, origin=kept.origin, replace=True)
        case "delete":
            services.recipes.delete(name)
            return ""
    return name


def use_in_chat(session: Session, recipe: Recipe) -> Session:
    """The session with a recipe.

    Raises:
        UsageError: a part lacks something; the message says what installs it.
    """
    for section in SECTIONS:
        usable(section, recipe.choice(section).name)
    return session.to(recipe=recipe.to_json())


def program(services: Services, session: Session, entry: Entry, question: str) -> str:
    """A recipe as a Python program that searches what the chat searches."""
    names = [one.document for one in services.library.documents() if one.status != "failed"]
    chosen = [name for name in names if name not in session.out_of_play]
    folder = services.settings.data_dir
    return entry.named.recipe.to_python(
        question,
        data_dir=None if folder == default_data_dir() else folder.resolve(),  # the usual one is found without a name
        documents=None if len(chosen) == len(names) else chosen,
        name=entry.named.name,
    )


def question(services: Services, session: Session) -> str:
    """What an exported program asks: the last question of the conversation, or one the documents answer."""
    messages = services.conversations.messages(session.conversation) if session.conversation else []
    asked = [message.text for message in messages if message.role == "user"]
    return [_ASKED, *services.first_questions()[:1], *asked[-1:]][-1]
