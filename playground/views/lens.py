"""An answer through the lens: how likely it would come out again, what could not have been said, token by token."""

from __future__ import annotations

import math

from markupsafe import Markup

from pipelines.lens import Through
from playground.lab.state import LETTERS
from playground.sampling.looking import Look
from playground.sampling.shading import between, percent, through_shades
from playground.views import tokens as token_view
from playground.views.html import el, tip
from playground.views.words import count

#: Size of the chart of tokens, in its own units.
_WIDTH, _HEIGHT = 640, 74


def lens(look: Look) -> Markup:
    """Numbers before and after, a chart over the tokens, the text as the lens leaves it."""
    letter = LETTERS[look.column]
    return el(
        "section",
        _notes(look),
        _numbers(look),
        _chart(look),
        el("h3", "The answer through the lens"),
        _legend(look),
        token_view.flow(look.tokens, through_shades(look.seen), letter, picked=look.token.at if look.token else -1),
        class_=f"lens col-{letter.lower()}",
    )


def nothing(words: str) -> Markup:
    """Why there is nothing to look at."""
    return el("p", words, class_="facts")


def _numbers(look: Look) -> Markup:
    head = el("tr", el("th"), el("th", "as drawn"), el("th", "through the lens"), el("th", "the model, untouched"))
    views = (look.before, look.seen, look.model)
    rows = [
        _row("this very text", "The product of its tokens’ probabilities: how often it would come out.",
             [_odds(*view.way) for view in views]),
        _row("perplexity", "exp of the mean surprise of the tokens said: as if so many tokens had been equally likely "
             "each time. Lower is surer; infinite where a token was cut.", [_perplexity(view) for view in views]),
        _row("choices open", "Tokens that could have been drawn at each step: the median, and the most.",
             [_open(view) for view in views]),
        _row("tokens cut", "Tokens of this text that could not have been drawn.", [_cut(view) for view in views]),
    ]  # fmt: skip
    return el("table", el("thead", head), el("tbody", rows), class_="numbers lens-numbers")


def _row(name: str, why: str, values: list[str]) -> Markup:
    return el("tr", el("th", tip(name, why), scope="row"), [el("td", value) for value in values])


def _odds(low: float, high: float) -> str:
    """Natural log-probabilities as “1 time in …”."""
    if high == -math.inf:
        return "never"
    least, most = _one_in(high), _one_in(low)
    return least if least == most else f"{least} or rarer" if low == -math.inf else f"{least} to {most}"


def _one_in(logprob: float) -> str:
    if logprob == -math.inf:
        return "never"
    if logprob > -1e-4:
        return "always"
    power = -logprob / math.log(10)
    if power >= 6:
        return f"1 in 10^{power:.0f}"
    times = math.exp(-logprob)
    return f"1 in {times:.3g}" if times < 100 else f"1 in {round(times, 2 - int(power)):,.0f}"


def _perplexity(view: Through) -> str:
    low, high = view.perplexity
    if math.isinf(low):
        return "∞"
    least, most = f"{low:.2f}", "∞" if math.isinf(high) else f"{high:.2f}"
    return least if least == most else f"{least} to {most}"


def _open(view: Through) -> str:
    low, high = sorted(view.open_low.tolist()), sorted(view.open_high.tolist())
    middle = _range(low[len(low) // 2], high[len(high) // 2])
    return f"{middle}; at most {high[-1]:,.0f}"


def _range(low: float, high: float) -> str:
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def _cut(view: Through) -> str:
    surely, perhaps = int((view.chosen_high <= 0).sum()), int((view.chosen_low <= 0).sum())
    return f"{surely} of {len(view.chosen_low)}" if surely == perhaps else f"{surely} to {perhaps}"


def _notes(look: Look) -> Markup:
    """How far it can be trusted."""
    notes: list[Markup | str] = []
    if look.full:
        notes.append("Exact: computed from the model’s whole distribution at every token. ")
    elif look.seen.exact:
        notes.append(tip("Exact: all cuts fall among the candidates the server told. ", "So the rest does not matter."))
    else:
        why = (
            "The server tells the 20 likeliest tokens and their probabilities. Of the rest only the sum is known, so "
            "numbers stand between bounds that hold however it is spread."
        )
        notes.append(tip("Bounds: some cuts fall beyond the candidates the server told. ", why, "warning"))
    if look.penalties:
        words = f"⚠ The answer was drawn with {', '.join(look.penalties)}, which the lens cannot see. "
        why = "Log-probabilities are told from before the penalties; what they changed is not in them."
        notes.append(tip(words, why, "warning"))
    if look.schema:
        words = "⚠ A JSON schema ruled tokens out, which the lens cannot see. "
        notes.append(tip(words, "Log-probabilities are told from before the grammar was applied.", "warning"))
    order = " → ".join(name.replace("_", "-") for name in look.order)
    notes.append(el("span", f"Order: {order}.", class_="facts"))
    return el("p", notes, class_="lens-notes")


def _legend(look: Look) -> Markup:
    cut = "could not be drawn"
    return el(
        "p",
        el("i", class_="swatch t0"), "likely", el("i", class_="swatch t1"), "unlikely ",
        el("span", cut, class_="tok cut", style="--t:1"),
        " Click a token to see it closely; arrow keys go on.",
        class_="facts legend",
    )  # fmt: skip


def _chart(look: Look) -> Markup:
    """A bar a token, probability upwards: grey as drawn, in colour through the lens; red feet where it was cut."""
    n = len(look.tokens)
    step = _WIDTH / max(n, 24)
    bars: list[Markup] = []
    before = ((look.before.chosen_low + look.before.chosen_high) / 2).tolist()
    low, high = look.seen.chosen_low.tolist(), look.seen.chosen_high.tolist()
    for at in range(n):
        x, wide, drawn = at * step, max(0.8, step * 0.8), (low[at] + high[at]) / 2
        height, was = drawn * (_HEIGHT - 8), before[at] * (_HEIGHT - 8)
        cut = high[at] <= 0
        place = {"x": f"{x:.2f}", "width": f"{wide:.2f}"}
        bars.append(
            el(
                "g",
                el("rect", **place, y=f"{_HEIGHT - was:.1f}", height=f"{was:.1f}", class_="before"),
                el("rect", **place, y=f"{_HEIGHT - height:.1f}", height=f"{height:.1f}", class_="now"),
                el("rect", **place, y=_HEIGHT - 5, height=5, class_="cut") if cut else None,
                el("rect", **place, y=0, height=_HEIGHT, class_="area"),
                el("title", f"{at + 1}: {token_view.plain(look.tokens[at].text, look.tokens[at].bytes)} — "
                   f"{'could not be drawn' if cut else between(low[at], high[at])}, as drawn {percent(before[at])}"),
                data_act="token",
                data_arg=f"{LETTERS[look.column]}:{at}",
                class_="picked" if look.token and look.token.at == at else None,
            )
        )  # fmt: skip
    words = f"Probability of each of {count(n, 'token')}, as drawn (grey) and through the lens (in colour)"
    return el(
        "figure",
        el("figcaption", words, class_="facts"),
        el("svg", bars, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", class_="token-chart",
           role="img", aria_label=words),
    )  # fmt: skip
