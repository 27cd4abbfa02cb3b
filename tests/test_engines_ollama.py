"""The Ollama engine against recorded answers of two versions, and against answers written by hand."""

from __future__ import annotations

import json
import threading

import pytest

from pipelines.engines.base import DoneEvent, Message, ThinkingEvent, TokenEvent
from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.errors import (
    Cancelled,
    ContextOverflow,
    DownloadFailed,
    DownloadForbidden,
    EngineFailed,
    EngineRefused,
    EngineUnreachable,
    ModelMissing,
)
from tests.ollama_replay import Replay, Reply, captured, ndjson

BOTH = pytest.mark.parametrize("version", ["0.9.3", "0.32.15"])
HELLO = [Message("user", "Hello")]


def ask(server: Replay, model: str = "smollm2", **kwargs):
    return list(OllamaEngine(server.url).chat(model, HELLO, kwargs.pop("options", {}), **kwargs))


def text_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, TokenEvent))


def sent(server: Replay, path: str = "/api/chat"):
    return next(body for where, body in server.requests if where == path)


@BOTH
def test_a_stream_ends_with_what_the_server_measured(version):
    with Replay(version).chat("chat_stream") as server:
        events = ask(server)
    assert text_of(events).startswith("The capital of France is Paris")
    done = events[-1]
    assert isinstance(done, DoneEvent)
    assert (done.stats.prompt_tokens, done.stats.completion_tokens) == (19, 8)
    assert done.stats.load_s == pytest.approx({"0.9.3": 0.018036550, "0.32.15": 1.564821354}[version])
    assert done.stats.tokens_per_s == pytest.approx(8 / {"0.9.3": 1.201759344, "0.32.15": 0.323813}[version])
    assert done.finish == {"0.9.3": "length", "0.32.15": "stop"}[version]
    assert done.stats.ttft_s is not None
    assert done.stats.ttft_s > 0


def test_logprobs_keep_candidates_and_bytes():
    with Replay("0.32.15").chat("chat_stream_logprobs") as server:
        first = ask(server, top_logprobs=3)[0]
        body = sent(server)
    assert first == TokenEvent("The", first.logprob, first.candidates, (84, 104, 101))
    assert first.logprob == pytest.approx(-0.8158407)
    assert [c.token for c in first.candidates] == ["The", "Paris", "L"]
    assert first.candidates[1].bytes == (80, 97, 114, 105, 115)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)
    assert (body["truncate"], body["shift"]) == (False, False)


def test_an_old_server_is_not_asked_for_what_it_ignores():
    with Replay("0.9.3").chat("chat_stream_logprobs") as server:
        events = ask(server, top_logprobs=3)
        body = sent(server)
    assert events[0].logprob is None
    assert not {"logprobs", "top_logprobs", "truncate", "shift"} & set(body)


def test_options_go_as_a_dict_without_the_unset_ones():
    with Replay("0.32.15").chat("chat_stream") as server:
        ask(
            server, options={"min_p": 0.1, "temperature": None, "stop": ("\n",)}, think=False, schema={"type": "object"}
        )
        body = sent(server)
    assert body["options"] == {"min_p": 0.1, "stop": ["\n"]}
    assert body["think"] is False
    assert body["format"] == {"type": "object"}


@BOTH
@pytest.mark.parametrize("pieces", [1, 7, 64])
def test_lines_may_arrive_in_any_pieces(version, pieces):
    with Replay(version).chat("chat_stream_logprobs", pieces=pieces) as server:
        odd = ask(server)
    with Replay(version).chat("chat_stream_logprobs") as server:
        whole = ask(server)
    assert odd[:-1] == whole[:-1]


@BOTH
def test_a_broken_connection_keeps_the_text_so_far(version):
    body = captured(version, "chat_stream").body
    cut = body.index(b" Paris") + 10  # inside the line of the sixth token
    with Replay(version).chat("chat_stream", cut=cut) as server, pytest.raises(EngineFailed) as caught:
        ask(server)
    assert caught.value.partial == "The capital of France is"


def test_a_stream_that_ends_without_done_is_a_failure():
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = ndjson({"message": {"content": "Half"}})
        with pytest.raises(EngineFailed, match="broke off") as caught:
            ask(server)
    assert caught.value.partial == "Half"


def test_thinking_is_kept_apart():
    lines = [
        {"message": {"thinking": "Let me see."}, "logprobs": [{"token": "Let", "logprob": -1.0}]},
        {"message": {"content": "Yes"}},
        {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 4},
    ]
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = ndjson(*lines)
        events = ask(server)
    assert events[0] == ThinkingEvent("Let me see.")
    assert events[1] == TokenEvent("Yes")
    assert len(events) == 3


def test_line_separators_inside_a_token_do_not_split_a_line():
    # U+0085 and U+2028 end lines for str.splitlines, and Go's encoder leaves the first as it is
    body = '{"message":{"content":"a\u0085b\u2028c"}}\n{"message":{},"done":true}\n'.encode()
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = Reply(200, body)
        assert text_of(ask(server)) == "a\u0085b\u2028c"


REFUSALS = [
    ("chat_missing", ModelMissing, "ollama pull nope"),
    ("chat_bad_option", EngineRefused, "temperature"),
    ("chat_bad_base64", EngineRefused, "base64"),
    ("chat_bad_json", EngineRefused, "unexpected EOF"),
    ("chat_on_embedmodel", EngineRefused, "does not support chat"),
]


@BOTH
@pytest.mark.parametrize(("name", "kind", "says"), REFUSALS)
def test_refusals_are_told_apart(version, name, kind, says):
    with Replay(version).chat(name) as server, pytest.raises(kind, match=says):
        ask(server, model="nope")


def test_an_error_nested_in_an_error_is_unwrapped():
    with Replay("0.32.15").chat("chat_image_textmodel") as server, pytest.raises(EngineRefused) as caught:
        ask(server)
    assert "does not support multimodal requests" in str(caught.value)
    assert "{" not in str(caught.value)


def test_too_many_candidates_are_refused_by_the_server():
    with Replay("0.32.15").chat("chat_toplogprobs21") as server, pytest.raises(EngineRefused, match="between 0 and 20"):
        ask(server, top_logprobs=21)


@pytest.mark.parametrize(
    "error",
    [
        "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        json.dumps({"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error"}}),
        "the input length exceeds the context length",
        "prompt is too long",
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_prompt_too_long_is_named_so(error, inside):
    reply = ndjson({"error": error}) if inside else Reply(400, json.dumps({"error": error}).encode())
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = reply
        with pytest.raises(ContextOverflow, match="num_ctx"):
            ask(server)


def test_an_error_inside_a_good_stream_keeps_the_text():
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = ndjson({"message": {"content": "So "}}, {"error": "llama runner process has died"})
        with pytest.raises(EngineFailed, match="has died") as caught:
            ask(server)
    assert caught.value.partial == "So "


def test_out_of_memory_says_what_to_do():
    error = {"error": "model requires more system memory (9.1 GiB) than is available (3.0 GiB)"}
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = Reply(500, json.dumps(error).encode())
        with pytest.raises(EngineFailed, match="smaller model"):
            ask(server)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[1]\n",
        b'{"message": 3}\n',
        b'{"message":{"content":"x"},"logprobs":[{"token":"x"}]}\n',
        b"\xff\xfe\n",
    ],
)
def test_nonsense_is_an_engine_error(body):
    with Replay("0.32.15") as server:
        server.routes["/api/chat"] = Reply(200, body)
        with pytest.raises(EngineFailed):
            ask(server)


def test_nothing_at_the_address():
    with Replay("0.9.3") as server:
        url = server.url
    with pytest.raises(EngineUnreachable, match="ollama serve"):
        OllamaEngine(url).models()


def test_another_server_at_the_address():
    with Replay("0.9.3") as server:
        server.routes["/api/version"] = Reply(200, b"<html>hello</html>", "text/html")
        with pytest.raises(EngineFailed, match="not Ollama"):
            OllamaEngine(server.url).probe()


@pytest.mark.parametrize("how", ["hold", "hang"])
def test_cancel_hangs_up_at_once(how):
    # hold: nothing came yet; hang: some tokens came, then silence
    cancel = threading.Event()
    with Replay("0.9.3") as server:
        server.chat("chat_stream", cut=300, **{how: True})
        events = OllamaEngine(server.url).chat("smollm2", HELLO, {}, cancel=cancel)
        threading.Timer(0.2, cancel.set).start()
        found = list(events)
        assert server.hung_up.wait(5)  # the server itself would have waited for 20 s, and not set it
    assert isinstance(found[-1], DoneEvent)
    assert found[-1].finish == "cancelled"
    assert text_of(found) == ("" if how == "hold" else "The capital")


def test_a_flag_set_before_sends_nothing():
    cancel = threading.Event()
    cancel.set()
    with Replay("0.9.3").chat("chat_stream") as server:
        found = ask(server, cancel=cancel)
        assert "/api/chat" not in [path for path, _ in server.requests]
    assert [event.finish for event in found] == ["cancelled"]


def test_closing_the_iterator_hangs_up():
    with Replay("0.9.3").chat("chat_stream", cut=300, hang=True) as server:
        events = OllamaEngine(server.url).chat("smollm2", HELLO, {})
        assert next(events) == TokenEvent("The")
        events.close()
        assert server.hung_up.wait(5)


def test_a_picture_never_goes_to_a_model_that_cannot_see():
    with Replay("0.9.3").chat("chat_image_textmodel") as server:
        with pytest.raises(EngineRefused, match="vision"):
            list(OllamaEngine(server.url).chat("smollm2", [Message("user", "?", (b"png",))], {}))
        assert "/api/chat" not in [path for path, _ in server.requests]


@BOTH
def test_models_with_sizes_and_capabilities(version):
    with Replay(version) as server:
        engine = OllamaEngine(server.url)
        found = {model.name: model for model in engine.models()}
        info = engine.info("smollm2")
    assert found["smollm2:latest"].size_bytes > 98_000_000
    assert "completion" in found["smollm2:latest"].capabilities
    assert (info.parameters, info.context, info.family) == (134_515_008, 8192, "llama")
    assert info.defaults["stop"] == ["<|im_start|>", "<|im_end|>"]
    assert info.digest == found["smollm2:latest"].digest
    assert info.defaults.get("num_ctx") == {"0.9.3": 2048, "0.32.15": None}[version]


@BOTH
def test_a_model_that_is_not_there(version):
    with Replay(version) as server, pytest.raises(ModelMissing, match="ollama pull nope"):
        OllamaEngine(server.url).info("nope")


def test_one_damaged_model_does_not_hide_the_others():
    with Replay("0.9.3") as server:
        server.routes["/api/show"] = Reply(500, b'{"error":"unexpected end of file"}')
        assert "smollm2:latest" in [model.name for model in OllamaEngine(server.url).models()]


@BOTH
def test_pull_adds_the_layers_up(version):
    lines = [json.loads(line) for line in captured(version, "pull_ok").body.splitlines() if line.strip()]
    layers = {line["digest"]: line["total"] for line in lines if "digest" in line}
    assert len(layers) == 4
    with Replay(version) as server:
        server.routes["/api/pull"] = captured(version, "pull_ok")
        events = list(OllamaEngine(server.url).pull("smollm2"))
    done = [event.done_bytes for event in events]
    assert done == sorted(done)
    assert done[-1] == events[-1].total_bytes == sum(layers.values())
    assert events[-1].status == "success"


@BOTH
def test_pull_of_a_name_that_does_not_exist(version):
    with Replay(version) as server:
        server.routes["/api/pull"] = captured(version, "pull_missing")
        with pytest.raises(ModelMissing, match="'nope'"):
            list(OllamaEngine(server.url).pull("nope"))


def test_pull_without_network_and_pull_that_breaks_off():
    error = 'pull model manifest: Get "https://example.org/v2": dial tcp: lookup example.org: no such host'
    with Replay("0.32.15") as server:
        server.routes["/api/pull"] = ndjson({"status": "pulling manifest"}, {"error": error})
        with pytest.raises(DownloadFailed, match="network"):
            list(OllamaEngine(server.url).pull("x"))
        server.routes["/api/pull"] = ndjson({"status": "pulling manifest"})
        with pytest.raises(DownloadFailed, match="broke off"):
            list(OllamaEngine(server.url).pull("x"))


def test_pull_can_be_stopped_and_forbidden():
    cancel = threading.Event()
    with Replay("0.32.15") as server:
        server.routes["/api/pull"] = ndjson({"status": "pulling manifest"}, cut=100, hang=True)
        events = OllamaEngine(server.url).pull("x", cancel)
        next(events)
        cancel.set()
        with pytest.raises(Cancelled):
            next(events)
        assert server.hung_up.wait(5)
        with pytest.raises(DownloadForbidden, match="offline"):
            next(OllamaEngine(server.url, offline=True).pull("x"))


def test_embeddings_are_never_cut():
    with Replay("0.32.15") as server:
        server.routes["/api/embed"] = captured("0.32.15", "embed_embedmodel")
        vectors = OllamaEngine(server.url).embed("smolpool", ["a", "b"])
        assert sent(server, "/api/embed") == {"model": "smolpool", "input": ["a", "b"], "truncate": False}
        assert [len(vector) for vector in vectors] == [8, 8]
        with pytest.raises(EngineFailed, match="2 vectors for 1"):
            OllamaEngine(server.url).embed("smolpool", ["a"])
        server.routes["/api/embed"] = captured("0.32.15", "embed_chatmodel")
        with pytest.raises(EngineRefused, match="does not embed"):
            OllamaEngine(server.url).embed("smollm2", ["a"])
        server.routes["/api/embed"] = Reply(400, b'{"error":"input length exceeds maximum context length"}')
        with pytest.raises(EngineRefused, match="number 2 of 2, 9 characters"):
            OllamaEngine(server.url).embed("smolpool", ["short", "longer on"])


def test_the_version_decides_order_and_ignored_options():
    with Replay("0.9.3") as old, Replay("0.32.15") as new:
        before, after = OllamaEngine(old.url), OllamaEngine(new.url)
        assert before.sampler_order("smollm2") == LLAMA_ORDER  # of a family that ran in llama.cpp there too
        assert after.sampler_order("smollm2") == LLAMA_ORDER
        assert set(before.ignored_options("smollm2")) == {
            "tfs_z",
            "penalize_newline",
            "mirostat",
            "mirostat_eta",
            "mirostat_tau",
        }
        assert before.default_options["repeat_penalty"] == 1.1
        assert after.default_options["repeat_penalty"] == 1.0
