"""One sentence for each knob of the sampling lab, with its formula and where it comes from."""

from __future__ import annotations

from markupsafe import Markup

from playground.forms import Control
from playground.views.html import el, fold

#: Knob -> its formula: z is a token's logit, p its probability, H the entropy of all.
_FORMULAS = {
    "temperature": "p ∝ exp(z / T)",
    "top_k": "keep the k largest p",
    "top_p": "keep the fewest largest p with Σ p ≥ top_p",
    "min_p": "keep p ≥ min_p · max p",
    "typical_p": "keep the fewest smallest |−ln p − H| with Σ p > typical_p",
    "repeat_penalty": "z / penalty if z > 0, else z · penalty, for tokens said lately",
    "presence_penalty": "z − penalty, for tokens said lately",
    "frequency_penalty": "z − penalty · times said lately",
}

#: Papers the knobs' own descriptions do not name.
_SOURCES = {
    "temperature": "Ackley, Hinton & Sejnowski 1985",
    "presence_penalty": "as in OpenAI’s API",
    "frequency_penalty": "as in OpenAI’s API",
}


def knobs(controls: list[Control]) -> Markup:
    """All of them, closed at first."""
    rows = [
        el(
            "tr",
            el("th", one.label, scope="row"),
            el("td", one.description),
            el("td", el("code", _FORMULAS[one.field])),
            el("td", _SOURCES.get(one.field, one.source)),
        )
        for one in controls
        if one.field in _FORMULAS
    ]
    head = el("tr", [el("th", name) for name in ("knob", "what it does", "formula", "source")])
    note = (
        "The penalties come before everything else; the lens cannot move them, because servers tell probabilities from "
        "before them, and the repeat penalty needs raw logits."
    )
    table = el("table", el("thead", head), el("tbody", rows), class_="numbers teaching")
    return fold("What each knob does", el("div", table, class_="wide"), el("p", note, class_="facts"))
