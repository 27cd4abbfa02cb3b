"""Everything a page has drawn, as plain data: answers with their tokens, repeats with their variety."""

from __future__ import annotations

from typing import Any

from playground.lab.state import LETTERS
from playground.sampling.drawing import Drawn, drawn
from playground.sampling.repeating import Kind, Repeated, repeated
from playground.sampling.state import Sampling
from playground.services import Services


def everything(services: Services, id: str) -> dict[str, Any] | None:
    """What the page of this id has; None where it has drawn nothing."""
    lab = Sampling(id=id)
    now = drawn(services, lab)
    kinds: tuple[Kind, ...] = ("many", "sweep")
    many = {kind: found for kind in kinds if (found := repeated(services, lab, kind)) is not None}
    if not now.anything and not many:
        return None
    return {
        "messages": [{"role": message.role, "content": message.content} for message in now.messages],
        "columns": [one for at in range(len(now.answers)) if (one := _column(now, at)) is not None],
        **{kind: _repeated(found) for kind, found in many.items()},
    }


def _column(now: Drawn, at: int) -> dict[str, Any] | None:
    sample, facts, fault = now.at(at).sample, now.at(at).facts, now.at(at).fault
    if fault is not None:
        return {"column": LETTERS[at], "samples": [], "error": {"message": fault.message, "fix": fault.fix}}
    if sample is None:
        return None
    told = facts and {
        "sampling": {name: value for name, (value, _) in facts.values.items()},
        "origin": {name: origin for name, (_, origin) in facts.values.items()},
        "ignored": dict(facts.ignored),
        "order": list(facts.order),
    }
    who = {"engine": sample.engine, "version": sample.version, "model": sample.model}
    return {"column": LETTERS[at], **who, **(told or {}), "samples": [sample.to_json()]}


def _repeated(found: Repeated) -> list[dict[str, Any]]:
    groups = []
    for at, group in enumerate(found.groups):
        variety = found.variety(at)
        groups.append(
            {
                "column": LETTERS[group.column],
                "temperature": group.temperature,
                "sampling": group.recipe.choice("sampling").params.model_dump(mode="json", exclude_none=True),
                "samples": [sample.to_json(candidates=False) for sample in found.samples(at)],
                "variety": variety.to_json() if variety else None,
            }
        )
    return groups
