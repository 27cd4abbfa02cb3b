"""The experiment that finds out which options are taken: on real engines, and on servers that take nothing."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.probing import OPTIONS, probe
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import Cancelled, EngineUnreachable
from tests.ollama_replay import Replay, Reply, ndjson


class Script(dict[str, Reply]):
    """Routes of a server whose chats are answered in turn, the last one for ever."""

    def __init__(self, *chats: Reply) -> None:
        super().__init__()
        self._chats = list(chats)

    def get(self, path: str, default: Any = None) -> Any:
        if path != "/api/chat":
            return super().get(path, default)
        return self._chats.pop(0) if len(self._chats) > 1 else self._chats[0]


def says(text: str) -> Reply:
    return ndjson({"message": {"content": text}, "done": True, "done_reason": "stop"})


def probed(*chats: Reply, **how: Any):
    with Replay("0.32.15", routes=Script(*chats)) as server:
        return list(probe(OllamaEngine(server.url), "smollm2", **how)), server.requests


def test_options_are_knobs_of_the_sampling_section():
    assert len(OPTIONS) == 12
    assert set(OPTIONS) < set(SamplingParams.model_fields)


@pytest.mark.builtin
def test_the_builtin_engine_takes_every_option(builtin_engine):
    found = list(probe(builtin_engine, "smollm2-135m", num_ctx=2048))
    assert [(one.option, one.verdict) for one in found] == [(option, "taken") for option in OPTIONS]
    assert all(one.texts[0] != one.texts[1] and one.values[0] != one.values[1] for one in found)
    by_name = {one.option: one for one in found}
    assert by_name["format"].texts[1].startswith("{")
    assert by_name["num_predict"].texts[0].startswith(by_name["num_predict"].texts[1])


@pytest.mark.ollama
def test_a_real_ollama_takes_the_usual_options(ollama_url):
    tried = ("top_k", "num_predict", "stop")
    found = list(probe(OllamaEngine(ollama_url), "smollm2", options=tried, num_ctx=2048))
    assert [(one.option, one.verdict) for one in found] == [(option, "taken") for option in tried]


def test_a_server_that_always_says_the_same_shows_no_effect():
    found, requests = probed(says("The sea, the sea, la la la"))
    assert [one.option for one in found] == list(OPTIONS)
    assert {one.verdict for one in found} == {"no effect seen"}
    assert all(one.note for one in found)
    bodies = [body for path, body in requests if path == "/api/chat"]
    assert len(bodies) == 2 + len(OPTIONS) + 2  # two equal runs first; two options are tried at both ends
    assert {body["options"]["seed"] for body in bodies} == {7, 8}


def test_one_seed_with_two_texts_tells_nothing():
    found, requests = probed(says("The sea, the sea"), says("La la la"))
    assert [(one.option, one.verdict) for one in found] == [(option, "not told") for option in OPTIONS]
    assert "same seed" in found[0].note
    assert len([path for path, _ in requests if path == "/api/chat"]) == 2


def test_a_model_that_says_nothing_tells_nothing():
    found, _ = probed(says(""))
    assert {one.verdict for one in found} == {"not told"}
    assert "too little" in found[0].note


def test_an_option_that_is_refused_is_not_told_and_the_others_go_on():
    refusal = Reply(400, json.dumps({"error": "invalid option"}).encode(), "application/json")
    same = says("The sea, the sea")
    found, _ = probed(same, same, refusal, same, options=("temperature", "top_k"))
    assert [(one.option, one.verdict) for one in found] == [("temperature", "not told"), ("top_k", "no effect seen")]
    assert "invalid option" in found[0].note


def test_thinking_counts_as_what_was_said():
    thought = {"message": {"content": "", "thinking": "Hm, the sea, the sea."}, "done": False}
    reply = ndjson(thought, {"message": {"content": ""}, "done": True, "done_reason": "length"})
    found, _ = probed(reply, options=("top_p",))
    assert found[0].texts == ("Hm, the sea, the sea.",) * 2


def test_a_stopped_experiment_says_so():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        probed(says("The sea, the sea"), cancel=cancel)


def test_a_server_that_is_not_there_is_an_error():
    with pytest.raises(EngineUnreachable):
        list(probe(OllamaEngine("http://127.0.0.1:9"), "smollm2"))
