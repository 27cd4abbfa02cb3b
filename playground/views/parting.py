"""Where two columns part: the words before, the token each said instead, and both distributions."""

from __future__ import annotations

import math
from itertools import combinations

from markupsafe import Markup

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.samples import Sample
from playground.lab.state import LETTERS
from playground.sampling.drawing import Drawn
from playground.sampling.looking import said_at
from playground.sampling.parting import Parting
from playground.sampling.shading import percent
from playground.sampling.state import Sampling
from playground.views.columns import letter_mark
from playground.views.html import button, el, join, tip
from playground.views.tokens import piece
from playground.views.tools import pressed

#: Characters of what both say that are shown, and candidates of each.
_BEFORE, _CANDIDATES = 90, 6


def panel(lab: Sampling, drawn: Drawn, found: Parting) -> Markup | str:
    """The two columns compared; with more than two, which two."""
    one, other = lab.pair
    if max(one, other) >= lab.shown:
        return ""
    pairs = list(combinations(range(lab.shown), 2))
    switches = [
        button([letter_mark(LETTERS[a]), letter_mark(LETTERS[b])], "pair", f"{a}{b}", class_="switch",
               aria_pressed=pressed((a, b) == lab.pair), aria_label=f"{LETTERS[a]} and {LETTERS[b]}")
        for a, b in pairs
    ]  # fmt: skip
    left, right = drawn.at(one).sample, drawn.at(other).sample
    return el(
        "section",
        el("div", el("h2", "Where they part"), switches if len(pairs) > 1 else None, class_="part-head"),
        _words(lab, found, left, right),
        class_="parting",
    )


def _words(lab: Sampling, found: Parting, left: Sample | None, right: Sample | None) -> Markup:
    a, b = (letter_mark(LETTERS[at]) for at in lab.pair)
    if found.state == "waiting" or left is None or right is None:
        return el("p", "Not yet: both have said the same so far." if found.common else "Nothing to compare yet.",
                  class_="facts")  # fmt: skip
    match found.state:
        case "same":
            return el("p", a, " and ", b, " say the same, word for word.")
        case "goes on":
            longer, shorter = (a, b) if len(left.tokens) > len(right.tokens) else (b, a)
            return el("p", longer, " goes on where ", shorter, " ends; until there both say the same.")
        case "text only":
            rests = [el("q", one.text[len(found.common) :][:60]) for one in (left, right)]
            return el("p", "Both say: ", _common(found.common), " Then ", a, rests[0], " and ", b, rests[1])
    at = found.token
    said = left.tokens[at], right.tokens[at]
    lead = el(
        "p",
        f"At token {at + 1}, after ", _common(found.common), ", ", a, " says ", _said(said[0]), " and ", b, " says ",
        _said(said[1]), ".",
    )  # fmt: skip
    note = _same_odds(left, right, said)
    sides = [
        _side(LETTERS[column], token, at, said)
        for column, token in zip(lab.pair, said, strict=True)
    ]  # fmt: skip
    return join(lead, note, el("div", sides, class_="sides"))


def _said(token: TokenEvent) -> Markup:
    return el("b", piece(token.text or _name(token), token.bytes))


def _name(token: TokenEvent) -> str:
    return next((one.token for one in token.candidates if one.bytes == token.bytes), "")


def _common(text: str) -> Markup:
    if not text:
        return el("em", "the very beginning")
    return el("q", ("…" if len(text) > _BEFORE else "") + text[-_BEFORE:], dir="auto")


def _same_odds(left: Sample, right: Sample, said: tuple[TokenEvent, TokenEvent]) -> Markup | None:
    """One model after the same words has one distribution: the draw alone made the difference."""
    if (left.engine, left.model) != (right.engine, right.model):
        return el("p", "Two models, two distributions: the difference may be the model’s.", class_="facts")
    gap = max((abs(a.logprob - b.logprob) for a, b in zip(*(one.candidates for one in said), strict=False)), default=0)
    if gap > 0.05:
        why = "A server that reads a prompt from its cache, or several at once, rounds a little differently."
        return el("p", tip("The same model after the same words, yet the probabilities differ a little.", why),
                  class_="facts")  # fmt: skip
    return el("p", "The same model after the same words: only the draw differs.", class_="facts")


def _side(letter: str, token: TokenEvent, at: int, said: tuple[TokenEvent, TokenEvent]) -> Markup:
    """What one column could choose from, both chosen tokens in it."""
    top = [*token.candidates[:_CANDIDATES]]
    for one in said:
        named = next((c for c in token.candidates if c.bytes == one.bytes), None)
        if named is not None and named not in top:
            top.append(named)
    chosen = said_at(token)
    rows = [_row(one, chosen >= 0 and one is token.candidates[chosen], top) for one in top]
    look = button("Look closer", "token", f"{letter}:{at}", class_="quiet small")
    return el("div", letter_mark(letter), el("ol", rows, class_="candidates short"), look,
              class_=f"side col-{letter.lower()}")  # fmt: skip


def _row(one: Candidate, said: bool, shown: list[Candidate]) -> Markup:
    p, most = math.exp(one.logprob), math.exp(max(c.logprob for c in shown))
    bars = el("span", el("i", class_="drawn", style=f"width:{100 * p / most:.1f}%"), class_="bars")
    return el("li", el("span", piece(one.token, one.bytes), class_="who"), bars, el("span", percent(p), class_="p"),
              class_="said" if said else "kept")  # fmt: skip
