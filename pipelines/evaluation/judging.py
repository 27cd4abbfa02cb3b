"""Answers judged on labelled questions: what a language model thinks of them, and what can be told without one.

::

    answered                                   1 where there is an answer at all (a refusal is one)
    refusal                                    1 where it refuses what has no answer, and nothing else
    quotes exact, quotes close, quotes none    share of an answer's citations whose words stand there
    faithfulness, relevancy                    0 or 1, by the judge: of answers that are no refusal
    correctness                                1 to 5, by the judge: where the question has a reference answer
    seconds                                    from the question to the end of the answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event as CancelFlag
from time import perf_counter

from pipelines.engines.writing import Writer
from pipelines.errors import Cancelled, PlaygroundError
from pipelines.evaluation.bootstrap import Interval, interval
from pipelines.evaluation.grading import GRADES, Grade, Judge
from pipelines.evaluation.questions import Question
from pipelines.events import Answered, AskEvent, Failed, Retrieved

#: The names of everything measured, in the order of a report.
METRICS = ("answered", "refusal", *GRADES, "quotes exact", "quotes close", "quotes none", "seconds")

#: Asks a question, as :meth:`pipelines.library.Library.ask` does.
Ask = Callable[[str], Iterator[AskEvent]]

#: Called with how many questions are done, and of how many.
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Graded:
    """One question's answer and its grades. What failed has no grade and a reason, under the same name."""

    question: Question
    answer: str = ""
    style: str = ""  # "generated", "quotes"
    engine: str = ""  # that answered
    model: str = ""
    judge: str = ""  # "qwen3:4b (ollama)"; "" without one
    grades: Mapping[str, float] = field(default_factory=dict)  # by the names of METRICS
    said: Mapping[str, str] = field(default_factory=dict)  # the judge's words
    reasons: Mapping[str, str] = field(default_factory=dict)  # why a grade is missing
    failed: str = ""  # why there is no answer
    notes: tuple[str, ...] = ()  # what makes the grades doubtful


def judge(
    questions: Sequence[Question],
    ask: Ask,
    writer: Writer | None = None,
    on_progress: OnProgress | None = None,
    cancel: CancelFlag | None = None,
) -> Iterator[Graded]:
    """Ask every question and grade what comes back.

    Args:
        questions: Those without an answer too: they show whether it refuses.
        ask: Asks one; may fail, by a Failed event or by raising.
        writer: The judge; None: only what needs none is measured.
        on_progress: Called after each question.
        cancel: Stops between two steps when set; the writer has its own.

    Returns:
        A row a question, as soon as it is graded.

    Raises:
        Cancelled. Nothing else: whatever fails is told in its row.
    """
    grader = Judge(writer) if writer else None
    doubts = _doubts(writer) if writer else ()
    for done, question in enumerate(questions, 1):
        _check(cancel)
        row, passages = _answered(question, ask)
        _check(cancel)
        row = replace(row, judge=grader.by if grader else "")
        if grader is not None and not row.failed:
            row = replace(_graded(row, passages, grader, cancel), notes=(*doubts, *_own(row)))
        yield row
        if on_progress is not None:
            on_progress(done, len(questions))


def summary(rows: Sequence[Graded]) -> dict[str, Interval]:
    """The mean of every metric, with its interval, over the rows that have it; in the order of METRICS."""
    values = {name: [row.grades[name] for row in rows if name in row.grades] for name in METRICS}
    return {name: interval(found) for name, found in values.items() if found}


def warnings(rows: Sequence[Graded]) -> list[str]:
    """What a person should know before trusting the grades, each once."""
    return list(dict.fromkeys(note for row in rows for note in row.notes))


def _answered(question: Question, ask: Ask) -> tuple[Graded, tuple[str, ...]]:
    """The answer with what can be told of it alone, and the passages it was made from."""
    passages: list[str] = []
    answer: Answered | None = None
    failed = "The answer never ended."
    started = perf_counter()
    try:
        for event in ask(question.question):
            if isinstance(event, Retrieved):
                passages = [hit.text for hit in event.hits]
            elif isinstance(event, Answered):
                answer = event
            elif isinstance(event, Failed):
                failed = str(event.error)
    except Cancelled:
        raise
    except Exception as error:  # one question's failure must not end the others
        answer, failed = None, str(error) if isinstance(error, PlaygroundError) else repr(error)
    if answer is None:
        return Graded(question, failed=failed, grades={"answered": 0.0}), ()
    if answer.finish == "cancelled":
        raise Cancelled
    grades = {
        "answered": 1.0,
        "refusal": float(answer.answerable == question.answerable),
        "seconds": perf_counter() - started,
        **_quotes(answer),
    }
    left_out = answer.meter.left_out if answer.meter else ()
    read = tuple(text for n, text in enumerate(passages, 1) if f"passage {n}" not in left_out)
    row = Graded(question, answer.text, answer.style, answer.engine, answer.model, grades=grades)
    return (row if answer.answerable else replace(row, reasons=_REFUSED)), read


#: Nothing to hold against passages.
_REFUSED = dict.fromkeys(("faithfulness", "relevancy"), "The answer says that the documents do not say.")


def _quotes(answer: Answered) -> dict[str, float]:
    """Shares of the citations by what the quote check found; nothing where nothing is cited."""
    checks = [one.check for one in answer.citations]
    return {f"quotes {name}": checks.count(name) / len(checks) for name in ("exact", "close", "none") if checks}


def _graded(row: Graded, passages: Sequence[str], grader: Judge, cancel: CancelFlag | None) -> Graded:
    asked, answer, reference = row.question.question, row.answer, row.question.answer.strip()
    steps: dict[str, Callable[[], Grade]] = {}
    if not row.reasons:
        steps["faithfulness"] = lambda: grader.faithfulness(asked, answer, passages)
        steps["relevancy"] = lambda: grader.relevancy(asked, answer, passages)
    if reference and row.question.answerable:
        steps["correctness"] = lambda: grader.correctness(asked, answer, reference)
    grades, said, reasons = dict(row.grades), dict(row.said), dict(row.reasons)
    if "correctness" not in steps:
        reasons["correctness"] = "The question has no reference answer."
    for name, step in steps.items():
        _check(cancel)
        found = step()
        if found.value is None:
            reasons[name] = found.said
        else:
            grades[name], said[name] = found.value, found.said
    return replace(row, grades=grades, said=said, reasons=reasons)


def _doubts(writer: Writer) -> tuple[str, ...]:
    try:
        capable = writer.capable
    except PlaygroundError as error:
        return (str(error),)
    return () if capable else (f"The judge {writer.by} is a tiny model: its grades mean little.",)


def _own(row: Graded) -> tuple[str, ...]:
    own = row.style == "generated" and row.judge == f"{row.model} ({row.engine})"
    return ("The judge graded answers of its own; models are fond of those.",) if own else ()


def _check(cancel: CancelFlag | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled
