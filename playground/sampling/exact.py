"""Whole distributions from the built-in engine: of one token when it is looked at, of an answer when a person asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event as CancelFlag

from pipelines.engines.builtin import BuiltinEngine
from pipelines.errors import UsageError
from pipelines.events import IndexProgress
from pipelines.lens import Known
from pipelines.samples import Sample
from pipelines.scratch import Work
from playground.measurements import Growing
from playground.sampling.drawing import Drawn, drawn
from playground.sampling.full import MOST, FullRows, key_of
from playground.sampling.state import Sampling
from playground.services import Services

#: Seconds one distribution takes, measured on two cores; for a word about how long it will take.
SECONDS_A_TOKEN = 0.4


@dataclass(frozen=True, kw_only=True)
class Fetching(Growing[int]):
    """Distributions of an answer, as they come."""

    total: int = 0


def offered(sample: Sample | None) -> bool:
    """Whether whole distributions of an answer can be had: they come from the built-in engine only."""
    if sample is None or sample.engine != "builtin" or sample.state in ("waiting", "running"):
        return False
    if sample.thinking:  # the answer's tokens came after it, and its own are not kept
        return False
    return bool(sample.tokens) and all(token.id is not None for token in sample.tokens)


def short_enough(sample: Sample) -> bool:
    """Whether all distributions of an answer can be kept at once."""
    return len(sample.tokens) <= MOST


def fetch_one(services: Services, now: Drawn, column: int, at: int, cancel: CancelFlag) -> None:
    """Ask for the distribution before one token, if it can be had and is not here already.

    Raises:
        EngineError. Cancelled: the flag is set.
    """
    sample = now.at(column).sample
    if sample is None or not offered(sample):
        return
    if not 0 <= at < len(sample.tokens) or services.full.one(key_of(now.messages, sample), at) is not None:
        return
    for _ in _fetch(services, now, sample, [at], cancel):
        pass


def start(services: Services, lab: Sampling) -> None:
    """Ask for all distributions of the answer looked at, in the background.

    Raises:
        UsageError: they cannot be had.
    """
    now = drawn(services, lab)
    sample = now.at(lab.column).sample
    if sample is None or not offered(sample) or not short_enough(sample):
        raise UsageError("All whole distributions of this answer cannot be had.",
                         f"They come from the built-in engine, for at most {MOST} tokens.")  # fmt: skip
    missing = services.full.missing(key_of(now.messages, sample), len(sample.tokens))

    def source(work: Work) -> Iterator[int]:
        for done, at in enumerate(_fetch(services, now, sample, missing, work.cancel or CancelFlag()), start=1):
            yield at
            if work.on_progress is not None:
                work.on_progress(IndexProgress("distributions", "asking", done, len(missing)))

    services.measurements.start(lab.work("exact"), Fetching(total=len(missing)), source)


def _fetch(services: Services, now: Drawn, sample: Sample, places: Sequence[int], cancel: CancelFlag) -> Iterator[int]:
    """Ask for distributions and keep them; yields each place once it is here."""
    engine: BuiltinEngine = services.library.engines.builtin
    rows: FullRows = services.full
    key, ids = key_of(now.messages, sample), [int(token.id or 0) for token in sample.tokens]
    window = int(getattr(sample.params, "num_ctx", None) or 4096)
    found = engine.distributions(sample.model, now.messages, ids, places, num_ctx=window, cancel=cancel)
    for at, row in zip(places, found, strict=True):
        rows.keep(key, at, Known.full([row], [ids[at]]))
        yield at
