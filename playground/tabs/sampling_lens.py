"""The sampling lab's lens: sliders that ask no model, and whole distributions, which do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from pipelines.errors import EngineError
from playground.lab.state import LETTERS
from playground.sampling import acting, board, exact
from playground.sampling.drawing import drawn
from playground.sampling.facts import at_hand, facts_of
from playground.sampling.full import key_of
from playground.sampling.looking import knobs_of
from playground.sampling.state import Lens, Sampling, recipes
from playground.services import Services
from playground.state import Session
from playground.tabs.sampling_parts import Parts
from playground.tabs.sampling_values import ColumnValues
from playground.tabs.shell import Shell, wire
from playground.tabs.wishes import Wishes, once
from playground.views import sampling as views

#: Draws the board anew: (session, lab, when it was wished for, whether the lens's sliders are to move).
Redraw = Callable[..., Iterator[list[Any]]]


class LensTab:
    """The lens's components and their wiring."""

    def __init__(self, services: Services, shell: Shell, parts: Parts, values: ColumnValues) -> None:
        self._services, self._shell, self._parts, self._values = services, shell, parts, values

    def _now(self, lab: Any) -> Sampling:
        return self._services.labs.now(Sampling, lab)

    def show(self, session: Session, lab: Sampling) -> list[Any]:
        """Updates that show the lens's knobs."""
        try:
            facts = drawn(self._services, lab).at(lab.column).facts
            if facts is None:
                recipe = recipes(session, lab)[min(lab.column, lab.shown - 1)]
                facts = facts_of(*at_hand(self._services, recipe), recipe)
        except EngineError:  # no model, no values; the column says why
            return [gr.skip()] * len(self._parts.lens)
        knobs = vars(knobs_of(lab.lens, facts.knobs))
        updates = [
            gr.update(value=knobs[field], maximum=max(slider.maximum, knobs[field]))
            for field, slider in self._parts.sliders.items()
        ]
        return [*updates, gr.update(value=lab.lens.order, info=" → ".join(facts.order).replace("_", "-"))]

    def panel(self, lab: Sampling) -> str:
        """The button for the whole distributions of the answer looked at, or how far they are."""
        now, found = drawn(self._services, lab), self._services.measurements.peek(lab.work("exact"))
        sample = now.at(lab.column).sample
        if found is not None and found.state == "running":
            return str(views.fetching(found))
        if sample is None or not exact.offered(sample) or not exact.short_enough(sample):
            return ""
        missing = self._services.full.missing(key_of(now.messages, sample), len(sample.tokens))
        return str(views.offer_exact(len(missing), found))

    def _followed(self, kept: Any, lab: Any) -> Iterator[list[Any]]:
        """The panel while distributions come, then the lens and the token with them."""
        now = self._now(lab)
        for _ in self._services.measurements.follow(now.work("exact")):
            yield [self.panel(now), gr.skip(), gr.skip()]
        latest = self._now(lab)
        found = drawn(self._services, latest)
        made = recipes(Session.restore(kept), latest)
        final = board.Board(latest, made, found, board.looked(self._services, latest, found))
        yield [self.panel(latest), *(markup or gr.skip() for markup in final.markup()[-2:])]

    def wire(self, tab: gr.Tab, wishes: Wishes, redraw: Redraw) -> None:
        """Connect everything."""
        parts, services = self._parts, self._services

        def on_slider(kept: Any, lab: Any, made: float, *shown: Any) -> Iterator[list[Any]]:
            values = dict(zip([*parts.sliders, "order"], shown, strict=True))
            now = self._now(lab).to(lens={**values, "top_k": int(values["top_k"])})
            yield from redraw(Session.restore(kept), now, made)

        def on_reset(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            yield from redraw(Session.restore(kept), self._now(lab).to(lens=Lens()), made, sliders=True)

        def on_over(kept: Any, lab: Any, made: float) -> Iterator[list[Any]]:
            session = Session.restore(kept)
            now = acting.take_over(services, session, self._now(lab))
            presets = [acting.preset_in(session, now, at) for at in range(len(LETTERS))]
            forms = [self._values.knobs(kept, now, at) for at in range(len(LETTERS))]
            yield from once([*presets, *forms], redraw(session, now, made))

        def on_exact(kept: Any, lab: Any, event: gr.EventData) -> Iterator[list[Any]]:
            if event._data["act"] == "exact":
                exact.start(services, self._now(lab))
            else:
                services.measurements.stop(self._now(lab).work("exact"))
            yield from self._followed(kept, lab)

        def on_return(kept: Any, lab: Any) -> Iterator[list[Any]]:
            found = services.measurements.peek(self._now(lab).work("exact"))
            if found is None or found.state != "running":
                return
            yield from self._followed(kept, lab)

        forms = [*parts.presets, *(form.html for form in parts.forms)]
        moved: list[Any] = [*(one.input for one in parts.sliders.values()), parts.order.input]
        wishes.wire(moved, on_slider, parts.lens)
        wishes.wire([parts.reset.click], on_reset, [])
        wishes.wire([parts.over.click], on_over, [], forms)
        given, outputs = [self._shell.kept, parts.lab], [parts.exact, parts.seen, parts.token]
        wire([parts.exact.click], on_exact, given, outputs)
        wire([tab.select], on_return, given, outputs)
