"""A column of the sampling lab: who answers with which values, what came out, and what that took."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipelines.engines.probing import Probed
from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe
from pipelines.samples import Sample
from playground.lab.state import LETTERS
from playground.sampling.facts import Facts
from playground.views import tokens as token_view
from playground.views.columns import export, letter_mark
from playground.views.html import bar, button, el, fold, join, tip
from playground.views.knobs import Remark
from playground.views.tokens import Shade
from playground.views.words import count, seconds

#: Options told in a column's head, with their short names.
_SHORT = {"temperature": "T", "top_k": "top-k", "top_p": "top-p", "min_p": "min-p", "typical_p": "typical-p"}

#: Values at which an option does nothing, where that is not worth a word.
_NOTHING = {"min_p": (0, None), "typical_p": (1, None)}

#: How an answer ended.
_ENDS = {
    "stop": ("ended by itself", "The model ended its answer, or came to a stop text."),
    "length": ("cut at num_predict", "The answer reached num_predict or the end of the window; it would have gone on."),
    "cancelled": ("stopped", "You pressed Stop."),
}


@dataclass(frozen=True)
class Column:
    """What a column shows."""

    recipe: Recipe  # as its knobs are now
    sample: Sample | None = None
    facts: Facts | None = None
    error: PlaygroundError | None = None
    changed: bool = False  # knobs were turned since
    running: bool = False  # the whole run
    drawn: bool = False  # whether anything was run yet


def head(letter: str, column: Column) -> Markup:
    """Letter, who answers, the values in force, and what can be done with the column."""
    at = LETTERS.index(letter)
    note = None
    if column.changed and not column.running:
        why = "The answer below was drawn with other settings."
        note = join(tip("Settings changed since.", why, "warning"), " ", button("Draw it again", "again", at))
    return el(
        "div",
        letter_mark(letter),
        el("span", _who(column), class_="facts"),
        button("Use in chat", "use", at, class_="quiet"),
        export(letter, column.recipe, "sampling"),
        _in_force(column.facts),
        el("p", note, class_="note") if note else None,
        class_=f"col-head col-{letter.lower()}",
    )


def _who(column: Column) -> Markup | str:
    if column.facts is None:
        return ""
    facts = column.facts
    if facts.engine == "ollama":
        return el("span", el("b", facts.model), f" on Ollama {facts.version}")
    return el("span", el("b", facts.model), " built in", title=f"In this process, by xllamacpp {facts.version}.")


def _in_force(facts: Facts | None) -> Markup | None:
    """The values really used, in one line; who decided each is told on hover."""
    if facts is None:
        return None
    parts = []
    for name, short in _SHORT.items():
        value, origin = facts.values.get(name, (None, ""))
        if name in facts.ignored or value in _NOTHING.get(name, ()):
            continue
        parts.append(tip(f"{short} {_number(value)}", f"{name}: {_origin(origin)}"))
    seed = facts.values.get("seed", (None, ""))[0]
    why = "The same seed gives the same text, on most servers."
    parts.append(tip(f"seed {'random' if seed is None else seed}", why))
    return el("p", parts, class_="note clock in-force")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _origin(origin: str) -> str:
    return {"you": "set here", "recipe": "set by the recipe"}.get(origin, f"from the {origin}")


def body(letter: str, column: Column, shades: list[Shade], picked: int = -1, marked: Collection[int] = ()) -> Markup:
    """The answer as it grows, its timings, and what went wrong."""
    sample, error = column.sample, column.error
    if error is not None:
        return fault(error, button("Try again", "again", LETTERS.index(letter), class_="quiet"))
    if sample is None or (sample.state == "waiting" and not sample.text):
        return _nothing_yet(letter, column)
    kept = "The text so far is kept." if sample.text else ""
    told = "".join(token.text for token in sample.tokens)
    flows = bool(sample.tokens) and sample.text.startswith(told)
    rest = sample.text.removeprefix(told) if flows else sample.text  # came without log-probabilities
    return el(
        "div",
        _thinking(sample),
        token_view.flow(sample.tokens, shades, letter, picked=picked, marked=marked) if flows else None,
        el("p", rest, class_="tokens", dir="auto") if rest or not flows else None,
        _timings(sample),
        fault(sample.error, None, kept) if sample.error is not None else None,
        _no_tokens(sample),
        class_=f"drawn {sample.state}",
    )


def _nothing_yet(letter: str, column: Column) -> Markup:
    if not column.running:
        if not column.drawn:
            return Markup()
        again = button("Draw this column", "again", LETTERS.index(letter), class_="quiet")
        return el("div", el("p", "Nothing drawn with these settings yet.", class_="facts"), again, class_="waiting")
    words = "Waiting for the server …" if column.facts is not None else "Waiting for its turn …"
    return el("div", el("p", words, class_="facts"), bar(None, words), class_="waiting busy")


def fault(error: PlaygroundError, again: Markup | None, more: str = "") -> Markup:
    """What went wrong, and the way out."""
    title = el("h4", el("i", "!", aria_hidden="true"), error.message)
    words = " ".join(filter(None, (error.fix, more)))
    return el("div", title, el("p", words) if words else None, again, class_="fault", role="alert")


def _thinking(sample: Sample) -> Markup | None:
    if not sample.thinking:
        return None
    return fold("Thinking, not part of the answer", el("p", sample.thinking, class_="whole"))


def _no_tokens(sample: Sample) -> Markup | None:
    """Why there is no token view, and what would give one."""
    if sample.tokens or sample.state != "done" or not sample.text:
        return None
    words = f"Ollama {sample.version} tells no log-probabilities, so there is no token view and no lens."
    return el("p", words, " Update Ollama to 0.12.11 or later; everything else works.", class_="note warning")


def _timings(sample: Sample) -> Markup:
    """Waiting, loading, the first token, the pace: each under its own name."""
    stats = sample.stats
    parts: list[Markup] = []
    if stats is not None:
        waited = sample.waited_s
        if waited is not None:
            why = "Before the first token, neither loading nor reading the prompt: the queue and the way. An estimate."
            parts.append(tip(f"waited {seconds(waited)}", why))
        if stats.load_s:
            parts.append(tip(f"loading {seconds(stats.load_s)}", "The model was brought into memory."))
        if stats.prompt_s is not None:
            what = count(stats.prompt_tokens or 0, "token")
            parts.append(tip(f"prompt {seconds(stats.prompt_s)}", f"Reading {what} of prompt."))
        if stats.ttft_s is not None:
            parts.append(tip(f"first token {seconds(stats.ttft_s)}", "From sending to the first token, as seen here."))
        if stats.completion_tokens:
            parts.append(el("span", count(stats.completion_tokens, "token")))
        if stats.tokens_per_s:
            parts.append(el("span", f"{stats.tokens_per_s:.1f} tokens/s"))
    if sample.finish:
        words, why = _ENDS[sample.finish]
        parts.append(tip(words, why, "warning" if sample.finish == "length" else ""))
    elif sample.state == "running":
        most = sample.params.num_predict or 0
        far = f" of at most {most}" if most > 0 else ""
        parts.append(el("span", f"writing … {count(len(sample.tokens), 'token')}{far}", class_="busy"))
    return el("p", parts, class_="note clock")


def remarks(facts: Facts) -> dict[str, Remark]:
    """Of each knob: why it is not taken, and what its value is where nobody turned it."""
    return {name: _remark(facts.ignored.get(name, ""), *facts.untouched[name]) for name in facts.untouched}


def _remark(ignored: str, value: Any, origin: str) -> Remark:
    if not isinstance(value, int | float):
        return Remark(ignored)
    return Remark(ignored, value, origin.removesuffix(" default"))


def values_table(facts: Facts, probed: Mapping[str, Probed], controls: Markup | None) -> Markup:
    """What each option will really be, who decided it, whether the server listens, and what an experiment says."""
    rows = []
    for name, (value, origin) in facts.values.items():
        reason, found = facts.ignored.get(name, ""), probed.get(name)
        shown = "random" if name == "seed" and value is None else "none" if value is None else _number(value)
        if isinstance(value, list | tuple):
            shown = " ".join(map(repr, value))
        cells = [
            el("th", name, scope="row"),
            el("td", shown),
            el("td", f"ignored: {reason}" if reason else _origin(origin)),
            el("td", _verdict(found)) if probed else None,
        ]
        rows.append(el("tr", cells, class_="ignored" if reason else None))
    return el("div", el("table", rows, class_="options"), controls, class_="in-use")


def _verdict(found: Probed | None) -> Markup | None:
    if found is None:
        return None
    mark = {"taken": "✓ taken", "no effect seen": "✗ no effect seen", "not told": "? not told"}[found.verdict]
    return tip(mark, found.note or "The same seed with this option at two extremes.", found.verdict.replace(" ", "-"))
