"""What each column is compared with: a truth, or without one the first reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.evaluation.transcript_differences import Differences, differences
from pipelines.evaluation.transcript_flags import Flag
from pipelines.evaluation.transcript_flags import flags as signs
from pipelines.evaluation.transcripts import TextMetrics, measure
from pipelines.reading.base import Transcript
from pipelines.remembered import Remembered
from playground.lab.state import LETTERS
from playground.reading.state import Reading

#: A text layer says things in an order of its own, and may itself have been made by OCR.
_TEXT_LAYER = "The text layer is what the file says of itself: its order may differ from what a person sees."


@dataclass(frozen=True)
class Compared:
    """The columns against what they are compared with."""

    truth: str | None  # None: there is none
    named: str  # what they are compared with, in words
    remark: str  # what makes that doubtful, or why there is nothing
    differences: tuple[Differences | None, ...]  # of each column; None: nothing to compare
    texts: tuple[str, ...]  # of each column
    measured: tuple[TextMetrics | None, ...]  # of each column; None: no truth, or not read to its end

    def others(self, at: int) -> list[str]:
        """What the other readers made of the page."""
        return [text for other, text in enumerate(self.texts) if other != at and text]


def compared(
    lab: Reading, shown: Sequence[Transcript | None], layer: Transcript | None, known: Remembered[Any]
) -> Compared:
    """Compare the columns.

    Args:
        lab: What counts as the truth, and what as a difference.
        shown: The transcript of each column.
        layer: What the page's own text layer says.
        known: What was compared before.
    """
    how = lab.normalising
    texts = tuple(one.text if one is not None else "" for one in shown)
    truth, named, remark = _truth(lab, layer)
    read = [one is not None and one.state != "running" and bool(one.text) for one in shown]
    base, first = truth, -1
    if truth is None and any(read):
        first = read.index(True)
        base, named = texts[first], f"column {LETTERS[first]}"

    def different(at: int, left: str | None) -> Differences | None:
        if left is None or not read[at] or at == first:
            return None
        found: Differences = known.get(("differences", left, texts[at], how), lambda: differences(left, texts[at], how))
        return found

    def measured(at: int, one: Transcript | None) -> TextMetrics | None:
        if truth is None or one is None or one.state != "done":
            return None
        found: TextMetrics = known.get(("measure", truth, texts[at], how), lambda: measure(truth, texts[at], how))
        return found

    return Compared(
        truth,
        named,
        remark,
        tuple(different(at, base) for at in range(len(texts))),
        texts,
        tuple(measured(at, one) for at, one in enumerate(shown)),
    )


def _truth(lab: Reading, layer: Transcript | None) -> tuple[str | None, str, str]:
    """(the truth or None, what it is called, a remark)."""
    match lab.truth:
        case "pasted":
            text = lab.pasted.strip()
            return (text, "your text", "") if text else (None, "", "Paste what really stands on the page, for numbers.")
        case "text layer":
            if layer is None:
                return None, "", "Numbers appear when a reader is done."
            if not layer.text.strip():
                return (
                    None,
                    "",
                    "This page has no text layer: the readers are compared with each other.",
                )
            return layer.text, "the text layer", _TEXT_LAYER
    return None, "", "Without a truth there are no numbers: the readers are compared with each other."


def flags(transcript: Transcript, others: Sequence[str], layer: Transcript | None, ink: float | None) -> list[Flag]:
    """Signs that a transcript is no reading of the page.

    Args:
        transcript: What was read.
        others: What other readers made of the page.
        layer: What the page's own text layer says.
        ink: Share of the undegraded page that is not paper; None: not known.
    """
    own = layer.text if layer is not None and layer.text.strip() else None
    words = None if own is None else len(own.split())
    heard = others if own is None else [*others, own]
    return list(signs(transcript.text, finish=transcript.finish, ink=ink, truth_words=words, others=heard))
