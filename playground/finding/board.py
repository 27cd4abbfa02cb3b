"""The retrieval lab's board: one question, every column, the trace of ranks, and the page of a passage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event as CancelFlag

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.events import IndexProgress
from pipelines.recipe import Recipe
from pipelines.retrieval.candidates import RetrievalContext
from playground.background import patiently
from playground.finding import column, trace
from playground.finding.column import Found
from playground.finding.passage import passage
from playground.finding.state import SECTIONS, Finding, recipes
from playground.finding.trace import Lane, Traced
from playground.lab.differences import differences
from playground.lab.state import LETTERS
from playground.runs import labs
from playground.services import Services
from playground.state import Session
from playground.views import columns, found
from playground.views import finding as views
from playground.views import trace as trace_view


@dataclass(frozen=True)
class Board:
    """Everything the tab shows below its controls; None is what stays as it was."""

    lab: Finding
    strip: str
    columns: tuple[Found, ...]
    context: RetrievalContext | None = None
    whole: bool = False  # whether all columns are done
    passage: str | None = None

    def markup(self) -> list[str | None]:
        """In the order of the components: strip, toolbar, four heads, four bodies, trace, passage."""
        toolbar = str(views.toolbar(self.lab))
        if not self.lab.asked.strip():
            words = [str(views.empty()), *[""] * (len(LETTERS) - 1)]
            return [self.strip, toolbar, *self._heads(), *words, "", ""]
        lanes, traced = self._traced()
        bodies: list[str | None] = [None] * len(LETTERS)
        for at, one in enumerate(self.columns):
            lane = trace_view.lane(LETTERS[at], lanes[at], traced) if lanes else None
            bodies[at] = str(found.body(LETTERS[at], one, self.lab.picked, self.lab.asked, lane))
        compared = str(trace_view.panel(self.columns, lanes, traced)) if traced else None
        return [self.strip, toolbar, *self._heads(), *bodies, compared, self.passage]

    def _heads(self) -> list[str | None]:
        heads: list[str | None] = [None] * len(LETTERS)
        for at, one in enumerate(self.columns):
            heads[at] = str(found.head(LETTERS[at], one))
        return heads

    def _traced(self) -> tuple[tuple[Lane, ...], dict[str, Traced]]:
        """The traces, once all columns are done, and the passages they are of."""
        if not self.whole or self.context is None:
            return (), {}
        lanes = trace.trace(self.columns)
        ids = [line.id for line in next((lane.lines for lane in lanes if lane.lines), ())]
        payloads = dict(self.context.store.payloads(ids))
        for one in self.columns:
            payloads |= one.ranking.payloads if one.ranking else {}
        return lanes, trace.traced(ids, payloads)


def draw(services: Services, session: Session, lab: Finding, flag: CancelFlag) -> Iterator[Board]:
    """The board as it comes to be; ends early when a newer wish of the same page begins."""
    made = recipes(session, lab)
    now = start = Board(lab, str(columns.strip(differences(made, SECTIONS))), tuple(Found(recipe) for recipe in made))
    if not lab.asked.strip():
        yield now
        return
    try:
        for now in _columns(services, lab, start, made, flag):
            if not flag.is_set():
                yield now
        yield replace(now, passage=_passage(services, lab, now))
    except Cancelled:
        if services.tasks.holds(lab.id, flag):
            stopped = tuple(replace(one, stopped=one.ranking is None) for one in now.columns)
            yield replace(now, columns=stopped, whole=True)
    except PlaygroundError as error:
        yield replace(now, columns=tuple(replace(one, error=error) for one in now.columns))
    finally:
        services.tasks.end(lab.id, flag)


def _columns(services: Services, lab: Finding, now: Board, made: Sequence[Recipe], flag: CancelFlag) -> Iterator[Board]:
    """Each column in turn, then their answers."""

    def prepare(report: Callable[[IndexProgress], None]) -> None:
        services.library.prepare(made[0], on_progress=report, cancel=flag)

    for step in patiently(prepare, flag):
        yield replace(now, columns=tuple(replace(one, progress=step) for one in now.columns))
    context, fetched = column.asked_in(services, lab, made[0])
    now = replace(now, context=context)
    for at, recipe in enumerate(made):
        if at and column.takes_long(recipe):
            yield now
        for one in column.search(recipe, lab, context, fetched, flag):
            now = _with(now, at, one)
            if one.ranking is None and one.error is None:
                yield now
    now = replace(now, whole=True)
    yield now
    for at, one in enumerate(now.columns if lab.answer else ()):
        if one.hits:
            for grown in column.answered(services, lab, one, flag):
                now = _with(now, at, grown)
                yield now
    labs.settled_searches(services, lab, now.columns)


def _with(now: Board, at: int, one: Found) -> Board:
    return replace(now, columns=(*now.columns[:at], one, *now.columns[at + 1 :]))


def _passage(services: Services, lab: Finding, now: Board) -> str:
    """The page of the passage a person picked; "" without one."""
    if not lab.picked or now.context is None:
        return ""
    payload = now.context.store.payloads([lab.picked]).get(lab.picked)
    if payload is None:
        return str(views.gone())
    try:
        return str(passage(services, lab, payload))
    except PlaygroundError as error:
        return str(columns.broken("A", error.message, error.fix))
