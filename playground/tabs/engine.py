"""The engine card of the sidebar: choose a model, fetch one, see what its options will really be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.errors import PlaygroundError
from playground.reading import choosing
from playground.sampling.facts import facts_of
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.knob_form import KnobForm
from playground.tabs.shell import Shell, panel, wire
from playground.views.engines import engine_card, sampling_facts
from playground.views.html import el
from playground.views.knobs import Remark
from playground.views.samples import remarks

#: Seconds between two looks at the engines.
TICK_S = 4.0

# handlers ---------------------------------------------------------------------------------------------


def card(services: Services, session: Session) -> str:
    """The card as it is now; asks the engines, so it may take a moment."""
    status = services.library.engines.status()
    jobs = services.jobs.snapshot()
    return str(engine_card(status, recipe_of(session).choice("model"), jobs, services.settings.offline))


def act(services: Services, session: Session, what: str, target: str, value: str) -> Session:
    """Choose a model, fetch one, cancel or dismiss a download."""
    match what:
        case "model":
            name, _, model = target.partition("/")
            knobs = {"name": model} if model else {}
            return session.to(recipe=recipe_of(session).with_("model", name, **knobs).to_json())
        case "pull":
            services.pull(target or value.strip())
        case "cancel":
            services.jobs.cancel(target)
        case "forget":
            services.jobs.forget(target)
    return session


def sampling(services: Services, session: Session) -> tuple[str, dict[str, Remark]]:
    """(what the options will really be, as markup; option -> what is to be said of its knob)."""
    recipe = recipe_of(session)
    try:
        found = services.library.engines.resolve(recipe.choice("model"))
        if found is None:
            return str(el("p", "No language model is at hand; quotes do not sample.", class_="facts")), {}
        facts = facts_of(*found, recipe)
    except PlaygroundError as error:
        return str(el("p", str(error), class_="facts")), {}
    return str(sampling_facts(facts)), remarks(facts)


# components ---------------------------------------------------------------------------------------------


class EngineCard:
    """The card's components and their wiring."""

    def __init__(self, services: Services, shell: Shell) -> None:
        self._services = services
        self._shell = shell
        self.card = panel("engine")
        self.models = gr.State("")  # changes whenever models come or go

    @property
    def outputs(self) -> list[Any]:
        """What :meth:`on_tick` updates."""
        return [self.card, self.models]

    def on_tick(self, kept: Any) -> list[str]:
        """Draw the card."""
        return [card(self._services, Session.restore(kept)), choosing.known(self._services)]

    def on_card(self, kept: Any, event: gr.EventData) -> Iterator[list[Any]]:
        """A person pressed something: the choice counts at once, the card may take a moment."""
        data = event._data
        session = act(self._services, Session.restore(kept), data["act"], data["arg"], data.get("value", ""))
        yield [session.keep(), recipe_of(session).summary(), gr.skip()]
        yield [gr.skip(), gr.skip(), card(self._services, session)]

    def add_sampling(self, form: KnobForm, fold: gr.Accordion) -> None:
        """Below the sampling knobs, when they are unfolded: effective values; knobs the server ignores are greyed."""
        facts = panel("sampling-facts")

        def on_open(kept: Any) -> list[Any]:
            session = Session.restore(kept)
            markup, said = sampling(self._services, session)
            return [markup, form.value(recipe_of(session).choice("sampling"), said)]

        with gr.Row():
            look = gr.Button("Show the values really used", size="sm", elem_id="look-sampling")
        wire([look.click, fold.expand], on_open, [self._shell.kept], [facts, form.html])


def build(services: Services, shell: Shell) -> EngineCard:
    """Draw the card and wire it."""
    made = EngineCard(services, shell)
    timer = gr.Timer(TICK_S)
    wire([timer.tick], made.on_tick, [shell.kept], made.outputs)
    wire([made.card.click], made.on_card, [shell.kept], [shell.kept, shell.words, made.card])
    return made
