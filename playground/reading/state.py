"""What one browser tab has chosen in the reading lab. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines import registry
from pipelines.errors import PlaygroundError, UsageError
from pipelines.evaluation.normalising import Normalising
from pipelines.reading.degrade import Degradation
from pipelines.recipe import Choice, choose
from playground.lab.state import LETTERS
from playground.reading.levels import PRESETS
from playground.state import Kept, Session, recipe_of

#: What the columns start with, as far as it is installed; a reader that is not comes after those that are.
_FIRST = ("text-layer", "tesseract", "rapidocr", "vlm")


class Page(BaseModel):
    """What is read: a page of a document of the library, or a picture or PDF that was uploaded."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document: str = ""  # of the library
    upload: str = ""  # id of an upload of this page
    name: str = ""  # of the upload, as the person calls it
    number: int = Field(default=1, ge=1)


class Many(BaseModel):
    """A run over several pages: which, by which columns, and how much worse each page is made."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pages: str = Field(default="1-2", max_length=200)
    without: tuple[int, ...] = ()  # columns left out
    worse: str = Field(default=PRESETS[0][1], max_length=1000)  # levels, as the command line's --degrade


class Reading(Kept):
    """A person's choices in the lab: immutable plain data."""

    page: Page = Page()
    degrade: Degradation = Degradation()
    shown: int = Field(default=2, ge=2, le=4)
    columns: tuple[dict[str, Any], ...] = ()  # the reader of each column
    picked: int = Field(default=1, ge=0, le=3)  # the column whose words are drawn over the picture
    truth: Literal["text layer", "pasted", "none"] = "text layer"
    pasted: str = Field(default="", max_length=100_000)
    normalising: Normalising = Normalising()  # differences that do not count
    seconds: int = Field(default=120, ge=5, le=3600)  # longest time a page may take
    zoom: int = 100
    many: Many = Many()
    asked: str = Field(default="", max_length=2000)  # of what the readers read

    @property
    def source(self) -> str:
        """Names what readers get: the page, and what is done to it."""
        return f"{self.page.model_dump_json()} {self.degrade.model_dump_json()}"

    def work(self, what: Literal["read", "many", "sight", "find"]) -> str:
        """Names this page's reading, its run over several pages, its look whether a model sees, or its question."""
        return f"{self.id}:{what}"


def readers(session: Session, lab: Reading) -> tuple[Choice, ...]:
    """The reader of each of the four columns; what cannot be read takes its default."""
    there = {part.name: part.available for part in registry.parts("reader")}
    first = sorted((name for name in _FIRST if name in there), key=lambda name: not there[name])
    own = recipe_of(session).choice("reader")
    made = [own if own.name == name else choose("reader", name) for name in first][: len(LETTERS)]
    made += [choose("reader", "text-layer")] * (len(LETTERS) - len(made))
    for at, kept in enumerate(lab.columns[: len(LETTERS)]):
        try:
            made[at] = choose("reader", kept)
        except PlaygroundError:
            continue
    return tuple(made)


def with_column(session: Session, lab: Reading, column: int, choice: Choice) -> Reading:
    """The lab with another reader in a column."""
    columns = [one.model_dump(mode="json") for one in readers(session, lab)]
    columns[column] = choice.model_dump(mode="json")
    return lab.to(columns=tuple(columns))


def use(session: Session, lab: Reading, column: int) -> Session:
    """The session whose recipe reads pages without text as a column does. Raises UsageError: no such column."""
    if not 0 <= column < lab.shown:
        raise UsageError("That column is not there any more.")
    choice = readers(session, lab)[column]
    return session.to(recipe=recipe_of(session).model_copy(update={"reader": choice}).to_json())
