"""A run put back into the chat, or into the lab that makes its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.errors import UsageError
from pipelines.reading.degrade import Degradation
from pipelines.recipe import Recipe
from pipelines.runs.run import Details, Kind, Run
from playground.finding.state import Finding, with_recipe
from playground.lab import state as cutting
from playground.lab.state import Lab
from playground.reading import state as readings
from playground.reading.state import Reading
from playground.sampling import state as samplings
from playground.sampling.state import Sampling
from playground.services import Services
from playground.state import Kept, Session

#: Kind -> (the tab, what it is called).
LABS: Mapping[Kind, tuple[str, str]] = {
    "ask": ("retrieval", "the retrieval lab"),
    "search": ("retrieval", "the retrieval lab"),
    "evaluate": ("retrieval", "the retrieval lab"),
    "chunk": ("chunking", "the chunking lab"),
    "sample": ("sampling", "the sampling lab"),
    "read": ("reading", "the reading lab"),
}

#: Tab -> the state of its lab, in the order of the tabs.
STATES: Mapping[str, type[Kept]] = {
    "chunking": Lab,
    "retrieval": Finding,
    "sampling": Sampling,
    "reading": Reading,
}


def recipe_of_run(run: Run) -> Recipe:
    """Its recipe. Raises UsageError: this app lacks a part of it."""
    recipe = run.known_recipe
    if recipe is None:
        raise UsageError("This run's recipe names parts that this app does not have.", "Install what it lacks.")
    return recipe


def in_chat(session: Session, run: Run) -> Session:
    """The session with the run's recipe."""
    return session.to(recipe=recipe_of_run(run).to_json())


def in_lab(
    services: Services, session: Session, run: Run, details: Details, labs: Mapping[str, Any]
) -> tuple[str, Kept]:
    """Put a run into column A of its lab, with its question, document, prompt or page.

    Args:
        services: Who knows the labs.
        session: Of the page.
        run: What is loaded.
        details: Its inputs.
        labs: Tab -> what the page keeps of its lab, which is nothing before the tab was first opened.

    Returns:
        The lab's tab, and its state, which the page is to keep.

    Raises:
        UsageError: this app lacks a part of its recipe, or no lab makes its kind.
    """
    recipe, inputs = recipe_of_run(run), details.inputs
    if run.kind not in LABS:
        raise UsageError("No lab makes such runs.", "Use its recipe in the chat.")
    tab, _ = LABS[run.kind]
    lab = services.labs.now(STATES[tab], labs[tab])
    match lab:
        case Lab():
            lab = _cut(session, lab, run, recipe, inputs)
        case Finding():
            lab = _found(session, lab, run, recipe, inputs)
        case Sampling():
            lab = _sampled(session, lab, run, recipe, inputs)
        case Reading():
            lab = _read(session, lab, recipe, inputs)
    return tab, services.labs.keep(lab)


def _cut(session: Session, lab: Lab, run: Run, recipe: Recipe, inputs: Mapping[str, Any]) -> Lab:
    lab = cutting.with_column(session, lab, 0, recipe.choice("chunker"))
    if inputs.get("document"):
        return lab.to(document=str(inputs["document"]), sheet=1)
    return lab.to(document="", pasted=str(inputs["text"])) if inputs.get("text") else lab


def _found(session: Session, lab: Finding, run: Run, recipe: Recipe, inputs: Mapping[str, Any]) -> Finding:
    lab = with_recipe(session, lab, 0, recipe)
    if run.kind == "evaluate":
        return lab.to(questions=str(inputs["set"])) if inputs.get("set") else lab
    pages = ", ".join(map(str, inputs.get("pages") or ()))
    return lab.to(asked=run.question, documents=tuple(inputs.get("documents") or ()), pages=pages, picked="")


def _sampled(session: Session, lab: Sampling, run: Run, recipe: Recipe, inputs: Mapping[str, Any]) -> Sampling:
    for section in samplings.SECTIONS:
        lab = samplings.with_column(session, lab, 0, recipe.choice(section), section)
    messages = inputs.get("messages") or [["user", run.question]]
    system = messages[0][1] if messages[0][0] == "system" else ""
    turns = tuple((role, text) for role, text in messages[:-1] if role != "system")
    return lab.to(system=system, before=turns, prompt=messages[-1][1])


def _read(session: Session, lab: Reading, recipe: Recipe, inputs: Mapping[str, Any]) -> Reading:
    lab = readings.with_column(session, lab, 0, recipe.choice("reader"))
    if not inputs.get("document"):
        return lab
    number = int(inputs.get("page") or next(iter(inputs.get("pages") or ()), 1))
    page = readings.Page(document=str(inputs["document"]), number=number)
    return lab.to(page=page, degrade=Degradation.parse(str(inputs.get("degrade") or "none")))
