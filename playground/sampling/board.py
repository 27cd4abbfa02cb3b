"""The sampling lab's board: columns as they are written, where they part, the lens, the token looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event as CancelFlag

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.recipe import Recipe
from playground.lab.differences import differences
from playground.lab.state import LETTERS
from playground.sampling import exact
from playground.sampling.drawing import Drawn, drawn
from playground.sampling.full import key_of
from playground.sampling.looking import Look, look
from playground.sampling.parting import Parting, parting
from playground.sampling.shading import shades
from playground.sampling.state import SECTIONS, Sampling, recipes
from playground.services import Services
from playground.state import Session
from playground.views import columns, samples
from playground.views import lens as lens_view
from playground.views import parting as parting_view
from playground.views import sampling as views
from playground.views import token_look as token_view

#: Seconds between two looks at columns that are being written.
_PACE = 0.2


@dataclass(frozen=True)
class Board:
    """Everything the tab shows below its controls."""

    lab: Sampling
    recipes: tuple[Recipe, ...]
    drawn: Drawn
    look: Look | None = None
    asking: bool = False  # whether the whole distribution of the token is asked for
    problem: PlaygroundError | None = None  # why it did not come

    @property
    def running(self) -> bool:
        """Whether columns are being written."""
        return self.drawn.state == "running"

    def markup(self) -> list[str | None]:
        """In the order of the components: strip, toolbar, four heads, four bodies, parting, lens, token."""
        found = differences(self.recipes, SECTIONS, views.named(self.recipes))
        strip, toolbar = str(columns.strip(found)), str(views.toolbar(self.lab, self.drawn))
        shown = [self._column(at) for at in range(len(self.recipes))]
        heads = [str(samples.head(LETTERS[at], one)) for at, one in enumerate(shown)]
        bodies = [self._body(at, one) for at, one in enumerate(shown)]
        if not self.drawn.anything and not self.running:
            bodies = [str(views.empty()), *[""] * (len(LETTERS) - 1)]
        fill: list[str | None] = [None] * (len(LETTERS) - len(heads))
        return [strip, toolbar, *heads, *fill, *(bodies + fill)[: len(LETTERS)], *self._below()]

    @cached_property
    def parted(self) -> Parting:
        """Where the two columns part that are compared."""
        return parting(*(self.drawn.at(at).sample for at in self.lab.pair))

    def _below(self) -> list[str | None]:
        parted = str(parting_view.panel(self.lab, self.drawn, self.parted)) if self.drawn.anything else ""
        if self.running:
            return [parted, None, None]
        if self.look is None:
            return [parted, str(views.no_lens(self.lab, self.drawn)), ""]
        seen = str(lens_view.lens(self.look))
        close = token_view.token_look(self.look)
        return [parted, seen, str(views.token_panel(self.look, close, self.asking, self.problem))]

    def _column(self, at: int) -> samples.Column:
        answer = self.drawn.at(at)
        there = answer.sample is not None or answer.fault is not None
        now, before = self.recipes[at], answer.recipe
        changed = before is not None and any(now.choice(one) != before.choice(one) for one in SECTIONS)
        return samples.Column(
            recipe=now,
            sample=answer.sample,
            facts=answer.facts,
            error=answer.fault,
            changed=there and (changed or tuple(self.lab.messages) != self.drawn.messages),
            running=self.running,
            drawn=self.drawn.anything,
        )

    def _body(self, at: int, column: samples.Column) -> str:
        sample, picked = column.sample, self.lab.token if self.lab.column == at else -1
        shaded = shades(sample.tokens, self.lab.tint) if sample else []
        parts = at in self.lab.pair and self.parted.state == "parted"
        marked = (self.parted.token,) if parts else ()
        return str(samples.body(LETTERS[at], column, shaded, picked, marked))


def draw(services: Services, session: Session, lab: Sampling, flag: CancelFlag) -> Iterator[Board]:
    """The board, as long as columns are written; ends early when a newer wish of the same page begins."""
    try:
        board = Board(lab, recipes(session, lab), drawn(services, lab))
        if not board.running:
            yield from _looked(services, board, flag)
            return
        yield board
        for now in services.measurements.follow(lab.work("draw"), flag, _PACE):
            if not flag.is_set():
                yield replace(board, drawn=now)
        if not flag.is_set():
            yield from _looked(services, replace(board, drawn=drawn(services, lab)), flag)
    except Cancelled:
        return
    finally:
        services.tasks.end(lab.id, flag)


def _looked(services: Services, board: Board, flag: CancelFlag) -> Iterator[Board]:
    """The board with its lens; the whole distribution of the token follows where the engine gives it."""
    lab, now = board.lab, board.drawn
    board = replace(board, look=looked(services, lab, now))
    sample = now.at(lab.column).sample
    wanted = board.look is not None and board.look.token is not None and not board.look.token.full
    if not wanted or not exact.offered(sample):
        yield board
        return
    yield replace(board, asking=True)
    try:
        exact.fetch_one(services, now, lab.column, lab.token, flag)
        yield replace(board, look=looked(services, lab, now))
    except Cancelled:
        raise
    except PlaygroundError as error:
        yield replace(board, problem=error)


def looked(services: Services, lab: Sampling, now: Drawn) -> Look | None:
    """The answer of the lab's column through its lens, where there is one."""
    sample, facts = now.at(lab.column).sample, now.at(lab.column).facts
    if sample is None or facts is None or lab.column >= lab.shown:
        return None
    key = key_of(now.messages, sample)
    return look(lab.column, sample, facts, lab.lens, services.full, key, lab.token)
