"""What pressing something in the retrieval lab does to its state."""

from __future__ import annotations

from pipelines.errors import UsageError
from pipelines.evaluation.questions import Question, Quote
from pipelines.recipe import Recipe
from pipelines.retrieval import rank, read
from pipelines.retrieval.base import Hit
from playground.finding.column import Found, asked_in
from playground.finding.state import Finding, recipes, with_recipe
from playground.lab.measuring import marked_question, read_set
from playground.lab.state import LETTERS
from playground.services import Services
from playground.state import Session


def act(services: Services, session: Session, lab: Finding, what: str, target: str) -> Finding:
    """The lab after a person pressed something on the board.

    Raises:
        UsageError: what was pressed is not there any more.
    """
    match what:
        case "columns":
            return lab.to(shown=int(target))
        case "zoom":
            return lab.to(zoom=int(target))
        case "goto":
            return lab.to(picked=target)
        case "close":
            return lab.to(picked="")
        case "open":
            return lab.to(picked=hit_of(services, session, lab, target).id)
    return lab


def hit_of(services: Services, session: Session, lab: Finding, target: str) -> Hit:
    """The hit that ``B:2`` names: the second of column B.

    Raises:
        UsageError: it is not there any more.
    """
    letter, _, number = target.partition(":")
    made = recipes(session, lab)
    at = LETTERS.find(letter) if letter else -1
    if not (0 <= at < len(made) and number.isascii() and number.isdigit()):
        raise UsageError("That passage is not there any more.")
    hits = _hits(services, lab, made[at])
    if not 1 <= int(number) <= len(hits):
        raise UsageError("That passage is not there any more.", "Run the question again.")
    return hits[int(number) - 1]


def _hits(services: Services, lab: Finding, recipe: Recipe) -> tuple[Hit, ...]:
    """Found again on the lists that are kept."""
    context, _ = asked_in(services, lab, recipe)
    ranking = rank(lab.asked, recipe, context)
    return read(ranking, Found(recipe).params, context)


def answers(services: Services, session: Session, lab: Finding, question: str, target: str) -> Question:
    """Keep a whole hit as the answer to a question, in the lab's set. Raises UsageError."""
    hit = hit_of(services, session, lab, target)
    question = _asked(question)
    page = hit.page if services.library.document(hit.document).kind == "pdf" else None
    made = Question(question, hit.document, (Quote(hit.start, hit.end, hit.text),), page)
    services.questions.add(made, lab.into)
    return made


def mark(services: Services, session: Session, lab: Finding, question: str, target: str) -> Question:
    """Keep words selected on the open page (``start:end``) as the answer. Raises UsageError."""
    context, _ = asked_in(services, lab, recipes(session, lab)[0])
    payload = context.store.payloads([lab.picked]).get(lab.picked)
    if payload is None:
        raise UsageError("The passage is not in the index any more.", "Run the question again.")
    document = services.library.document(str(payload.get("document") or ""))
    made = marked_question(document, _asked(question), target)
    services.questions.add(made, lab.into)
    return made


def trace(services: Services, session: Session, lab: Finding, number: int) -> Finding:
    """The lab asking a measured question of the baseline and of the recipe looked at, as two columns.

    Raises:
        UsageError: the measurement is gone.
    """
    found = services.measurements.peek(lab.work("grid"))
    rows = (lab.grid.baseline, lab.grid.against)
    if found is None or not 0 <= number < len(found.each) or not all(0 <= at < len(found.recipes) for at in rows):
        raise UsageError("That measurement is not here any more.", "Press Measure again.")
    for column, at in enumerate(rows):
        lab = with_recipe(session, lab, column, found.recipes[at])
    return lab.to(asked=found.each[number].question, shown=2, documents=(), pages="", picked="")


def ask(services: Services, session: Session, lab: Finding, number: int) -> Finding:
    """The lab asking a question of the set on show, of the columns as they are. Raises UsageError: it is gone."""
    questions = read_set(services, lab.questions)
    if not 0 <= number < len(questions):
        raise UsageError("That question is not there any more.")
    return lab.to(asked=questions[number].question, documents=(), pages="", picked="")


def _asked(question: str) -> str:
    if not question.strip():
        raise UsageError("Which question does this answer?", "Type it above first.")
    return question.strip()
