"""What one browser tab has chosen in the tab of runs. Kept in the browser, so that a reload finds it again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.runs.filter import Filter
from pipelines.runs.run import KINDS, Kind
from playground.state import Kept

#: Runs on a page of the table.
PAGE = 25

Opened = Literal["", "run", "pair"]


class Looking(Kept):
    """A person's choices: immutable plain data."""

    text: str = Field(default="", max_length=500)
    kinds: tuple[Kind, ...] = ()  # none: all
    model: str = Field(default="", max_length=200)
    document: str = Field(default="", max_length=500)
    starred: bool = False
    first: int = Field(default=0, ge=0)  # of the runs on the page, from 0
    run: str = Field(default="", max_length=40)  # whose details are open
    marked: tuple[str, ...] = ()  # to be compared: A, then B
    opened: Opened = ""  # what stands above the table
    asking: str = Field(default="", max_length=40)  # what is about to be deleted

    @property
    def filter(self) -> Filter:
        """Which runs are listed."""
        return Filter(kinds=self.kinds, model=self.model, document=self.document, text=self.text, starred=self.starred)

    @property
    def filtered(self) -> bool:
        """Whether some runs may be left out."""
        return self.filter != Filter()

    @property
    def again(self) -> str:
        """Names the run this page makes again."""
        return f"{self.id}:again"

    def with_kind(self, kind: str) -> Looking:
        """With a kind listed, or not any more."""
        kinds = tuple(one for one in KINDS if (one in self.kinds) != (one == kind))
        return self.to(kinds=kinds, first=0)

    def with_mark(self, run: str) -> Looking:
        """With a run marked, or not any more; a third takes the place of the second."""
        if run in self.marked:
            return self.to(marked=tuple(one for one in self.marked if one != run))
        marked = (*self.marked[:1], run)
        return self.to(marked=marked, opened="pair" if len(marked) == 2 else self.opened)
