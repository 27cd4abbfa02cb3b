"""What pressing something in the sampling lab does to its state."""

from __future__ import annotations

from pipelines.engines.presets import applied, preset_of
from pipelines.engines.sampling import sampling_of
from pipelines.errors import UsageError
from pipelines.recipe import Choice, choose
from playground.lab.state import LETTERS
from playground.sampling.drawing import drawn
from playground.sampling.looking import knobs_of
from playground.sampling.state import Lens, Sampling, choices, with_column
from playground.services import Services
from playground.state import Session

#: Prompts to begin with: one open, one with a fact in it, one with a form.
EXAMPLES = (
    "Name a colour and say in one sentence why you like it.",
    "What is the capital of France?",
    "Write a two-line poem about the sea.",
)


def act(lab: Sampling, what: str, target: str) -> Sampling:
    """The lab after a person pressed something on the board.

    Raises:
        UsageError: what was pressed is not there any more.
    """
    try:
        return _act(lab, what, target)
    except (ValueError, IndexError) as error:  # a letter that is none, a number out of bounds
        raise UsageError("That is not there any more.") from error


def _act(lab: Sampling, what: str, target: str) -> Sampling:
    match what:
        case "columns":
            shown = int(target)
            pair = lab.pair if max(lab.pair) < shown else (0, 1)
            return _at(lab.to(shown=shown, pair=pair), min(lab.column, shown - 1), lab.token)
        case "tint":
            return lab.to(tint=target)
        case "together":
            return lab.to(together=target == "1")
        case "pair":
            one, other = int(target[0]), int(target[1])
            if not one < other < lab.shown:
                raise UsageError("Those columns are not there any more.")
            return lab.to(pair=(one, other))
        case "token":
            letter, _, number = target.partition(":")
            if letter not in list(LETTERS[: lab.shown]) or not number.isdigit():
                raise UsageError("That token is not there any more.")
            return _at(lab, LETTERS.index(letter), int(number))
        case "step":
            return lab.to(token=int(target))
        case "close":
            return lab.to(token=-1)
        case "example":
            return lab.to(prompt=EXAMPLES[int(target)], system="", before=(), token=-1)
    return lab


def _at(lab: Sampling, column: int, token: int) -> Sampling:
    """The lab looking at a token; another column's answer is looked at with its own knobs first."""
    if column == lab.column:
        return lab.to(token=token)
    return lab.to(column=column, token=token, lens=Lens(order=lab.lens.order))


def with_preset(session: Session, lab: Sampling, column: int, name: str) -> tuple[Sampling, Choice]:
    """The lab with a preset's knobs in a column, and the column's sampling then."""
    params = sampling_of(choices(session, lab)[column]["sampling"])
    choice = Choice(name="default", params=applied(params, name))
    return with_column(session, lab, column, choice, "sampling"), choice


def preset_in(session: Session, lab: Sampling, column: int) -> str:
    """Name of the preset a column has; "" where it is none."""
    return preset_of(sampling_of(choices(session, lab)[column]["sampling"]))


def take_over(services: Services, session: Session, lab: Sampling) -> Sampling:
    """The lab with the lens's knobs in the column it looks at.

    Raises:
        UsageError: there is no answer to look at, or a knob goes no further in a column.
    """
    facts = drawn(services, lab).at(lab.column).facts
    if facts is None:
        raise UsageError("The lens looks at nothing yet.", "Press Run first.")
    params = choices(session, lab)[lab.column]["sampling"].params
    turned = vars(knobs_of(lab.lens, facts.knobs))
    choice = choose("sampling", {"name": "default", "params": {**params.model_dump(), **turned}})
    return with_column(session, lab, lab.column, choice, "sampling")
