"""Texts drawn from real engines and from recorded ones: how they grow, how they end, what they keep."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import replace

import pytest

from pipelines import samples
from pipelines.engines.base import Candidate, Message, Stats, TokenEvent
from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.sampling import SamplingParams
from pipelines.errors import ContextOverflow, EngineFailed, EngineUnreachable, ModelMissing, UsageError
from pipelines.samples import Sample, draw
from tests.ollama_replay import Replay, captured, ndjson

HELLO = [Message("user", "What is the capital of France?")]
SCHEMA = '{"type":"object","properties":{"capital":{"type":"string"}},"required":["capital"]}'
SHORT = SamplingParams(temperature=1.2, seed=3, num_predict=6, num_ctx=2048)


@pytest.fixture(
    scope="module",
    params=[pytest.param("ollama", marks=pytest.mark.ollama), pytest.param("builtin", marks=pytest.mark.builtin)],
)
def at_hand(request):
    if request.param == "builtin":
        return request.getfixturevalue("builtin_engine"), "smollm2-135m"
    return OllamaEngine(request.getfixturevalue("ollama_url")), "smollm2"


def grown(at_hand, params=SHORT, **more) -> list[Sample]:
    engine, model = at_hand
    return list(draw(engine, model, HELLO, params, **more))


def recorded(server: Replay, params=SHORT) -> list[Sample]:
    return grown((OllamaEngine(server.url), "smollm2"), params)


# real engines ----------------------------------------------------------------------------------------


def test_a_sample_waits_then_grows_then_is_done(at_hand):
    states = grown(at_hand)
    assert [one.state for one in states] == ["waiting", *["running"] * (len(states) - 2), "done"]
    assert all(later.text.startswith(one.text) for one, later in itertools.pairwise(states))
    last = states[-1]
    assert (last.engine, last.model, last.version) == (at_hand[0].name, at_hand[1], at_hand[0].version)
    assert last.text
    assert last.finish == "length"
    assert last.stats.completion_tokens == 6
    assert last.waited_s >= 0
    if last.tokens:
        assert "".join(token.text for token in last.tokens) == last.text
        assert all(token.logprob <= 0 and len(token.candidates) == 20 for token in last.tokens)
    else:
        assert last.engine == "ollama"


def test_the_same_seed_gives_the_same_text(at_hand):
    first, again, other = (grown(at_hand, SHORT.model_copy(update={"seed": seed}))[-1] for seed in (3, 3, 4))
    assert first.text == again.text != other.text


def test_a_stop_text_ends_a_sample(at_hand):
    whole = grown(at_hand)[-1].text
    word = whole[len(whole) // 2 :]
    last = grown(at_hand, SHORT.model_copy(update={"stop": (word,)}))[-1]
    assert last.finish == "stop"
    assert word not in last.text


def test_a_cancelled_sample_is_stopped_and_keeps_its_text(at_hand):
    cancel = threading.Event()
    engine, model = at_hand
    for one in draw(engine, model, HELLO, SHORT.model_copy(update={"num_predict": 300}), cancel=cancel):
        if one.text:
            cancel.set()
    assert (one.state, one.finish) == ("stopped", "cancelled")
    assert one.text
    assert one.error is None


def test_a_schema_is_followed(at_hand):
    params = SamplingParams(temperature=0, num_predict=16, num_ctx=2048, format=SCHEMA)
    assert grown(at_hand, params)[-1].text.lstrip().startswith("{")


def test_errors_are_kept_and_not_raised(at_hand):
    engine, _ = at_hand
    missing = list(draw(engine, "no-such-model", HELLO, SHORT))[-1]
    assert (missing.state, type(missing.error), missing.text) == ("failed", ModelMissing, "")
    assert missing.to_json()["error"]["fix"]


@pytest.mark.builtin
def test_a_prompt_over_the_window_fails_with_the_way_out(builtin_engine):
    long = [Message("user", "tide " * 3000)]
    last = list(draw(builtin_engine, "smollm2-135m", long, SamplingParams(num_ctx=2048)))[-1]
    assert last.state == "failed"
    assert isinstance(last.error, ContextOverflow)
    assert "num_ctx" in last.error.fix


# recorded and handmade answers ------------------------------------------------------------------------


def test_a_new_server_gives_tokens_with_candidates():
    with Replay("0.32.15").chat("chat_stream_logprobs") as server:
        last = recorded(server)[-1]
        body = next(body for path, body in server.requests if path == "/api/chat")
    assert last.state == "done"
    assert [token.text for token in last.tokens] == ["The", " capital", " of", " France", " is", " Paris", "."]
    assert body["top_logprobs"] == samples.CANDIDATES == 20
    told = last.to_json()
    assert told["tokens"][0]["candidates"][1]["token"] == "Paris"
    assert "candidates" not in last.to_json(candidates=False)["tokens"][0]
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("version", ["0.9.3", "0.32.15"])
def test_an_answer_without_log_probabilities_has_no_tokens(version):
    with Replay(version).chat("chat_stream") as server:
        last = recorded(server)[-1]
    assert last.text.startswith("The capital of France is Paris")
    assert last.tokens == ()
    assert last.to_json()["tokens"] is None
    assert last.to_json()["stats"]["tokens_per_s"] > 0


@pytest.mark.parametrize("version", ["0.9.3", "0.32.15"])
def test_a_schema_goes_beside_the_options(version):
    with Replay(version).chat("chat_schema") as server:
        last = recorded(server, SamplingParams(format=SCHEMA, temperature=0))[-1]
        body = next(body for path, body in server.requests if path == "/api/chat")
    assert "capital" in json.loads(last.text)
    assert body["format"] == json.loads(SCHEMA)
    assert body["options"] == {"temperature": 0, "num_predict": 512, "num_ctx": 4096}


def chunk(text: str) -> dict:
    return {"message": {"role": "assistant", "content": text}, "done": False}


@pytest.mark.parametrize("version", ["0.9.3", "0.32.15"])
def test_an_error_in_mid_stream_keeps_the_text_so_far(version):
    with Replay(version) as server:
        server.routes["/api/chat"] = ndjson(chunk("The capital"), chunk(" is"), {"error": "the runner crashed"})
        last = recorded(server)[-1]
    assert (last.state, last.text, last.finish, last.stats) == ("failed", "The capital is", None, None)
    assert isinstance(last.error, EngineFailed)
    assert "crashed" in last.to_json()["error"]["message"]


@pytest.mark.parametrize("version", ["0.9.3", "0.32.15"])
def test_a_cut_connection_keeps_the_text_so_far(version):
    whole = captured(version, "chat_stream_logprobs").body
    with Replay(version).chat("chat_stream_logprobs", cut=len(whole) // 2) as server:
        last = recorded(server)[-1]
    assert last.state == "failed"
    assert last.text.startswith("The capital")
    assert "".join(token.text for token in last.tokens) in ("", last.text)


def test_nothing_at_the_address_is_a_failed_sample():
    states = grown((OllamaEngine("http://127.0.0.1:9"), "smollm2"))
    assert [one.state for one in states] == ["failed"]
    assert isinstance(states[0].error, EngineUnreachable)


def test_thinking_is_kept_apart():
    with Replay("0.32.15") as server:
        thought = {"message": {"role": "assistant", "content": "", "thinking": "Hmm."}, "done": False}
        end = {"message": {"content": "."}, "done": True, "done_reason": "stop"}
        server.routes["/api/chat"] = ndjson(thought, chunk("Paris"), end)
        last = recorded(server)[-1]
    assert (last.thinking, last.text, last.state) == ("Hmm.", "Paris.", "done")
    assert last.to_json()["thinking"] == "Hmm."


# values ------------------------------------------------------------------------------------------------


def test_waiting_is_what_neither_loading_nor_reading_took():
    sample = Sample(SHORT, "ollama", "0.32.15", "m")
    assert sample.waited_s is None
    done = replace(sample, stats=Stats(load_s=1.0, ttft_s=4.0, prompt_s=0.5))
    assert done.waited_s == 2.5
    assert replace(sample, stats=Stats(load_s=1.0, ttft_s=0.9, prompt_s=0.5)).waited_s == 0
    assert replace(sample, stats=Stats(ttft_s=0.9)).waited_s is None


def test_a_token_that_is_half_a_character_tells_its_bytes():
    half = TokenEvent("", -0.5, (Candidate("\ufffd", -0.5, (240, 159)), Candidate("é", -1.0, (195, 169))), (240, 159))
    token = Sample(SHORT, "builtin", "1", "m", tokens=(half,)).to_json()["tokens"][0]
    assert token == {
        "token": "",
        "logprob": -0.5,
        "bytes": [240, 159],
        "candidates": [{"token": "\ufffd", "logprob": -0.5, "bytes": [240, 159]}, {"token": "é", "logprob": -1.0}],
    }


def test_seeds_count_from_one_unless_given():
    assert samples.seeds(3) == (1, 2, 3)
    assert samples.seeds(2, first=7) == (7, 8)
    assert samples.seeds(2, [5, 5]) == (5, 5)
    assert samples.seeds(1, [4, 2, 4]) == (4, 2, 4)


@pytest.mark.parametrize(("n", "given"), [(3, (1, 2)), (0, ())])
def test_seeds_that_do_not_fit_are_wrong_usage(n, given):
    with pytest.raises(UsageError):
        samples.seeds(n, given)
