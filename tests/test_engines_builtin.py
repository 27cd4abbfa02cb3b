"""The built-in engine: context, log-probabilities, switching, threads, damaged files."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest

from pipelines.engines.base import Message, ThinkingEvent, TokenEvent
from pipelines.engines.builtin import BuiltinEngine
from pipelines.engines.builtin_models import MODELS, SMALL
from pipelines.engines.builtin_runtime import lacks_avx2
from pipelines.engines.builtin_wire import Answer, request, translate
from pipelines.errors import Cancelled, ContextOverflow, EngineFailed, EngineRefused, ModelMissing
from pipelines.settings import Settings

MODEL = SMALL.name
HELLO = [Message("user", "Hello")]
LONG = [Message("user", "word " * 400)]


@pytest.mark.builtin
def test_a_prompt_too_long_is_refused_not_cut(builtin_engine):
    with pytest.raises(ContextOverflow, match="holds 256"):
        list(builtin_engine.chat(MODEL, LONG, {"num_ctx": 256, "num_predict": 2}))


@pytest.mark.builtin
def test_candidates_are_probabilities_of_the_model_before_sampling(builtin_engine):
    events = list(
        builtin_engine.chat(
            MODEL, HELLO, {"num_predict": 2, "temperature": 0, "top_k": 1, "num_ctx": 2048}, top_logprobs=40
        )
    )
    first = events[0]
    assert len(first.candidates) == 40
    total = sum(math.exp(candidate.logprob) for candidate in first.candidates)
    assert 0.5 < total <= 1.0001
    assert first.logprob == max(candidate.logprob for candidate in first.candidates)
    assert first.text.encode() == bytes(first.bytes)
    (plain, *_) = builtin_engine.chat(MODEL, HELLO, {"num_predict": 1, "num_ctx": 2048})
    assert plain.logprob is not None
    assert plain.candidates == ()


@pytest.mark.builtin
def test_counts_are_those_of_the_models_own_tokenizer(builtin_engine):
    assert builtin_engine.count_tokens(MODEL, "Hello world") == (2, True)
    # text that looks like a control token is text: it must not count as one
    assert builtin_engine.count_tokens(MODEL, "<|im_start|>")[0] > 1
    assert builtin_engine.count_tokens(MODEL, "") == (0, True)


@pytest.mark.builtin
def test_cancel_while_the_prompt_is_read(builtin_engine):
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    text = "word " * 1800
    events = list(builtin_engine.chat(MODEL, [Message("user", text)], {"num_ctx": 2048}, cancel=cancel))
    assert [event.finish for event in events] == ["cancelled"]


@pytest.mark.builtin
def test_two_at_once_wait_for_each_other_and_counting_does_not(builtin_engine):
    ends: list[str] = []

    def ask() -> None:
        events = list(builtin_engine.chat(MODEL, HELLO, {"num_predict": 3, "num_ctx": 2048}))
        ends.append(events[-1].finish)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert builtin_engine.count_tokens(MODEL, "Hello world") == (2, True)
    for thread in threads:
        thread.join(120)
    assert ends == ["length"] * 3


@pytest.mark.builtin
def test_one_model_at_a_time_behind_a_key(builtin_model, tmp_path):
    own = tmp_path / "mine.gguf"
    own.symlink_to(builtin_model)
    engine = BuiltinEngine(Settings(models_dir=builtin_model.parent, builtin_model=str(own), threads=1))
    assert engine.models()[0].name == "mine"
    assert engine.models()[-1].name == MODEL
    assert engine._runtime.loaded is None  # looking loads nothing
    list(engine.chat("mine", HELLO, {"num_predict": 1, "num_ctx": 512}))
    assert engine._runtime.loaded.path == own
    url = httpx.URL(str(engine._runtime.loaded.http.base_url))
    assert url.host == "127.0.0.1"
    assert httpx.get(url.join("/v1/models"), trust_env=False).status_code == 401
    assert httpx.get(url.join("/"), trust_env=False).status_code in (401, 404)
    done = list(engine.chat(MODEL, HELLO, {"num_predict": 1, "num_ctx": 1_000_000}))[-1]
    assert done.stats.load_s > 0
    assert engine._runtime.loaded.n_ctx == 8192  # the model's own longest, not a million
    engine.close()
    assert engine._runtime.loaded is None
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect((url.host, url.port))


@pytest.mark.builtin
def test_whole_distributions_are_those_the_answer_was_drawn_from(builtin_engine):
    events = list(builtin_engine.chat(MODEL, HELLO, {"num_predict": 3, "num_ctx": 2048, "seed": 5}, top_logprobs=3))
    tokens = [event for event in events if isinstance(event, TokenEvent)]
    ids = [token.id for token in tokens]
    found = list(builtin_engine.distributions(MODEL, HELLO, ids, {2, 0}, num_ctx=2048))
    assert len(found) == 2
    for token, (numbers, logprobs) in zip((tokens[0], tokens[2]), found, strict=True):
        assert sorted(numbers) == list(range(builtin_engine.info(MODEL).vocabulary))
        assert (numbers.dtype, logprobs.dtype) == (np.int32, np.float32)
        assert (np.diff(logprobs) <= 0).all()
        assert np.exp(logprobs.astype(float)).sum() == pytest.approx(1, abs=1e-6)
        of = dict(zip(numbers.tolist(), logprobs.tolist(), strict=True))
        for said in (token, *token.candidates):
            assert of[said.id] == pytest.approx(said.logprob, abs=2e-3)


@pytest.mark.builtin
def test_an_end_of_turn_has_its_distribution_too(builtin_engine):
    vocabulary = builtin_engine.info(MODEL).vocabulary
    with builtin_engine._runtime.use(builtin_engine.files.path(MODEL)) as (loaded, _):
        text = loaded.http.post("/tokenize", json={"content": "Hello! How can I help you today?"}).json()["tokens"]
    ((numbers, logprobs),) = builtin_engine.distributions(MODEL, HELLO, text, {len(text)}, num_ctx=2048)
    assert numbers[0] == 2  # <|im_end|>, the model's end of turn, is the likeliest here
    assert len(numbers) == vocabulary
    assert logprobs[0] > math.log(0.5)


@pytest.mark.builtin
def test_distributions_stop_at_the_flag_and_name_what_went_wrong(builtin_engine):
    cancel = threading.Event()
    wanted = builtin_engine.distributions(MODEL, HELLO, [1, 2], {0, 1}, num_ctx=2048, cancel=cancel)
    next(wanted)
    cancel.set()
    with pytest.raises(Cancelled):
        next(wanted)
    with pytest.raises(ContextOverflow, match="holds 256"):
        list(builtin_engine.distributions(MODEL, LONG, [1], {0}, num_ctx=256))


def test_files_that_are_missing_or_damaged_say_so(tmp_path):
    engine = BuiltinEngine(Settings(models_dir=tmp_path, builtin_model=str(tmp_path / "none.gguf")))
    assert engine.models() == []
    with pytest.raises(ModelMissing, match="PLAYGROUND_BUILTIN_MODEL"):
        engine.info("none")
    with pytest.raises(ModelMissing, match="playground pull builtin`"):
        list(engine.chat(MODEL, HELLO, {}))
    with pytest.raises(ModelMissing, match=r"playground pull builtin/qwen2\.5-coder-0\.5b"):
        engine.info("qwen2.5-coder-0.5b")
    SMALL.path(tmp_path).write_bytes(b"not a model")
    with pytest.raises(EngineFailed, match="does not begin with GGUF"):
        engine.count_tokens(MODEL, "x")
    assert engine.models() == []


@pytest.mark.builtin
def test_a_file_cut_off_fails_to_load_with_a_message(builtin_model, tmp_path):
    with builtin_model.open("rb") as source, SMALL.path(tmp_path).open("wb") as goal:
        goal.write(source.read(4_000_000))
    engine = BuiltinEngine(Settings(models_dir=tmp_path, threads=1))
    assert engine.info(MODEL).parameters == 134_515_008  # its header is whole
    with pytest.raises(EngineFailed, match="could not load"):
        list(engine.chat(MODEL, HELLO, {}))
    with pytest.raises(EngineFailed, match="could not load"):  # and again: the failure left nothing locked
        engine.count_tokens(MODEL, "x")


def test_requests_map_ollamas_names():
    options = {"num_predict": 9, "typical_p": 0.5, "num_ctx": 4096, "num_gpu": 1, "stop": ["x"]}
    body = request(HELLO, options, 0, False, {"type": "object"})
    assert (body["max_tokens"], body["typical_p"], body["stop"]) == (9, 0.5, ["x"])
    assert not {"num_ctx", "num_gpu", "num_predict"} & set(body)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert body["cache_prompt"] is True
    assert request(HELLO, {"seed": 0}, 5, None, None)["cache_prompt"] is False


def test_chunks_with_thinking_and_an_error():
    answer = Answer("m", 1)
    thinking = {"choices": [{"delta": {"reasoning_content": "hm"}, "logprobs": {"content": [{"token": "hm"}]}}]}
    assert list(answer.events(thinking)) == [ThinkingEvent("hm")]
    assert list(answer.events({"choices": [{"delta": {"content": "Yes"}}]})) == [TokenEvent("Yes")]
    assert list(answer.events({"choices": [{"delta": {}, "finish_reason": "length"}]})) == []
    assert (answer.text, answer.pieces, answer.finish) == ("Yes", 2, "length")
    with pytest.raises(EngineFailed, match="out of memory"):
        list(answer.events({"error": {"code": 500, "message": "out of memory", "type": "server_error"}}))


def test_errors_of_the_library():
    assert isinstance(translate({"code": 400, "message": "x", "type": "invalid_request_error"}, "m"), EngineRefused)
    assert isinstance(translate({"code": 501, "message": "x"}, "m"), EngineRefused)
    assert isinstance(translate(ValueError("bad"), "m"), EngineRefused)
    assert isinstance(translate(RuntimeError("bad"), "m"), EngineFailed)
    overflow = translate({"type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}, "m")
    assert "9 tokens" in str(overflow)


def test_a_processor_without_avx2_is_told_before_the_library_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu sse4_2 avx\n")
    assert lacks_avx2(cpuinfo)
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu avx avx2\n")
    assert not lacks_avx2(cpuinfo)
    assert not lacks_avx2(tmp_path / "none")


def test_the_table_of_known_models():
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.path(Path("d")).name == f"{model.name}.gguf"
        assert model.licence == "Apache-2.0"


@pytest.mark.builtin
def test_the_interpreter_exits_cleanly_in_the_middle_of_an_answer(builtin_model):
    # native code that calls back into an interpreter that is going away aborts the process
    code = (
        "import sys; from pathlib import Path; from pipelines.engines import Engines; "
        "from pipelines.engines.base import Message; from pipelines.settings import Settings; "
        "engines = Engines(Settings(models_dir=Path(sys.argv[1]), threads=1)); "
        f"events = engines.builtin.chat({MODEL!r}, [Message('user', 'Tell a story')], {{'num_predict': 900}}); "
        "next(events); sys.kept = events"
    )
    done = subprocess.run([sys.executable, "-c", code, str(builtin_model.parent)], capture_output=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, b"")
