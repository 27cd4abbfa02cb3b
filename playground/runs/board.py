"""What the tab of runs shows: a run, two compared, or neither, and below it the table."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from pipelines.errors import UsageError
from pipelines.runs.comparing import compare
from playground.runs import again
from playground.runs.again import Again
from playground.runs.state import PAGE, Looking
from playground.services import Services
from playground.views import run as run_view
from playground.views import run_pair, run_tools
from playground.views import runs as views
from playground.views.runs import Listed


@dataclass(frozen=True)
class Board:
    """The panels, as markup."""

    filters: str
    table: str
    below: str

    def markup(self) -> list[str]:
        """In the order of the components."""
        return [self.filters, self.table, self.below]


def draw(services: Services, now: Looking) -> Board:
    """The tab as it is."""
    return Board(str(views.filters(now)), str(_table(services, now)), str(below(services, now)))


def _table(services: Services, now: Looking) -> Markup:
    runs = services.runs
    found, every = runs.find(now.filter, PAGE, now.first), runs.count()
    return views.table(now, Listed(found, runs.count(now.filter) if now.filtered else every, every))


def below(services: Services, now: Looking) -> Markup | str:
    """The run that is open, or the two that are compared; what is gone is not shown."""
    try:
        if now.opened == "run":
            run = services.runs.get(now.run)
            tools = run_tools.run_tools(run, now.asking == run.id)
            return run_view.opened(run, services.runs.details(run.id), tools, _again(services, now))
        if now.opened == "pair" and len(now.marked) == 2:
            left, right = (services.runs.get(one) for one in now.marked)
            found = compare(*((run, services.runs.details(run.id)) for run in (left, right)))
            return run_pair.pair(left, right, found, run_tools.pair_tools(left, right))
    except UsageError as error:
        return views.progress("gone", said=str(error))
    return ""


def _again(services: Services, now: Looking) -> Markup | str:
    """How the run fares that this page makes again, where it is the one that is open."""
    work = services.measurements.peek(now.again)
    if not isinstance(work, Again) or work.of != now.run:
        return ""
    if work.state == "running":
        return views.progress("running", said=work.progress.stage if work.progress else "")
    if work.state != "done":
        return views.progress(work.state, said=str(work.error) if work.error else "It was stopped.")
    new = work.rows[0]
    if not new:
        return views.progress("done", said="It was made again, but could not be kept.")
    try:
        found = again.reproduced(services, work.of, new)
    except UsageError:
        return ""
    return views.made_again(found.same, found.said, work.of, new)
