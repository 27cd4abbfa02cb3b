"""Each setting drawn many times in the background: the columns, or one column over a sweep of temperatures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Literal
from uuid import uuid4

import numpy as np

from pipelines.embedding.pieces import embed_whole
from pipelines.engines.sampling import sampling_of
from pipelines.errors import Cancelled, UsageError
from pipelines.evaluation.variety import SameSeed, Variety, same_seed, variety_of
from pipelines.events import IndexProgress
from pipelines.recipe import Recipe
from pipelines.samples import Sample, draw, seeds
from pipelines.scratch import Work
from playground.lab.state import LETTERS
from playground.measurements import Growing
from playground.runs import labs
from playground.sampling.facts import at_hand
from playground.sampling.state import Sampling, recipes
from playground.services import Services
from playground.state import Session
from playground.typed import listed

Kind = Literal["many", "sweep"]

#: Most temperatures of a sweep.
MOST = 12


@dataclass(frozen=True)
class Group:
    """One setting, drawn several times."""

    column: int
    recipe: Recipe
    temperature: float | None = None  # of a sweep


@dataclass(frozen=True)
class Draw:
    """One text of a group."""

    group: int
    sample: Sample
    vector: tuple[float, ...]  # of its text
    again: bool = False  # the first seed once more, to see whether it gives the same text


@dataclass(frozen=True, kw_only=True)
class Repeated(Growing[Draw]):
    """The texts as they come."""

    kind: Kind
    prompt: str
    groups: tuple[Group, ...]
    seeds: tuple[int, ...]

    @property
    def total(self) -> int:
        """Texts to be drawn, the repeated seed of each group included."""
        return len(self.groups) * (len(self.seeds) + 1)

    def samples(self, group: int) -> list[Sample]:
        """A group's texts, without the repeated one."""
        return [row.sample for row in self.rows if row.group == group and not row.again]

    def variety(self, group: int) -> Variety | None:
        """How much a group's texts vary; None before the first."""
        mine = [row for row in self.rows if row.group == group and not row.again]
        if not mine:
            return None
        vectors = [row.vector for row in mine if row.sample.state == "done"]
        return variety_of([row.sample for row in mine], np.asarray(vectors) if vectors else None)

    def same_seed(self, group: int) -> SameSeed | None:
        """Whether the first seed gave the same text again; None where it was not drawn twice."""
        done = [row.sample for row in self.rows if row.group == group and row.sample.state == "done"]
        return same_seed((sample.params.seed, sample.text) for sample in done)


def start(services: Services, session: Session, lab: Sampling, kind: Kind) -> None:
    """Draw in the background.

    Raises:
        UsageError: no prompt, seeds or temperatures that cannot be read, or draws are still under way.
    """
    if not lab.prompt.strip():
        raise UsageError("There is nothing to say to the model.", "Write a prompt under “One answer” first.")
    groups = _groups(session, lab, kind)
    drawn = seeds(lab.many.repeat, numbers(lab.many.seeds, "seed"))
    first = Repeated(kind=kind, prompt=lab.prompt, groups=groups, seeds=drawn)

    def source(work: Work) -> Iterator[Draw]:
        yield from _draws(services, lab, first, work)

    services.measurements.start(lab.work(kind), first, source)


def _groups(session: Session, lab: Sampling, kind: Kind) -> tuple[Group, ...]:
    made = recipes(session, lab)
    if kind == "many":
        return tuple(Group(at, recipe) for at, recipe in enumerate(made))
    at = min(lab.many.swept, len(made) - 1)
    values = [_temperature(word) for word in listed(lab.many.temperatures)]
    if not 2 <= len(set(values)) <= MOST:
        raise UsageError(f"A sweep takes 2 to {MOST} temperatures.", "Write them like this: 0, 0.5, 1, 1.5.")
    return tuple(Group(at, made[at].with_("sampling", temperature=value), value) for value in sorted(set(values)))


def _temperature(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise UsageError(f"{word!r} is no temperature.", "Write numbers from 0 to 2.") from None
    if not 0 <= value <= 2:
        raise UsageError(f"A temperature of {value:g} is out of reach.", "Write numbers from 0 to 2.")
    return value


def numbers(text: str, noun: str) -> list[int]:
    """Whole numbers below 2^31, separated by commas or spaces. Raises UsageError: one is none."""
    words = listed(text)
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= 10 and int(word) < 2**31):
            raise UsageError(f"{word!r} is no {noun}.", f"Write whole numbers up to {2**31 - 1}, like this: 1, 2, 3.")
    return [int(word) for word in words]


def _draws(services: Services, lab: Sampling, first: Repeated, work: Work) -> Iterator[Draw]:
    """Every group's seeds in turn, then its first seed once more."""
    embedder = services.library.scratch.embedder(first.groups[0].recipe)
    done = 0
    batch, recorder = uuid4().hex[:12], services.recorder
    for number, group in enumerate(first.groups):
        drawn: list[Sample] = []
        begun, started = labs.sampled(group.recipe, lab.messages, lab.prompt, batch), monotonic()
        with recorder.together([begun]) as (run,):
            for nth, seed in enumerate([*first.seeds, first.seeds[0]]):
                if work.on_progress is not None:
                    work.on_progress(IndexProgress(label(group), "asking", done, first.total))
                drawn.append(_one(services, lab, group.recipe, seed, work))
                vector = embed_whole([drawn[-1].text], embedder)[0]
                yield Draw(number, drawn[-1], tuple(float(value) for value in vector), again=nth == len(first.seeds))
                done += 1
            recorder.end(run, labs.repeated(drawn[:-1], monotonic() - started))


def _one(services: Services, lab: Sampling, recipe: Recipe, seed: int, work: Work) -> Sample:
    """One text. Raises Cancelled, EngineError: nothing more is to be had from this model."""
    engine, model = at_hand(services, recipe)
    seeded = sampling_of(recipe.choice("sampling")).model_copy(update={"seed": seed})
    *_, last = draw(engine, model, lab.messages, seeded, top_logprobs=0, cancel=work.cancel)
    if last.state == "stopped":
        raise Cancelled
    if last.error is not None:
        raise last.error
    return replace(last, tokens=())  # only the text is compared


def label(group: Group) -> str:
    """A group in a few words."""
    letter = LETTERS[group.column]
    return letter if group.temperature is None else f"{letter} at temperature {group.temperature:g}"


def repeated(services: Services, lab: Sampling, kind: Kind) -> Repeated | None:
    """What this page has drawn many times, if it has."""
    found = services.measurements.peek(lab.work(kind))
    return found if isinstance(found, Repeated) else None


def distinct(samples: Sequence[Sample]) -> list[tuple[str, list[int]]]:
    """Each different text with the seeds that gave it, the commonest first."""
    by_text: dict[str, list[int]] = {}
    for sample in samples:
        if sample.state == "done":
            by_text.setdefault(sample.text, []).append(int(sample.params.seed or 0))
    return sorted(by_text.items(), key=lambda one: -len(one[1]))
