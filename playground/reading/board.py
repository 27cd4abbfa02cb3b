"""The reading lab's board: the page, every column's transcript with what differs marked, and the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event as CancelFlag

from pipelines import registry
from pipelines.errors import Cancelled, PlaygroundError
from pipelines.evaluation.transcript_flags import Flag
from pipelines.reading.base import Sheet, Transcript
from pipelines.recipe import Choice
from playground.lab.state import LETTERS
from playground.reading import comparing
from playground.reading.choosing import VLM
from playground.reading.comparing import Compared
from playground.reading.running import Run, run_of
from playground.reading.state import Reading, readers
from playground.services import Services
from playground.state import Session
from playground.views import read_columns, read_differences, read_numbers, read_page
from playground.views import reading as views

#: Seconds between two looks at columns that are being read.
_PACE = 0.25


@dataclass(frozen=True)
class Board:
    """Everything the tab shows below its controls."""

    lab: Reading
    choices: tuple[Choice, ...]
    run: Run
    sheet: Sheet | None = None
    problem: PlaygroundError | None = None  # why there is no picture

    @property
    def running(self) -> bool:
        """Whether columns are being read."""
        return self.run.state == "running"

    @cached_property
    def shown(self) -> list[Transcript | None]:
        """The transcript of each column, of this very page and reader."""
        read, drawn = self.run.sheet, self.sheet
        if read is not None and drawn is not None and read.digest != drawn.digest:  # the document is another by now
            return [None] * len(self.choices)
        return self.run.of(self.lab, self.choices)

    @cached_property
    def compared(self) -> Compared:
        """What each column is compared with."""
        return comparing.compared(self.lab, self.shown, self.run.truth, self.run.known)

    def markup(self) -> list[str | None]:
        """In the order of the components: toolbar, page, four heads, four bodies, numbers, differences."""
        fill: list[str | None] = [None] * (len(LETTERS) - len(self.choices))
        heads = [str(self._head(at)) for at in range(len(self.choices))]
        bodies = [str(self._body(at)) for at in range(len(self.choices))]
        toolbar = str(views.toolbar(self.lab))
        return [toolbar, str(self._page()), *heads, *fill, *bodies, *fill, *self._below()]

    def _head(self, at: int) -> str:
        part = registry.get("reader", self.choices[at].name)
        missing = "" if part.available else f"Not installed. Type: {'; '.join(part.missing)}"
        return str(read_columns.head(LETTERS[at], self.shown[at], missing, part.name == VLM))

    def _page(self) -> str:
        if self.problem is not None:
            return str(views.problem(self.problem))
        if self.sheet is None:
            return str(read_page.drawing() if self.lab.page.document or self.lab.page.upload else views.empty())
        return str(read_page.page(self.lab, self.sheet, self.shown))

    def _body(self, at: int) -> str:
        transcript = self.shown[at]
        text, flags = None, list[Flag]()
        if transcript is not None and transcript.text:
            text = read_differences.marked(transcript, self.compared.differences[at])
            flags = comparing.flags(transcript, self.compared.others(at), self.run.truth, self.run.ink)
        letter, choice = LETTERS[at], self.choices[at]
        return str(read_columns.body(letter, choice, transcript, text, flags, self.running))

    def _below(self) -> list[str]:
        numbers = read_numbers.numbers(self.compared.measured, self.compared.named, self.compared.remark)
        return [str(numbers if self.compared.truth is not None else views.no_truth(self.compared)),
                str(read_differences.panel(self.compared, self.shown))]  # fmt: skip


def draw(services: Services, session: Session, lab: Reading, flag: CancelFlag) -> Iterator[Board]:
    """The board, as long as columns are read; ends early when a newer wish of the same page begins."""
    chosen = readers(session, lab)[: lab.shown]
    board = Board(lab, chosen, run_of(services, lab))
    try:
        if lab.page.document or lab.page.upload:
            yield board
            board = _drawn(services, board, flag)
        yield board
        if not board.running:
            return
        for now in services.measurements.follow(lab.work("read"), flag, _PACE):
            if not flag.is_set():
                yield replace(board, run=now)
    except Cancelled:
        return
    finally:
        services.tasks.end(lab.id, flag)


def _drawn(services: Services, board: Board, flag: CancelFlag) -> Board:
    try:
        return replace(board, sheet=services.sheets.sheet(board.lab, flag))
    except Cancelled:
        raise
    except PlaygroundError as error:
        return replace(board, problem=error)
