"""One token, closely: the candidates as bars, where the samplers cut, what is left, and how temperature moves it."""

from __future__ import annotations

import math

from markupsafe import Markup

from pipelines.engines.base import Candidate
from pipelines.lens import Step
from playground.lab.state import LETTERS
from playground.sampling.looking import TEMPERATURES, Curve, Look, TokenLook
from playground.sampling.shading import between, bits, percent
from playground.views.columns import letter_mark
from playground.views.html import button, el, join, tip
from playground.views.tokens import piece, plain

#: What each sampler is called, with what it does to the candidates.
_CUTTERS = {"top_k": "top-k", "top_p": "top-p", "min_p": "min-p", "typical_p": "typical-p", "temperature": "T"}

#: Size of the chart of curves, in its own units, with room for labels.
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 420, 190, 34, 104, 10, 26


def token_look(look: Look) -> Markup | None:
    """The panel of the token picked."""
    token = look.token
    if token is None:
        return None
    return el(
        "section",
        _title(look, token),
        el("div", _bars(look, token), el("div", _curves(look, token), _how(token)), class_="look-columns"),
        class_=f"token-look col-{LETTERS[look.column].lower()}",
    )


def _title(look: Look, token: TokenLook) -> Markup:
    p = math.exp(token.said.logprob or 0.0)
    facts = f"The model gave it {percent(p)}, a surprise of {bits(-(token.said.logprob or 0.0)):.1f} bits."
    drawn = f"Through the lens it is drawn with {between(token.said_low, token.said_high)}."
    last = len(look.tokens) - 1
    return el(
        "div",
        letter_mark(LETTERS[look.column]),
        el("h3", f"Token {token.at + 1}: ", piece(token.said.text or _own_text(token), token.said.bytes)),
        el("p", facts, " ", el("b", drawn), class_="facts"),
        button("‹", "step", max(0, token.at - 1), aria_label="Previous token", disabled=token.at == 0),
        button("›", "step", min(last, token.at + 1), aria_label="Next token", disabled=token.at == last),
        button("×", "close", "", aria_label="Close the token"),
        class_="look-head",
    )


def _own_text(token: TokenLook) -> str:
    return next((one.token for one in token.candidates if one.bytes == token.said.bytes), "")


def _bars(look: Look, token: TokenLook) -> Markup:
    """A row a candidate: the outline is what the model gave it, the filled bar what is drawn."""
    top = max([math.exp(one.logprob) for one in token.candidates[:1]] + list(token.high) + [1e-9])
    doubles = _doubles(token.candidates)
    rows: list[Markup] = []
    lines = _lines(token)
    for at, one in enumerate(token.candidates):
        rows += lines.get(at, [])
        rows.append(_bar(token, at, one, top, doubles.get(at, "")))
    rows += [line for place, found in sorted(lines.items()) if place >= len(token.candidates) for line in found]
    rows.append(_tail(token))
    legend = el(
        "p",
        el("i", class_="swatch model"), "the model’s own, ",
        el("i", class_="swatch drawn"), "what is drawn", " after the cuts and the temperature",
        class_="facts",
    )  # fmt: skip
    return el("div", legend, el("ol", rows, class_="candidates"))


def _bar(token: TokenLook, at: int, one: Candidate, top: float, double: str) -> Markup:
    model, low, high = math.exp(one.logprob), token.low[at], token.high[at]
    said = at == token.said_at
    state = "kept" if token.surely[at] else "perhaps" if token.possibly[at] else "cut"
    word = "cut" if state == "cut" else between(low, high)
    doubt = "Perhaps cut: that depends on tokens the server does not tell." if state == "perhaps" else None
    bars = el(
        "span",
        el("i", class_="model", style=f"width:{_width(model, top)}"),
        el("i", class_="drawn", style=f"width:{_width((low + high) / 2, top)}"),
        class_="bars",
    )
    return el(
        "li",
        el("span", str(at + 1), class_="n"),
        el("span", piece(one.token, one.bytes), el("em", double) if double else None, class_="who"),
        bars,
        el("span", percent(model), class_="p model"),
        el("span", word, class_="p", title=doubt),
        class_=f"{state}{' said' if said else ''}",
        aria_label=f"{plain(one.token, one.bytes)}: model {percent(model)}, drawn {word}",
    )


def _width(share: float, top: float) -> str:
    return f"{100 * min(1.0, share / top):.1f}%"


def _doubles(candidates: tuple[Candidate, ...]) -> dict[int, str]:
    """Candidates that read the same, told apart: by their number in the vocabulary, or by their bytes."""
    seen: dict[str, list[int]] = {}
    for at, one in enumerate(candidates):
        seen.setdefault(plain(one.token, one.bytes), []).append(at)
    told: dict[int, str] = {}
    for places in seen.values():
        for nth, at in enumerate(places if len(places) > 1 else (), start=1):
            one = candidates[at]
            told[at] = f" token {one.id}" if one.id is not None else f" {nth} of {len(places)} that read so"
    return told


def _lines(token: TokenLook) -> dict[int, list[Markup]]:
    """Where each sampler cuts: before which candidate its line is drawn. Typical-p cuts on both sides: no line."""
    lines: dict[int, list[Markup]] = {}
    left = len(token.candidates)
    for step in token.steps:
        if step.name == "temperature" or step.kept[1] >= left:
            continue
        left = step.kept[1]
        if step.name == "typical_p":
            continue
        words = f"{_CUTTERS[step.name]} {step.value:g} cuts here"
        lines.setdefault(step.kept[1], []).append(el("li", words, class_="cut-line"))
    return lines


def _tail(token: TokenLook) -> Markup:
    """What the list does not show, named as such."""
    what = "all other tokens" if token.full else f"beyond the {len(token.candidates)} candidates"
    why = (
        "The whole distribution was asked for; it is only not listed."
        if token.full
        else "The server tells no more candidates. What stands here is all that is known of the rest: its sum."
    )
    return el(
        "li",
        el("span", "…", class_="n"),
        tip(what, why, "who"),
        el("span", percent(token.tail_model), class_="p model"),
        el("span", between(token.tail_low, token.tail_high) if token.tail_high > 0 else "cut", class_="p"),
        class_="tail",
    )


def _how(token: TokenLook) -> Markup:
    """The samplers in their order, with what each left."""
    rows = [el("li", _step(step, len(token.candidates), token.full)) for step in token.steps]
    if not rows:
        return el("p", "Nothing is cut and the temperature is 1: the model’s own distribution.", class_="facts")
    return el("ol", rows, class_="steps facts")


def _step(step: Step, shown: int, full: bool) -> Markup | str:
    name = el("b", f"{_CUTTERS[step.name]} {step.value:g}")
    if step.name == "temperature":
        words = "takes the likeliest" if step.value == 0 else "sharpens" if step.value < 1 else "flattens"
        return join(name, f" {words}" + ("" if step.value == 0 else " what is left"))
    low, high = step.kept
    of = "" if full else f" of the {shown} candidates"
    kept = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return join(name, f" keeps {kept}{of}")


def _curves(look: Look, token: TokenLook) -> Markup:
    """Softmax over the temperatures, the lens's marked."""
    at = look.knobs.temperature
    x = _x(min(at, TEMPERATURES[-1]))
    axes = [
        el("path", d=f"M{_LEFT} {_TOP}V{_y(0)}H{_WIDTH - _RIGHT}", class_="axis"),
        *[el("text", f"{100 * share:.0f} %", x=_LEFT - 5, y=_y(share) + 3, class_="y") for share in (0, 0.5, 1)],
        *[el("text", f"{t:g}", x=_x(t), y=_HEIGHT - 12, class_="x") for t in (0, 0.5, 1, 1.5, 2)],
        el("text", "temperature", x=_x(1), y=_HEIGHT - 1, class_="x"),
        el("path", d=f"M{x:.1f} {_TOP}V{_y(0)}", class_="now"),
    ]
    lines = [_line(curve, n) for n, curve in enumerate(token.curves)]
    why = "How likely each of the first candidates is drawn, at every temperature, with the lens’s other knobs."
    return el(
        "figure",
        el("figcaption", tip("What temperature does to this token", why)),
        el("svg", axes, lines, _labels(token.curves), viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="curves", role="img",
           aria_label="Probability of the candidates over temperature"),
    )  # fmt: skip


def _line(curve: Curve, n: int) -> Markup:
    points = list(zip(TEMPERATURES, curve.low, curve.high, strict=True))
    middle = "L".join(f"{_x(t):.1f} {_y((low + high) / 2):.1f}" for t, low, high in points)
    there = [f"{_x(t):.1f} {_y(high):.1f}" for t, _, high in points]
    back = [f"{_x(t):.1f} {_y(low):.1f}" for t, low, _ in reversed(points)]
    band = el("path", d=f"M{'L'.join(there + back)}Z", class_="band")
    return el("g", band, el("path", d=f"M{middle}"), class_=f"curve n{n}")


def _labels(curves: tuple[Curve, ...]) -> list[Markup]:
    """Names beside the lines' ends, none over another: from the bottom up, each at least a line above the last."""
    ends = sorted(((_y((one.low[-1] + one.high[-1]) / 2), n, one) for n, one in enumerate(curves)), reverse=True)
    labels, free = [], _y(0) + 4.0
    for y, n, one in ends:
        y, free = min(y + 3, free), min(y + 3, free) - 12
        name = plain(one.candidate.token, one.candidate.bytes)
        labels.append(el("text", name[:14], x=_WIDTH - _RIGHT + 6, y=f"{y:.1f}", class_=f"label n{n}"))
    return labels


def _x(temperature: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * temperature / TEMPERATURES[-1]


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)
