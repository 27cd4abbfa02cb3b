"""Measuring columns on labelled questions: which sets there are, what is asked, marking an answer by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.evaluation.question_sets import MINE
from pipelines.evaluation.questions import Question, Quote, read_questions
from pipelines.evaluation.strategies import Row, answerable, compare
from pipelines.loading.document import Document
from pipelines.scratch import Work
from playground.lab.column import document_of
from playground.lab.state import Lab, recipes
from playground.measurements import Measurement
from playground.runs import labs
from playground.services import Services
from playground.state import Session

#: Name of the set that comes with the sample documents.
SAMPLES = "samples"


@dataclass(frozen=True)
class Chosen:
    """The questions of a set that can be asked here, and why others can't."""

    questions: tuple[Question, ...]
    documents: dict[str, Document]
    left_out: tuple[str, ...] = ()


def sets(services: Services) -> list[tuple[str, str]]:
    """(what a menu says, name) of every set."""
    named = [(f"{name} ({len(services.questions.read(name))})", name) for name in services.questions.names()]
    if any(one.document in _here(services) for one in _samples()):
        named.append((f"sample documents ({len(answerable(_samples()))})", SAMPLES))
    return named


def menu_of(services: Services, wanted: str) -> tuple[list[tuple[str, str]], str | None]:
    """The sets as a menu, and which of them it shows: the one wanted, else the first; None where there is none."""
    named = sets(services)
    known = [name for _, name in named]
    return named, wanted if wanted in known else next(iter(known), None)


def read_set(services: Services, name: str) -> list[Question]:
    """The questions of a set. Raises UsageError for an unknown one."""
    return list(_samples()) if name == SAMPLES else services.questions.read(name)


def choose(services: Services, questions: str, pasted: Document | None = None) -> Chosen:
    """What can be asked: questions with quotes, about documents that are here.

    Args:
        services: Where documents and sets are.
        questions: Name of the set.
        pasted: A text that is not in the library, but may be asked about.

    Raises:
        UsageError: none can.
    """
    every = read_set(services, questions)
    asked = answerable(every)
    names = {one.document for one in asked}
    documents = {name: services.library.document(name) for name in names & _here(services)}
    if pasted is not None and pasted.name in names:
        documents[pasted.name] = pasted
    kept = tuple(one for one in asked if one.document in documents)
    reasons = []
    if len(every) > len(asked):
        reasons.append(f"{len(every) - len(asked)} that the documents do not answer")
    missing = Counter(one.document for one in asked if one.document not in documents)
    reasons += [f"{count} about {name}, which is not here" for name, count in missing.items()]
    if not kept:
        why = "; ".join(reasons) or "it is empty"
        raise UsageError(f"No question of this set can be asked: {why}.", "Add the documents it is about.")
    return Chosen(kept, documents, tuple(reasons))


def measure(services: Services, session: Session, lab: Lab) -> None:
    """Start measuring the shown columns. Raises UsageError where nothing can be asked."""
    pasted = document_of(services, lab) if not lab.document and lab.pasted.strip() else None
    chosen, compared = choose(services, lab.questions, pasted), recipes(session, lab)
    first = Measurement(
        questions=lab.questions,
        asked=len(chosen.questions),
        recipes=compared,
        budget=lab.budget,
        left_out=chosen.left_out,
        each=chosen.questions,
    )

    def source(work: Work) -> Iterator[Row]:
        scratch = services.library.scratch
        rows = compare(chosen.questions, chosen.documents, compared, scratch, budget=lab.budget, work=work)
        yield from labs.measured(services, labs.CHUNKING, lab.questions, compared, len(chosen.questions), rows)

    services.measurements.start(lab.id, first, source)


def mark(services: Services, lab: Lab, question: str, target: str) -> Question:
    """Keep a selection on the page as the answer to a question.

    Args:
        services: Where it is kept.
        lab: Which document is on show.
        question: What it answers.
        target: ``start:end``, offsets into the document's text.

    Raises:
        UsageError: there is no question, or nothing was selected.
    """
    question = question.strip()
    if not question:
        raise UsageError("Which question does this answer?", "Type it into “A question”, then select the answer again.")
    made = marked_question(document_of(services, lab), question, target)
    services.questions.add(made)
    return made


def marked_question(document: Document, question: str, target: str) -> Question:
    """A question answered by a range of a document, without the white space around it.

    Raises:
        UsageError: nothing was selected.
    """
    first, _, last = target.partition(":")
    start, end = max(0, int(first)), min(int(last), len(document.text))
    text = document.text[start:end]
    start, end = start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
    if start >= end:
        raise UsageError("Nothing was selected.", "Select the words that answer the question.")
    page = document.page_at(start).number if document.kind == "pdf" else None
    return Question(question, document.name, (Quote(start, end, document.text[start:end]),), page)


def take_file(services: Services, path: str, called: str) -> str:
    """Keep an uploaded file of questions as a set; returns its name."""
    return services.questions.import_file(Path(path), called)


def forget(services: Services, place: int) -> None:
    """Take a marked question out again."""
    services.questions.remove(place, MINE)


def _here(services: Services) -> set[str]:
    return {document.document for document in services.library.documents()}


@cache
def _samples() -> tuple[Question, ...]:
    from sample_docs import folder

    return tuple(read_questions(folder() / "questions.yaml"))
