"""How far background work is, how long it will take, how it ended if not well."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from playground.measurements import Growing
from playground.views.html import bar, el
from playground.views.words import seconds


def growth(found: Growing[Any], total: int, noun: str) -> Markup | None:
    """Nothing once it is done.

    Args:
        total: Of what it goes through.
        noun: What that is called.
    """
    match found.state:
        case "running":
            step = found.progress
            at = step.done if step is not None and step.stage == "asking" else 0
            left = f", about {seconds(found.seconds_left(total - at, at))} left" if at else ""
            words = f"{noun.capitalize()} {min(at + 1, total)} of {total}{left}"
            if step is not None and step.stage != "asking":
                words = f"{step.document}: {step.stage}, {step.done:,} of {step.total:,}"
            return el("div", el("p", words), bar(at / total if total else None, words), class_="status busy")
        case "stopped":
            return el("p", f"Stopped: what was done is kept ({len(found.rows)}).", class_="warning")
    return failed(found)


def failed(found: Growing[Any]) -> Markup | None:
    """Why work ended, where it failed."""
    if found.state != "failed":
        return None
    error = found.error
    title = el("h4", el("i", "!", aria_hidden="true"), error.message if error else "It failed.")
    return el("div", title, el("p", error.fix if error else ""), class_="fault", role="alert")
