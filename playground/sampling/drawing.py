"""Every column's answer, drawn in the background, so that a reload finds it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any
from uuid import uuid4

from pipelines.engines.base import Message
from pipelines.engines.sampling import sampling_of
from pipelines.errors import Cancelled, PlaygroundError, UsageError
from pipelines.recipe import Recipe
from pipelines.runs.run import Ended
from pipelines.samples import Sample, draw
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.runs import labs, outcomes
from playground.sampling.facts import Facts, at_hand, facts_of
from playground.sampling.state import Sampling, recipes
from playground.services import Services
from playground.state import Session

#: Candidates asked for at each token: the most that Ollama gives.
CANDIDATES = 20


@dataclass(frozen=True)
class Answer:
    """What one column said, or why it said nothing."""

    recipe: Recipe | None = None  # it was drawn with
    sample: Sample | None = None  # None: its turn has not come, or it could not begin
    facts: Facts | None = None  # what the server makes of the knobs
    fault: PlaygroundError | None = None  # why it could not begin

    def broken_off(self, error: PlaygroundError) -> Answer:
        """The answer when the whole run broke: where it had not ended, that is why."""
        if self.sample is None:
            return replace(self, fault=self.fault or error)
        if self.sample.state in ("waiting", "running"):
            return replace(self, sample=replace(self.sample, state="failed", error=error))
        return self


@dataclass(frozen=True, kw_only=True)
class Drawn(Growing[int]):
    """The columns as they come to be; a row is a column that is done."""

    messages: tuple[Message, ...] = ()
    answers: tuple[Answer, ...] = ()
    together: bool = False

    def at(self, column: int) -> Answer:
        """What a column has; an empty answer where it has nothing."""
        answer = self.answers[column] if 0 <= column < len(self.answers) else Answer()
        return answer if self.error is None else answer.broken_off(self.error)

    @property
    def anything(self) -> bool:
        """Whether a column said anything, or told why not."""
        return self.error is not None or any(one.sample or one.fault for one in self.answers)


def drawn(services: Services, lab: Sampling) -> Drawn:
    """What this page has drawn; nothing yet is an empty one."""
    found = services.measurements.peek(lab.work("draw"))
    return found if isinstance(found, Drawn) else Drawn(state="done")


def start(services: Services, session: Session, lab: Sampling, only: Sequence[int] = ()) -> None:
    """Draw the columns in the background; a run under way is stopped first.

    Args:
        only: Columns to draw anew; none: all. The others keep the answer they have.

    Raises:
        UsageError: there is no prompt, or no such column.
    """
    if not lab.prompt.strip():
        raise UsageError("There is nothing to say to the model.", "Write a prompt first.")
    name, made = lab.work("draw"), recipes(session, lab)
    if not set(only) <= set(range(len(made))):
        raise UsageError("That column is not there any more.")
    services.measurements.stop(lab.work("exact"))  # it holds the built-in model, for an answer of before
    services.measurements.halt(name)
    before = drawn(services, lab)
    same = tuple(lab.messages) == before.messages
    wanted = tuple(only if only and same else range(len(made)))
    answers = tuple(before.at(at) if same and at not in wanted else Answer(one) for at, one in enumerate(made))
    first = Drawn(messages=tuple(lab.messages), answers=answers, together=lab.together)
    services.measurements.start(name, first, lambda work: _run(services, name, first, wanted, work))


def _run(services: Services, name: str, first: Drawn, wanted: Sequence[int], work: Work) -> Iterator[int]:
    """Columns as they end: one after the other, or each in a thread of its own."""

    batch = uuid4().hex[:12]

    def one(at: int) -> None:
        recipe, recorder = first.at(at).recipe, services.recorder
        assert recipe is not None
        begun, started = labs.sampled(recipe, first.messages, first.messages[-1].content, batch), monotonic()
        try:
            with recorder.together([begun]) as (run,):
                for sample in _samples(services, name, at, first, work):
                    services.measurements.change(name, partial(_with, at, sample=sample))
                recorder.end(run, _ended(services.measurements.peek(name).at(at), monotonic() - started))
        except PlaygroundError as error:
            services.measurements.change(name, partial(_with, at, fault=error))

    if not first.together:
        for at in wanted:
            one(at)
            yield at
            if work.cancel is not None and work.cancel.is_set():
                raise Cancelled
        return
    ended: SimpleQueue[tuple[int, Exception | None]] = SimpleQueue()

    def aside(at: int) -> None:
        broken: Exception | None = None
        try:
            one(at)
        except Exception as error:  # handed over, below
            broken = error
        ended.put((at, broken))

    for at in wanted:
        Thread(target=aside, args=(at,), name="drawing", daemon=True).start()
    for _ in wanted:
        at, broken = ended.get()
        if broken is not None:
            raise broken
        yield at
    if work.cancel is not None and work.cancel.is_set():
        raise Cancelled


def _samples(services: Services, name: str, at: int, first: Drawn, work: Work) -> Iterator[Sample]:
    """One column's answer as it grows; what the server makes of its knobs is told first.

    Raises:
        EngineError: it cannot begin.
    """
    recipe = first.at(at).recipe
    assert recipe is not None
    engine, model = at_hand(services, recipe)
    facts = facts_of(engine, model, recipe)
    services.measurements.change(name, partial(_with, at, facts=facts))
    params = sampling_of(recipe.choice("sampling"))
    yield from draw(engine, model, first.messages, params, top_logprobs=CANDIDATES, cancel=work.cancel)


def _ended(answer: Answer, seconds: float) -> Ended:
    stopped = answer.sample is not None and answer.sample.state == "stopped"
    return outcomes.of_samples(labs.column_json(answer), seconds, "stopped" if stopped else "done")


def _with(at: int, now: Drawn, **changes: Any) -> Drawn:
    """What is drawn, with something new of one column."""
    answer = replace(now.at(at), **changes)
    return replace(now, answers=(*now.answers[:at], answer, *now.answers[at + 1 :]))
