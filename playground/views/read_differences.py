"""Where a reading differs: marked in its text, and listed with numbers, dates and names first."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.evaluation.transcript_differences import Difference, Differences, Stray
from pipelines.evaluation.transcript_words import Kind
from pipelines.reading.base import Transcript
from playground.lab.state import LETTERS
from playground.reading.comparing import Compared
from playground.views.columns import letter_mark
from playground.views.html import el, fold, join, tip
from playground.views.words import count

#: Differences listed before "more", and at most.
_FIRST, _MOST = 12, 200

#: What a kind is called.
_KINDS: dict[Kind, str] = {"number": "number", "date": "date", "name": "name", "word": "word", "form": "form"}

#: What it means that something stands in one text alone.
_ONLY = "What it is compared with does not have it anywhere: in a vision model’s text, possibly invented."

#: What several of a kind are called, and what "form" means.
_FORM = "case, punctuation or spaces"


def marked(transcript: Transcript, found: Differences | None) -> Markup:
    """The text with every word marked that differs; hovering tells what stands there instead."""
    text = transcript.text
    if found is None:
        return el("pre", text, dir="auto", class_="reading-text")
    spans = sorted(
        (item for item in found.items if item.right_span[0] < item.right_span[1]), key=lambda i: i.right_span
    )
    pieces: list[Markup | str] = []
    at = 0
    for item in spans:
        start, end = item.right_span
        if start < at:
            continue
        instead = f"instead of “{item.left}”" if item.left else "nowhere in what it is compared with"
        pieces += [text[at:start], el("mark", text[start:end], class_=f"diff {item.kind} {item.how}", title=instead)]
        at = end
    return el("pre", *pieces, text[at:], dir="auto", class_="reading-text")


def panel(compared: Compared, shown: Sequence[Transcript | None]) -> Markup | str:
    """A list a column."""
    if not any(compared.differences):
        return ""
    columns = [_column(LETTERS[at], found) for at, found in enumerate(compared.differences) if found is not None]
    return el(
        "section",
        el("h2", f"Differences to {compared.named}"),
        el("div", columns, class_="hit-columns"),
    )


def _column(letter: str, found: Differences) -> Markup:
    kinds = [
        f"{n:,} of {_FORM}" if kind == "form" else count(n, name) for kind, name in _KINDS.items()
        if (n := found.count(kind))
    ]  # fmt: skip
    lead = ", ".join(kinds) or "none: every word is the same"
    rows = [_row(item) for item in found.items[:_MOST]]
    rest = fold(f"{len(rows) - _FIRST} more", el("ol", rows[_FIRST:], class_="diffs")) if len(rows) > _FIRST else None
    return el(
        "div",
        el("p", letter_mark(letter), " ", lead, class_="facts"),
        el("ol", rows[:_FIRST], class_="diffs"),
        rest,
        _lines("left out", "Lines of which it has no word.", [line.text for line in found.skipped]),
        _lines("only here", _ONLY, [line.text for line in found.extra]),
        _words(found.only_right),
        _lines("moved", "Blocks that stand elsewhere.", [block.text for block in found.moved]),
        class_=f"lane col-{letter.lower()}",
    )  # fmt: skip


def _row(item: Difference) -> Markup:
    """The two readings, the differing one first in the eye, in a few words of context."""
    kind = el("span", _KINDS[item.kind], class_=f"kind {item.kind}")
    left = el("del", item.left) if item.left else el("i", "nothing", class_="unseen")
    right = el("ins", item.right) if item.right else el("i", "left out", class_="unseen")
    context = el("span", f"… {item.before} [ ] {item.after} …", class_="facts")
    return el("li", kind, el("span", join(left, " → ", right), class_="pair"), context)


def _words(strays: Sequence[Stray]) -> Markup | None:
    """Words of its own, numbers, dates and names first."""
    if not strays:
        return None
    words = [el("span", one.text, class_=f"stray {one.kind}", title=_KINDS[one.kind]) for one in strays[:_MOST]]
    lead = tip(f"{count(len(strays), 'word')} only here", _ONLY)
    return fold(lead, el("p", join(*((word, " ") for word in words)), class_="strays", dir="auto"))


def _lines(name: str, why: str, texts: Sequence[str]) -> Markup | None:
    if not texts:
        return None
    items = [el("li", text[:200], dir="auto") for text in texts[:_MOST]]
    lead = tip(f"{name}: {count(len(texts), 'block' if name == 'moved' else 'line')}", why)
    return fold(lead, el("ul", items, class_="diff-lines"))
