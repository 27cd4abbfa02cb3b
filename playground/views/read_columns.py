"""A column of the reading lab: who read, what came out, what that took, and what makes it doubtful."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.evaluation.transcript_flags import Flag
from pipelines.reading.base import Transcript
from pipelines.recipe import Choice
from playground.lab.state import LETTERS
from playground.views.columns import letter_mark
from playground.views.html import bar, button, el, fold, tip
from playground.views.samples import fault
from playground.views.words import count, seconds

#: Sign -> what it is called.
_FLAGS = {
    "loop": "says the same again and again",
    "blank_page": "text on a blank page",
    "cut_off": "cut off",
    "not_seen": "may not have seen the page",
}


def head(letter: str, transcript: Transcript | None, missing: str, vision: bool) -> Markup:
    """The column's letter, what ran, and what can be done with it.

    Args:
        letter: The column's.
        transcript: What it read.
        missing: What is to be installed first.
        vision: Whether it is a vision model, which can be asked whether it sees.
    """
    see = button("Does it see?", "see", LETTERS.index(letter), class_="quiet",
                 title="Shows the model a picture of a random code, and asks for it.")  # fmt: skip
    who = ""
    if transcript is not None:
        who = " · ".join(filter(None, (transcript.model, transcript.engine)))
    return el(
        "div",
        letter_mark(letter),
        el("span", who, class_="facts"),
        button("Use for scans", "use", LETTERS.index(letter), class_="quiet",
               title="From now on documents that are added have their pages without text read like this."),
        see if vision else None,
        el("p", missing, class_="note warning") if missing else None,
        class_=f"col-head col-{letter.lower()}",
    )  # fmt: skip


def body(letter: str, choice: Choice, transcript: Transcript | None, text: Markup | None, flags: Sequence[Flag],
         running: bool) -> Markup:  # fmt: skip
    """The text with what differs marked, as it grows."""
    if transcript is None or (transcript.state in ("waiting", "running") and not transcript.text):
        if not running:
            return el("p", "Not read yet: press Run.", class_="facts")
        words = "Reading …" if transcript is not None else "Waiting for its turn …"
        return el("div", el("p", words, class_="facts"), bar(None, words), class_="waiting busy")
    if transcript.error is not None and not transcript.text:
        return fault(transcript.error, button("Try again", "again", "", class_="quiet"))
    marks = [tip(f"⚠ {_FLAGS[flag.name]}", flag.sentence, "warning") for flag in flags]
    return el(
        "div",
        el("p", marks, class_="note flags") if marks else None,
        text if text is not None else el("pre", transcript.text, dir="auto"),
        _timings(transcript),
        fault(transcript.error, None, "The text so far is kept.") if transcript.error is not None else None,
        [el("p", note, class_="note") for note in transcript.notes],
        fold("Thinking", el("p", transcript.thinking, class_="whole")) if transcript.thinking else None,
        class_=f"read {transcript.state}",
    )


def _timings(transcript: Transcript) -> Markup:
    parts: list[Markup] = []
    if transcript.seconds is not None:
        parts.append(el("span", f"read in {seconds(transcript.seconds)}"))
    if transcript.load_s:
        parts.append(tip(f"loading {seconds(transcript.load_s)}", "The engine was brought into memory: once."))
    if transcript.prompt_tokens:
        parts.append(tip(f"{count(transcript.prompt_tokens, 'token')} in", "The picture counts as tokens."))
    if transcript.completion_tokens:
        parts.append(el("span", f"{count(transcript.completion_tokens, 'token')} out"))
    if transcript.tokens_per_s:
        parts.append(el("span", f"{transcript.tokens_per_s:.1f} tokens/s"))
    if transcript.state == "running":
        parts.append(el("span", "reading …", class_="busy"))
    if transcript.state == "stopped":
        parts.append(el("span", "stopped", class_="warning"))
    return el("p", parts, class_="note clock")
