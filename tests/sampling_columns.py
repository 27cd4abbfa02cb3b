"""What tests of the sampling lab share: columns, runs and their ends, a recorded Ollama in place of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.engines.ollama import OllamaEngine
from pipelines.recipe import Recipe
from pipelines.settings import Settings
from playground.sampling import board, drawing
from playground.sampling.drawing import drawn
from playground.sampling.state import Sampling
from playground.services import Services
from playground.state import Session
from tests.ollama_replay import Replay, ndjson

ASK = "Name a sea animal."
WINDOW = 512
SESSION = Session(recipe=Recipe().with_("sampling", num_ctx=WINDOW).to_json())
BUILTIN = {"name": "builtin", "params": {"name": "smollm2-135m"}}
OLLAMA = {"name": "ollama", "params": {"name": "smollm2"}}
MISSING = {"name": "builtin", "params": {"name": "no-such-model"}}
KNOBS = {"seed": 3, "num_predict": 8, "temperature": 1.2, "top_k": 50, "top_p": 0.95}
LONG = {"num_predict": 300, "temperature": 0}
WILD = {"num_predict": 4, "temperature": 2, "top_k": 0, "top_p": 1}
TALE = "Tell me a long story about the sea."


def column(model=BUILTIN, **knobs):
    return {"model": model, "sampling": {"name": "default", "params": {**KNOBS, **knobs}}}


def lab_of(*columns, prompt=ASK, **more):
    return Sampling(columns=columns or (column(), column(temperature=0)), prompt=prompt, **more)


@contextmanager
def opened(folder, models=None) -> Iterator[Services]:
    """The process's services, where no Ollama answers; without a folder of models there is no built-in one either."""
    models = models or folder / "models"
    made = Services.open(
        Settings(data_dir=folder, models_dir=models, offline=True, ollama_host="127.0.0.1:9", threads=1)
    )
    yield made
    made.close()


def drew(services, lab, only=(), session=SESSION):
    drawing.start(services, session, lab, only)
    services.measurements.settle(lab.work("draw"), 60)
    return drawn(services, lab)


def until(services, lab, when, what="draw"):
    """The work as soon as something is so; it goes on."""
    for now in services.measurements.follow(lab.work(what)):
        if when(now):
            return now
    raise AssertionError("it ended first")


def stop(services, lab, what="draw"):
    services.measurements.stop(lab.work(what))
    services.measurements.settle(lab.work(what), 20)


def boards(services, lab, session=SESSION):
    return list(board.draw(services, session, lab, services.tasks.begin(lab.id)))


def said(now):
    return [answer.sample and answer.sample.text for answer in now.answers]


def states(now):
    return [answer.sample and answer.sample.state for answer in now.answers]


@contextmanager
def answering(services, url):
    """The lab's Ollama is the one at an address."""
    engines = services.library.engines
    before, engines.ollama = engines.ollama, OllamaEngine(url)
    engines.forget()
    try:
        yield
    finally:
        engines.ollama.close()
        engines.ollama = before
        engines.forget()


@contextmanager
def recorded(services, replay):
    """The lab's Ollama is a recorded one."""
    with replay as server, answering(services, server.url):
        yield server


def chunk(text):
    return {"message": {"role": "assistant", "content": text}, "done": False}


def hanging():
    """A server that says a few words, and then nothing."""
    replay = Replay("0.32.15")
    replay.routes["/api/chat"] = ndjson(chunk("The"), chunk(" sea"), hang=True)
    return replay
