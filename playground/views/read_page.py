"""The page that readers get, with the words of one of them drawn over it."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.reading.base import Sheet, Transcript, Word
from playground.lab.state import LETTERS
from playground.reading.state import Reading
from playground.views.columns import letter_mark
from playground.views.html import button, el
from playground.views.tools import pressed
from playground.views.words import count

#: Below this an engine doubts a word.
_DOUBTED = 0.6


def page(lab: Reading, sheet: Sheet, transcripts: list[Transcript | None]) -> Markup:
    """The picture as every reader got it; hovering a word tells what was read there, and how sure the engine was."""
    shown = transcripts[lab.picked] if lab.picked < len(transcripts) else None
    words = shown.words if shown is not None else None
    switches = [
        button(letter_mark(LETTERS[at]), "words", at, class_="switch",
               aria_pressed=pressed(at == lab.picked), disabled=one is None or one.words is None,
               aria_label=f"Words of {LETTERS[at]}")
        for at, one in enumerate(transcripts)
    ]  # fmt: skip
    overlay = None
    if words:
        overlay = el("svg", [_word(word) for word in words], viewBox="0 0 1 1", preserveAspectRatio="none",
                     class_=f"word-boxes col-{LETTERS[lab.picked].lower()}")  # fmt: skip
    facts = f"{sheet.width:,} × {sheet.height:,} pixels"
    if words is not None:
        facts += f" · {count(len(words), 'word')} of {LETTERS[lab.picked]}"
    image = el(
        "img", src=f"/reading/{lab.id}.png?v={sheet.digest}", alt="The page as the readers get it", decoding="async"
    )
    return el(
        "section",
        el("div", el("span", "Words of"), switches, el("span", facts, class_="facts"), class_="part-head"),
        el("div", el("div", image, overlay, class_="sheet", style=f"width:{lab.zoom}%"), class_="desk read-desk",
           tabindex=0),
    )  # fmt: skip


def _word(word: Word) -> Markup:
    left, top, right, bottom = word.box
    sure = "" if word.confidence is None else f" · {100 * word.confidence:.0f} % sure"
    doubted = word.confidence is not None and word.confidence < _DOUBTED
    return el(
        "rect",
        el("title", word.text + sure),
        x=f"{left:.5f}", y=f"{top:.5f}", width=f"{max(0, right - left):.5f}", height=f"{max(0, bottom - top):.5f}",
        class_="doubted" if doubted else None,
    )  # fmt: skip


def drawing() -> Markup:
    """While the page is drawn."""
    return el("div", el("p", "Drawing the page …"), class_="desk empty working busy")
