"""Answers a model writes, through the app's own handlers and a real Ollama."""

import html

import pytest

from pipelines.engines.sampling import SamplingParams
from pipelines.settings import Settings
from playground.app import running
from playground.state import Session
from playground.tabs import chat, engine, evidence, recipe
from playground.views.answer import exchange

pytestmark = pytest.mark.ollama

TEXT = "The ferry to Stannel Point sails at 07:40 from the north quay, and at 16:10 it sails back."


@pytest.fixture(scope="module")
def services(ollama_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    with running(Settings(data_dir=folder, models_dir=folder, offline=True, port=0, ollama_host=ollama_url)) as (
        made,
        _,
    ):
        made.library.add_text("ferry.md", TEXT)
        yield made


@pytest.fixture
def session(services):
    chosen = engine.act(services, Session(), "model", "ollama/smollm2:latest", "")
    chosen = recipe.choose(chosen, "answer", "generated", {})
    knobs = {"temperature": 0.0, "num_predict": 24, "num_ctx": 1024}
    return recipe.choose(recipe.choose(chosen, "retriever", "hybrid", {"k": 1}), "sampling", "default", knobs)


def test_a_generated_answer_shows_who_how_fast_and_what_it_cost(services, session):
    asked = chat.ask(services, session, "When does the ferry sail?")
    states = list(services.answers.follow(asked.message))
    turn = services.turn(asked.message)
    assert turn.state == "done"
    assert (turn.style, turn.engine, turn.model) == ("generated", "ollama", "smollm2:latest")
    assert len({s.text for s in states}) > 1  # it grew
    assert turn.meter.counted == turn.stats.prompt_tokens > 0
    assert turn.messages[-1][0] == "user"
    assert TEXT in turn.messages[-1][1]
    drawn = str(exchange(turn, asked.message))
    for words in ("Generated", "smollm2:latest", "counted by the engine", "tokens/s", "Show the exact prompt"):
        assert words in drawn
    looked = evidence.first_look(services, asked, asked.message, turn)
    assert "<mark>" in str(evidence.panel(services, looked))


def test_stop_keeps_what_was_said(services, session):
    endless = recipe.choose(session, "sampling", "default", {"num_predict": 900, "num_ctx": 1024})
    asked = chat.ask(services, endless, "Count from one to one thousand in words.")
    for turn in services.answers.follow(asked.message):
        if turn.text:
            services.answers.stop(asked.conversation)
    kept = services.turn(asked.message)
    assert kept.state == "stopped"
    assert kept.text
    assert "Stopped." in str(exchange(kept, asked.message))


def test_values_really_used_are_shown(services, session):
    markup, remarks = engine.sampling(services, session)
    assert "num ctx" in markup
    assert "1024" in markup
    assert all(f"ignored: {one.ignored}" in html.unescape(markup) for one in remarks.values() if one.ignored)
    assert list(remarks) == list(SamplingParams.model_fields)
    assert (remarks["temperature"].standing, remarks["temperature"].origin) == (0.8, "server")
    assert "smollm2:latest" in engine.card(services, session)
