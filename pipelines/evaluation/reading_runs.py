"""Pages by readers by degradations, each against its truth: rows as they are read, and their summary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines.errors import DocumentError, PlaygroundError, UsageError
from pipelines.evaluation.normalising import USUAL, Normalising
from pipelines.evaluation.transcript_flags import Flag, flags, ink_of
from pipelines.evaluation.transcripts import Spread, TextMetrics, measure, spread, spreads
from pipelines.reading.base import Means, Sheet, Transcript

if TYPE_CHECKING:
    from pipelines.reading.degrade import Degradation
    from pipelines.recipe import Choice

#: Draws a page, at least at so many dpi where it can: ``draw(page, dpi)``.
Draw = Callable[[int, float], Sheet]


@dataclass(frozen=True)
class PageRead:
    """One page by one reader with one degradation. A reading that failed keeps its error in the transcript."""

    reader: Choice
    page: int
    degradation: Degradation
    transcript: Transcript
    metrics: TextMetrics | None  # None: it failed, was stopped, or there is no truth
    flags: tuple[Flag, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it was read to the end."""
        return self.transcript.state == "done"


@dataclass(frozen=True)
class Summary:
    """The pages of one reader with one degradation. Metrics are of the pages that were read."""

    reader: Choice
    degradation: Degradation
    pages: int
    failed: int
    metrics: Mapping[str, Spread | None]
    seconds: Spread | None
    flags: Mapping[str, int]  # name -> pages


def pages_of(text: str) -> list[int]:
    """Pages as typed: "1-3,7". Raises UsageError."""
    pages: list[int] = []
    for piece in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?\s*", piece)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            raise UsageError(f"{text!r} is not a list of pages.", "Write them like this: 1-3,7; pages count from 1.")
        pages += range(first, last + 1)
    return list(dict.fromkeys(pages))


def read_pages(
    pages: Sequence[int],
    readers: Sequence[Choice],
    degradations: Sequence[Degradation],
    draw: Draw,
    means: Means,
    truths: Mapping[int, str],
    *,
    how: Normalising = USUAL,
    seconds: float,
    cancel: CancelFlag | None = None,
) -> Iterator[PageRead]:
    """Read every page with every degradation by every reader; a row as soon as it is read.

    Args:
        pages: Physical pages.
        readers: Choices of the section "reader".
        degradations: What is done to the pages.
        draw: Gives the picture of a page.
        means: What readers work with.
        truths: Page -> what it says; a page that is not there is not measured.
        how: What does not count as a difference.
        seconds: Longest time for one page.
        cancel: When set, the reading under way ends as "stopped" and is the last.
    """
    from pipelines.reading.read import read_to_end

    for page in pages:
        for degradation in degradations:
            try:
                clean, sheet = sheets(draw, page, degradation, means, cancel)
                ink = ink_of(clean.png)
            except DocumentError as error:
                for reader in readers:
                    yield PageRead(reader, page, degradation, _failed(reader, error), None)
                continue
            for reader in readers:
                transcript = read_to_end(reader, sheet, means, seconds=seconds, cancel=cancel)
                yield judged(reader, page, degradation, transcript, truths.get(page), ink, how)
                if cancel is not None and cancel.is_set():
                    return


def judged(
    reader: Choice,
    page: int,
    degradation: Degradation,
    transcript: Transcript,
    truth: str | None,
    ink: float | None,
    how: Normalising = USUAL,
) -> PageRead:
    """A transcript with its numbers and flags."""
    text = transcript.text
    measured = measure(truth, text, how) if truth is not None and transcript.state == "done" else None
    found = flags(
        text,
        finish=transcript.finish,
        ink=ink,
        truth_words=None if truth is None else len(truth.split()),
        others=() if truth is None else (truth,),
    )
    return PageRead(reader, page, degradation, transcript, measured, found)


def text_layer_truths(pages: Sequence[int], draw: Draw, means: Means, *, seconds: float) -> dict[int, str]:
    """The text that the PDF itself holds, of each page.

    Raises:
        UsageError: pages have none; they are named. DocumentError: the file cannot be read.
    """
    from pipelines.reading.pictures import DPI
    from pipelines.reading.read import read_to_end
    from pipelines.recipe import choose

    found: dict[int, str] = {}
    for page in pages:
        sheet = draw(page, DPI)
        layer = read_to_end(choose("reader", "text-layer"), sheet, means, seconds=seconds)
        if layer.error is not None:
            raise layer.error
        found[page] = layer.text
    empty = [str(page) for page, text in found.items() if not text.strip()]
    if empty:
        which = f"page {empty[0]} has" if len(empty) == 1 else f"pages {', '.join(empty)} have"
        raise UsageError(
            f"There is no truth to compare with: {which} no text layer.", "Give the text with --truth, or leave it out."
        )
    return found


def summaries(rows: Sequence[PageRead]) -> list[Summary]:
    """One summary for each reader and degradation, in the order they come."""
    groups: dict[tuple[str, str], list[PageRead]] = {}
    for row in rows:
        groups.setdefault((str(row.reader), str(row.degradation)), []).append(row)
    return [_summary(group) for group in groups.values()]


def _summary(rows: Sequence[PageRead]) -> Summary:
    return Summary(
        reader=rows[0].reader,
        degradation=rows[0].degradation,
        pages=len(rows),
        failed=sum(not row.done for row in rows),
        metrics=spreads([row.metrics for row in rows if row.metrics is not None]),
        seconds=spread(row.transcript.seconds for row in rows if row.done),
        flags=Counter(flag.name for row in rows for flag in row.flags),
    )


def sheets(
    draw: Draw, page: int, degradation: Degradation, means: Means, cancel: CancelFlag | None = None
) -> tuple[Sheet, Sheet]:
    """The page as it is, and as readers get it. Raises DocumentError, Cancelled, and what ``draw`` raises."""
    from pipelines.reading.degrade import degraded
    from pipelines.reading.pictures import DPI

    clean = draw(page, max(DPI, degradation.dpi or 0))
    return clean, degraded(clean, degradation, means, cancel=cancel)


def _failed(reader: Choice, error: PlaygroundError) -> Transcript:
    return Transcript(reader.name, state="failed", error=error)
