"""Wishes of a lab: what a person changes redraws a board; a newer wish waits for short work and ends long work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event as CancelFlag
from threading import Timer
from typing import Any

import gradio as gr

from playground.tabs.shell import wire
from playground.tasks import Tasks

#: Seconds after which work is long: a newer wish does not wait for it.
LONG_S = 0.4

#: Puts the moment of a wish into an input: requests may overtake each other.
MOMENT = "(...given) => { given[%d] = performance.timeOrigin + performance.now(); return given; }"

#: The markup of every panel of a board, None for those that stay as they were.
Markup = list[str | None]


@dataclass(frozen=True)
class Wishes:
    """How one lab is wired.

    Args:
        tasks: Where its work is named.
        kept: The session's state, the first input of every handler.
        lab: The lab's state, the second.
        moment: When the wish was made, the third; filled by the page.
        outputs: What a redrawing updates: the lab's state, other components, then the panels.
        id_of: Name of the work of a lab, from its state.
        elsewhere: Buttons of the board that do not draw it anew.
    """

    tasks: Tasks
    kept: gr.BrowserState
    lab: gr.BrowserState
    moment: gr.Number
    outputs: Sequence[Any]
    id_of: Callable[[Any], str]
    elsewhere: tuple[str, ...] = ()

    def wire(
        self,
        triggers: list[Any],
        handler: Any,
        inputs: list[Any],
        more: Sequence[Any] = (),
        *,
        pressed: bool = False,
    ) -> None:
        """Wire a handler ``(kept, lab, moment, *inputs)`` that yields ``more`` and then what :func:`redraw` yields.

        Args:
            triggers: Events; they reach ``handler`` only.
            handler: Reads what it needs from its inputs when its turn comes, or, if ``pressed``, from the event.
            inputs: After the session, the lab and the moment.
            more: Outputs before the board's.
            pressed: Whether the event says what is wished for. A page that waits for a running handler would run it
                again with the event that it began with: so it does not wait.
        """

        def on_overtake(lab: Any, made: float, event: gr.EventData) -> None:
            if isinstance(event._data, dict) and event._data.get("act") in self.elsewhere:
                return
            Timer(LONG_S, self.tasks.overtake, (self.id_of(lab), made)).start()

        overtaking = [self.lab, self.moment]
        wire(triggers, on_overtake, overtaking, [], trigger_mode="multiple", queue=False, js=MOMENT % 1)
        given = [self.kept, self.lab, self.moment, *inputs]
        mode = "multiple" if pressed else "always_last"
        wire(triggers, handler, given, [*more, *self.outputs], trigger_mode=mode, js=MOMENT % 2)

    def beside(self, more: int, updates: Iterator[list[Any]]) -> Iterator[list[Any]]:
        """A redrawing that leaves ``more`` components before the board as they are.

        For a wish that changes nothing: it has overtaken the one before, whose work must be followed on.
        """
        return once([gr.skip()] * more, updates)

    def redraw(
        self, name: str, made: float, first: list[Any], draw: Callable[[CancelFlag], Iterator[Markup]]
    ) -> Iterator[list[Any]]:
        """The state at once, then each panel as it changes.

        If a later wish has come before this one, not a single update: what a handler would put before the first one,
        a form as it was for this wish, must not undo the later one either.

        Args:
            name: Of the lab's work.
            made: When it was wished for.
            first: Updates of what comes before the panels.
            draw: The board as it comes to be.
        """
        panels = len(self.outputs) - len(first)
        flag = self.tasks.begin(name, made)
        if flag.is_set():
            return
        yield [*first, *[gr.skip()] * panels]
        rest = [gr.skip()] * len(first)
        before: Markup = [None] * panels
        for markup in draw(flag):
            if flag.is_set() and not self.tasks.holds(name, flag):  # a newer wish draws already
                return
            fresh = [at for at, new in enumerate(markup) if new is not None and new != before[at]]
            before = markup
            yield [*rest, *(markup[at] if at in fresh else gr.skip() for at in range(panels))]


def once(first: Sequence[Any], updates: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """A redrawing with what stands before it: updates that come with its first ones only."""
    for update in updates:
        yield [*first, *update]
        first = [gr.skip()] * len(first)
