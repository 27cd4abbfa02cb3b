"""What each column is compared with: a truth, or without one the first reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.evaluation.transcript_differences import Differences, differences
from pipelines.evaluation.transcript_flags import Flag
from pipelines.evaluation.transcript_flags import flags as signs
from pipelines.reading.base import Transcript
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

    def others(self, at: int) -> list[str]:
        """What the other readers made of the page."""
        return [text for other, text in enumerate(self.texts) if other != at and text]


def compared(lab: Reading, shown: Sequence[Transcript | None], layer: Transcript | None) -> Compared:
    """Compare the columns.

    Args:
        lab: What counts as the truth, and what as a difference.
        shown: The transcript of each column.
        layer: What the page's own text layer says.
    """
    texts = tuple(one.text if one is not None else "" for one in shown)
    truth, named, remark = _truth(lab, layer)
    done = [one is not None and one.state != "running" and bool(one.text) for one in shown]
    base, first = truth, -1
    if truth is None and any(done):
        first = done.index(True)
        base, named = texts[first], f"column {LETTERS[first]}"
    found = tuple(
        differences(base, text, lab.normalising) if ready and base is not None and at != first else None
        for at, (text, ready) in enumerate(zip(texts, done, strict=True))
    )
    return Compared(truth, named, remark, found, texts)


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


def flags(transcript: Transcript, others: Sequence[str], layer: Transcript | None) -> list[Flag]:
    """Signs that a transcript is no reading of the page."""
    words = len(layer.text.split()) if layer is not None and layer.text.strip() else None
    return list(signs(transcript.text, finish=transcript.finish, truth_words=words, others=others))
