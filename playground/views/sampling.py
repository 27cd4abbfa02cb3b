"""Around the columns of the sampling lab: its tools, its empty state, what stands where the lens has nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.engines.presets import KNOBS, PRESETS, preset_of
from pipelines.engines.probing import OPTIONS
from pipelines.engines.sampling import SamplingParams, sampling_of
from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe
from playground.lab.state import LETTERS
from playground.sampling.acting import EXAMPLES
from playground.sampling.drawing import Drawn
from playground.sampling.exact import SECONDS_A_TOKEN, Fetching
from playground.sampling.looking import Look
from playground.sampling.probing import Probing
from playground.sampling.state import Sampling
from playground.views.columns import letter_mark
from playground.views.growth import failed
from playground.views.html import bar, button, el, join, tip
from playground.views.tools import how_many, pressed
from playground.views.words import count, seconds

#: Values of a preset that are told beside its name; more would be longer than helpful.
_FEW = 3

#: Tint -> (label, what it stands for).
TINTS = {
    "probability": ("probability", "The stronger, the less likely the model thought the token, before any cut."),
    "surprise": ("surprise", "−log2 of the probability, in bits (Shannon 1948): strongest from 8 bits on."),
    "entropy": (
        "entropy",
        "How open the choice was: −Σ p log2 p over the candidates (Shannon 1948), in bits; strongest from 5 on.",
    ),
    "none": ("none", "Plain text."),
}


def named(recipes: Sequence[Recipe]) -> Callable[[Recipe], str]:
    """Names a column by its knobs, and by its model where the models differ."""
    models = {str(recipe.choice("model")) for recipe in recipes}

    def words(recipe: Recipe) -> str:
        told = told_knobs(sampling_of(recipe.choice("sampling")))
        return f"{recipe.choice('model')}: {told}" if len(models) > 1 else told

    return words


def told_knobs(params: SamplingParams) -> str:
    """A preset by its name, with its values where they are few; all other knobs by their values."""
    changed, preset = params.model_dump(exclude_defaults=True), PRESETS.get(preset_of(params))
    if preset is None:
        return _values(changed)
    few = f": {_values(preset.values)}" if 0 < len(preset.values) <= _FEW else ""
    rest = _values({name: value for name, value in changed.items() if name not in KNOBS})
    return ", ".join(filter(None, (preset.label.lower() + few, rest)))


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def toolbar(lab: Sampling, drawn: Drawn) -> Markup:
    """What the tint stands for, in which order columns are drawn, how many there are."""
    tints = [
        button(label, "tint", name, class_="switch", title=why, aria_pressed=pressed(lab.tint == name))
        for name, (label, why) in TINTS.items()
    ]
    ways = [
        button(label, "together", int(together), class_="switch", title=why,
               aria_pressed=pressed(lab.together == together))
        for together, label, why in (
            (False, "one after the other", "Each column has the server to itself, so its timings are its own."),
            (True, "together", "All at once. Most servers answer one at a time (OLLAMA_NUM_PARALLEL is 1, the built-in "
                               "engine has one place): then columns wait, and “waited” says how long."),
        )
    ]  # fmt: skip
    export = el("a", "Export all", href=f"/sampling/{lab.id}.json", download=True, class_="quiet")
    return el(
        "div",
        el("div", el("span", "Tint"), tints, class_="group"),
        el("div", el("span", "Draw"), ways, class_="group"),
        el("div", export if drawn.anything else None, class_="group"),
        how_many(lab.shown),
        class_="toolbar lab-toolbar",
    )


def empty() -> Markup:
    """Before anything was drawn."""
    words = (
        "One prompt, several ways of drawing words from the same model. Every token can be clicked: what else might "
        "have been said, and what each knob would have done. "
        "Try first: click a prompt, then a tinted word of the answer, and move the lens’s temperature."
    )
    tries = [button(words, "example", at, class_="quiet") for at, words in enumerate(EXAMPLES)]
    return el("div", el("p", words), el("p", tries, class_="tries"), class_="desk empty")


def no_lens(lab: Sampling, drawn: Drawn) -> Markup | str:
    """Why there is no lens; nothing before the first run."""
    sample = drawn.at(lab.column).sample
    if sample is None or not sample.text:
        return el("p", "The lens needs a finished answer: press Run.", class_="facts")
    words = (
        f"{sample.model} on {sample.engine} {sample.version} told no log-probabilities, so the lens has nothing to "
        "work on. Ollama tells them from version 0.12.11 on; the built-in engine always does."
    )
    return el("p", words, class_="facts")


def token_panel(look: Look, close: Markup | None, asking: bool, problem: PlaygroundError | None) -> Markup:
    """The token looked at, or how to look at one."""
    letter = letter_mark(LETTERS[look.column])
    if close is None:
        return el("p", letter, " Click any token above to see what else might have been said there.", class_="facts")
    remark = None
    if asking:
        why = "The built-in engine can give the probability of every token; one such answer takes about half a second."
        remark = el("p", tip("Asking for the whole distribution …", why), class_="facts busy")
    if problem is not None:
        remark = el("p", f"The whole distribution did not come: {problem}", class_="warning")
    return el("div", close, remark)


def offer_exact(missing: int, found: Fetching | None) -> Markup:
    """The button that makes the lens exact, or that it is."""
    if not missing:
        return el("p", "Every token’s whole distribution is here: the lens is exact.", class_="facts")
    why = "Asks the built-in engine for the probability of every token of its vocabulary, at every place of the answer."
    words = f"Make it exact (about {seconds(missing * SECONDS_A_TOKEN)})"
    stopped = el("p", "Stopped: what came is kept.", class_="warning") if found and found.state == "stopped" else None
    return join(button(words, "exact", "", class_="quiet", title=why), stopped, failed(found) if found else None)


def fetching(found: Fetching) -> Markup:
    """How many distributions have come."""
    done = len(found.rows)
    left = found.seconds_left(found.total - done)
    words = f"Distribution {min(done + 1, found.total)} of {found.total}"
    words += f", about {seconds(left)} left" if left else ""
    return el(
        "div",
        el("p", words),
        bar(done / max(1, found.total), words),
        button("Stop", "exact-stop", "", class_="quiet"),
        class_="status busy",
    )


def probe_control(mine: Probing | None, any_: Probing | None) -> Markup:
    """The button that settles by experiment what is taken, or how far that is."""
    if mine is not None and mine.state == "running":
        done = len(mine.rows)
        words = f"Option {min(done + 1, len(OPTIONS))} of {len(OPTIONS)}"
        stop = button("Stop", "probe-stop", "", class_="quiet")
        return el("div", el("p", words), bar(done / len(OPTIONS), words), stop, class_="status busy")
    busy = any_ is not None and any_.state == "running"
    why = "Draws a short text with the same seed and each option at two extremes: is it the same text or not?"
    again = "Probe again" if mine is not None else "Probe: does it take them?"
    notes = [failed(mine)] if mine is not None else []
    if mine is not None and mine.state == "stopped":
        notes.append(el("p", f"Stopped after {count(len(mine.rows), 'option')}.", class_="warning"))
    return el("div", button(again, "probe", "", class_="quiet", title=why, disabled=busy), notes)
