"""Lines out of bytes, tokens out of lines, versions, sizes, parameters: the small pure functions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.base import Candidate, TokenEvent
from pipelines.engines.connection import objects, split_lines
from pipelines.engines.ollama_errors import error_text
from pipelines.engines.ollama_versions import (
    GO_ORDER,
    LLAMA_ORDER,
    NEWEST,
    ignored_options,
    parse_version,
    sampler_order,
)
from pipelines.engines.ollama_wire import PullProgress, model_of_show, model_of_tag, parse_parameters, parse_size
from pipelines.engines.tokens import estimate_tokens
from pipelines.engines.wire import token_events

JSON_OBJECTS = st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=3), max_size=5)


@given(JSON_OBJECTS, st.data())
def test_ndjson_split_at_any_byte(values, data):
    body = b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert list(objects(chunks)) == values


def test_lines_end_at_newlines_only_and_have_a_limit():
    assert list(split_lines([b"a\r\n\n b\x0bc", b"\xc2\x85d\nend"])) == [b"a", b"b\x0bc\xc2\x85d", b"end"]
    with pytest.raises(ValueError, match="more than 10 bytes"):
        list(split_lines([b"x" * 6, b"x" * 6], limit=10))


@pytest.mark.parametrize("line", [b"[1]\n", b"nonsense\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_object_is_a_value_error(line):
    with pytest.raises(ValueError, match=r"not an object|Expecting|nested"):
        list(objects([line]))


def entry(token: bytes, logprob: float = -1.0):
    return {"token": token.decode("utf-8", "replace"), "logprob": logprob, "bytes": list(token)}


def test_a_character_made_of_several_tokens():
    # the server holds a party popper back until its last byte is there, then sends all tokens at once
    raw = "ok 🎉".encode()
    parts = [raw[:2], raw[2:4], raw[4:6], raw[6:]]
    events = list(token_events("ok 🎉", [entry(part) for part in parts]))
    assert [event.text for event in events] == ["ok", " ", "", "🎉"]
    assert [bytes(event.bytes) for event in events] == parts


def test_numbers_of_tokens_where_the_server_gives_them():
    raw = entry(b"a") | {"id": 7, "top_logprobs": [entry(b"b", -2.0), entry(b"a") | {"id": 7}]}
    (event,) = token_events("a", [raw])
    assert (event.id, [candidate.id for candidate in event.candidates]) == (7, [7, None])  # the likeliest first


def test_text_that_is_not_its_tokens_goes_whole_with_the_first():
    events = list(token_events("half", [entry(b"ha"), entry(b"lf STOP")]))
    assert [event.text for event in events] == ["half", ""]
    assert list(token_events("plain", ())) == [TokenEvent("plain")]
    assert list(token_events("", ())) == []


@given(st.text(), st.lists(st.binary(max_size=4), max_size=6))
def test_texts_of_events_always_join_to_the_content(content, tokens):
    assert "".join(e.text for e in token_events(content, [entry(t) for t in tokens])) == content


def test_a_token_without_bytes_gets_those_of_its_text():
    (event,) = token_events("é", [{"token": "é", "logprob": -0.5, "top_logprobs": [{"token": "e", "logprob": -2}]}])
    assert event == TokenEvent("é", -0.5, (Candidate("e", -2.0, (101,)),), (195, 169))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.32.15", (0, 32, 15)),
        ("v0.12.11-rc1", (0, 12, 11)),
        ("0.30", (0, 30, 0)),
        ("0.0.0", NEWEST),
        ("", NEWEST),
        ("nightly", NEWEST),
    ],
)
def test_versions(text, version):
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "family", "order"),
    [
        ((0, 29, 9), "gemma3", GO_ORDER),  # a family of the Go engine
        ((0, 29, 9), "llama", LLAMA_ORDER),  # one that ran in llama.cpp there too
        ((0, 30, 0), "gemma3", LLAMA_ORDER),
        (NEWEST, "", LLAMA_ORDER),
    ],
)
def test_the_order_of_samplers_follows_version_and_family(version, family, order):
    assert sampler_order(version, family) == order


def test_options_that_do_nothing():
    assert ignored_options((0, 5, 1), "llama") == {}
    assert set(ignored_options((0, 5, 5), "llama")) == {"tfs_z", "penalize_newline"}
    old = ignored_options((0, 20, 0), "gemma3")
    assert "own engine" in old["repeat_penalty"]
    assert "typical_p" in old
    assert "repeat_penalty" not in ignored_options((0, 20, 0), "llama")
    assert "repeat_penalty" not in ignored_options((0, 30, 0), "gemma3")
    assert "0.7.0" in ignored_options((0, 30, 0), "gemma3")["mirostat"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("134.52M", 134_520_000), ("491K", 491_000), ("7.6B", 7_600_000_000), ("1T", 10**12), ("8x7B", None), ("", None)],
)
def test_sizes(text, number):
    assert parse_size(text) == number


def test_parameters_of_a_model_file():
    text = 'temperature    0.6\nstop    "<|im_end|>"\nnum_ctx  8192\nstop  "\\nUser:"\nuse_mmap true\nodd\n'
    assert parse_parameters(text) == {
        "temperature": 0.6,
        "stop": ["<|im_end|>", "\nUser:"],
        "num_ctx": 8192,
        "use_mmap": True,
    }


def test_a_projector_does_not_hide_the_model():
    # Ollama 0.9 gives the projector's family and size in the list of a model with vision
    tag = model_of_tag({"name": "v", "details": {"family": "clip", "parameter_size": "491K"}, "size": 5})
    info = {"general.architecture": "llama", "general.parameter_count": 134_515_008, "llama.context_length": 8192}
    found = model_of_show(tag, {"model_info": info, "details": {"families": ["clip", "llama"]}})
    assert (found.parameters, found.context, found.family) == (134_515_008, 8192, "llama")
    assert found.capabilities == {"completion", "vision"}  # guessed: the server listed none


def test_capabilities_of_servers_that_list_none():
    tag = model_of_tag({"name": "e", "details": {"family": "nomic-bert"}})
    assert model_of_show(tag, {"model_info": {"general.architecture": "nomic-bert"}}).capabilities == {"embedding"}
    pooled = {"general.architecture": "qwen3", "qwen3.pooling_type": 3}
    assert model_of_show(tag, {"model_info": pooled}).capabilities == {"embedding"}
    assert model_of_show(tag, {"model_info": pooled, "capabilities": ["tools"]}).capabilities == {"tools"}


@pytest.mark.parametrize(
    ("says", "tokens"),
    [
        ({"llama.vocab_size": 49_152, "tokenizer.ggml.tokens": None}, 49_152),
        ({"tokenizer.ggml.tokens": ["a", "b"]}, 2),
        ({}, None),
    ],
)
def test_the_vocabulary_of_a_model(says, tokens):
    tag = model_of_tag({"name": "m"})
    assert model_of_show(tag, {"model_info": {"general.architecture": "llama"} | says}).vocabulary == tokens


def test_a_model_that_runs_elsewhere_is_marked():
    tag = model_of_tag({"name": "big:cloud", "remote_host": "https://example.org", "capabilities": ["completion"]})
    assert tag.capabilities == {"completion", "remote"}


def test_errors_unwrap_but_not_for_ever():
    text = "deep"
    for _ in range(20):
        text = json.dumps({"error": text})
    assert "error" in error_text(text)
    assert error_text('{"error":"{\\"error\\":{\\"code\\":400,\\"message\\":\\"no\\"}}"}') == "no"
    assert error_text("{broken") == "{broken"
    assert error_text({"other": 1}) == '{"other": 1}'


def test_progress_never_goes_back():
    progress = PullProgress()
    first = progress.event({"status": "pulling a", "digest": "a", "total": 100, "completed": 60})
    again = progress.event({"status": "pulling a", "digest": "a", "total": 100})
    other = progress.event({"status": "pulling b", "digest": "b", "total": 10, "completed": 1})
    assert [(e.done_bytes, e.total_bytes) for e in (first, again, other)] == [(60, 100), (60, 100), (61, 110)]


def test_estimates_by_hand():
    # six letters a token; digits singly; a run of marks four a token; blanks beyond one space cost one
    assert estimate_tokens("the committee") == 1 + 2
    assert estimate_tokens("1999") == 4
    assert estimate_tokens("a ........ b") == 4
    assert estimate_tokens("a\n\nb") == 3
    assert estimate_tokens("日本") == 3
    assert estimate_tokens("") == 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_estimates_add_up(left, right):
    assert estimate_tokens(f"{left}\n{right}") <= estimate_tokens(left) + estimate_tokens(right) + 1
