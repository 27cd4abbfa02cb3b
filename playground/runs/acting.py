"""What pressing something in the tab of runs does."""

from __future__ import annotations

from pipelines.errors import UsageError
from playground.runs import again
from playground.runs.state import PAGE, Looking
from playground.services import Services


def act(services: Services, now: Looking, what: str, target: str, value: str = "") -> Looking:
    """The tab after a person pressed something.

    Raises:
        UsageError: what was pressed is not there any more, or a run cannot be made again.
    """
    runs = services.runs
    match what:
        case "kind":
            return now.with_kind(target)
        case "starred":
            return now.to(starred=not now.starred, first=0)
        case "clear":
            return now.to(text="", kinds=(), model="", document="", starred=False, first=0)
        case "older" | "newer":
            return now.to(first=max(0, now.first + (PAGE if what == "older" else -PAGE)))
        case "open":
            return now.to(run=runs.get(target).id, opened="run", asking="")
        case "close":
            return now.to(opened="", asking="")
        case "mark":
            return now.with_mark(target)
        case "unmark":
            return now.to(marked=(), opened="" if now.opened == "pair" else now.opened)
        case "compare":
            return now.to(opened="pair")
        case "both":
            return now.to(marked=tuple(target.split(":")), opened="pair")
        case "swap":
            return now.to(marked=now.marked[::-1])
        case "star":
            runs.change(target, starred=not runs.get(target).starred)
        case "name":
            runs.change(target, name=value)
        case "note":
            runs.change(target, note=value)
        case "delete":
            return now.to(asking=target)
        case "keep":
            return now.to(asking="")
        case "forget":
            return _forgotten(services, now, target)
        case "again":
            again.start(services, now.again, runs.get(target), runs.details(target))
    return now


def _forgotten(services: Services, now: Looking, run: str) -> Looking:
    if run != now.asking:
        raise UsageError("That run was not about to be deleted.")
    services.runs.delete([run])
    marked = tuple(one for one in now.marked if one != run)
    opened = "" if now.run == run or (len(marked) < 2 and now.opened == "pair") else now.opened
    return now.to(asking="", marked=marked, opened=opened)
