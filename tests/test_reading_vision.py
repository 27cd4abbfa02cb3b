"""Vision models: who may be asked, what is counted, what is noticed; on a real Ollama and on recordings."""

from __future__ import annotations

import base64
import io
import json
import threading
import time

import pytest
from PIL import Image

from pipelines.errors import ContextOverflow, EngineFailed, EngineRefused, EngineUnreachable, ModelMissing
from pipelines.reading.pictures import sheet_of
from pipelines.reading.prompts import PRESETS, preset_for, without_doctags
from pipelines.reading.sight import ALPHABET, LENGTH, does_it_see, picture_of
from pipelines.settings import Settings
from tests.ollama_replay import Replay, captured, ndjson
from tests.reading_means import SAMPLES, Sheet, means_for, read, sheet

BLIND = "blind-smol"


# prompts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("ibm/granite-docling:258m", "granite-docling"),
        ("deepseek-ocr:3b", "deepseek-ocr"),
        ("glm-ocr:latest", "glm-ocr"),
        ("qwen2.5vl:3b", "plain"),
    ],
)
def test_a_family_is_asked_in_its_own_words(model, name):
    assert preset_for("auto", model) is PRESETS[name]
    assert preset_for("markdown", model) is PRESETS["markdown"]


def test_doctags_become_text():
    tags = (
        "<doctag><section_header_level_1><loc_10><loc_20><loc_90><loc_30>A title</section_header_level_1>\n"
        "<text><loc_1><loc_2><loc_3><loc_4>a < b and 3 > 2</text>"
        "<otsl><ched>Name<ched>Hz<nl><fcel>Sexton<fcel>367<nl></otsl></doctag>"
    )
    assert without_doctags(tags) == "A title\na < b and 3 > 2\nName | Hz\nSexton | 367"
    assert without_doctags("<text>so far<lo") == "so far"


# who may be asked --------------------------------------------------------------------------------------


def test_no_ollama_is_said():
    with means_for() as means:
        transcripts = read("vlm", sheet("Hello"), means)
        assert isinstance(transcripts[-1].error, EngineUnreachable)
        with pytest.raises(EngineUnreachable):
            does_it_see("", means)


@pytest.fixture
def replay():
    """A recorded Ollama whose model is said to see."""
    with Replay("0.32.15") as server, means_for(Settings(ollama_host=server.url)) as means:
        show = json.loads(server.routes["/api/show"].body)
        server.routes["/api/show"].body = json.dumps({**show, "capabilities": ["completion", "vision"]}).encode()
        tags = json.loads(server.routes["/api/tags"].body)
        for tag in tags["models"]:
            tag.pop("capabilities", None)
        server.routes["/api/tags"].body = json.dumps(tags).encode()
        yield server, means


def done(**stats):
    return {"model": "m", "done": True, "done_reason": "stop", "message": {"content": ""}, **stats}


def said(text: str):
    return {"model": "m", "done": False, "message": {"role": "assistant", "content": text}}


@pytest.mark.parametrize("name", ["chat_image_textmodel", "chat_bad_base64"])
def test_a_refused_picture_is_a_message(replay, name):
    server, means = replay
    server.routes["/api/chat"] = captured("0.32.15", name)
    last = read("vlm", sheet("Hello"), means)[-1]
    assert last.state == "failed"
    assert isinstance(last.error, EngineRefused)
    assert last.model in last.error.message


def test_the_request_is_the_recipe_for_reading(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(said("Hello"), done(prompt_eval_count=400, eval_count=3))
    last = read("vlm", sheet("Hello", size=(2000, 300)), means, prompt="Read.", long_side=504)[-1]
    body = next(body for path, body in server.requests if path == "/api/chat")
    assert (last.state, last.text, last.notes) == ("done", "Hello", ())
    assert body["options"] == {"temperature": 0.0, "seed": 1, "num_predict": 4096, "num_ctx": 8192}
    assert body["think"] is False
    [turn] = body["messages"]
    assert turn["content"] == "Read."
    [image] = turn["images"]
    assert Image.open(io.BytesIO(base64.b64decode(image))).size == (504, 76)


def test_numbers_that_tell_of_a_picture_not_taken_in(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(said("A fine day."), done(prompt_eval_count=52, eval_count=3))
    assert "was not seen" in read("vlm", sheet("Hello"), means)[-1].notes[0]


def test_a_window_that_was_filled_or_outgrown_is_noticed(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(said("x"), done(prompt_eval_count=512, eval_count=3))
    assert "cut off" in read("vlm", sheet("Hello"), means, num_ctx=512)[-1].notes[0]
    server.routes["/api/chat"] = ndjson(said("x"), done(prompt_eval_count=500, eval_count=90))
    assert "outgrew" in read("vlm", sheet("Hello"), means, num_ctx=512)[-1].notes[0]
    refused = {"error": {"code": 400, "message": "the request exceeds the available context size"}}
    server.routes["/api/chat"] = ndjson(refused)
    last = read("vlm", sheet("Hello"), means, num_ctx=512)[-1]
    assert isinstance(last.error, ContextOverflow)
    assert "reader.num_ctx" in last.error.fix


def test_an_answer_cut_off_is_said_and_an_error_keeps_the_text(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(
        said("One two"), {**done(prompt_eval_count=400, eval_count=2), "done_reason": "length"}
    )
    last = read("vlm", sheet("Hello"), means)[-1]
    assert last.finish == "length"
    assert last.notes[0].startswith("Cut off after 2 tokens")
    server.routes["/api/chat"] = ndjson(said("One two"), {"error": "the runner has died"})
    last = read("vlm", sheet("Hello"), means)[-1]
    assert (last.state, last.text) == ("failed", "One two")
    assert isinstance(last.error, EngineFailed)


def test_thinking_is_kept_apart_and_tags_are_taken_out(replay):
    server, means = replay
    thought = {"model": "m", "done": False, "message": {"role": "assistant", "content": "", "thinking": "Hm."}}
    server.routes["/api/chat"] = ndjson(thought, said("<text>Hello</text>"), done(prompt_eval_count=400))
    last = read("vlm", sheet("Hello"), means, preset="granite-docling")[-1]
    assert (last.text, last.thinking) == ("Hello", "Hm.")
    assert "DocTags" in last.notes[0]


def test_a_model_that_reads_the_code_sees(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(said("The code is a 7 f X k."), done())
    found = does_it_see("", means, code="A7FXK")
    assert found.sees
    assert found.answer == "The code is a 7 f X k."
    assert not does_it_see("", means, code="A7FXH").sees


def test_codes_are_random_and_drawn_large(replay):
    server, means = replay
    server.routes["/api/chat"] = ndjson(said("no"), done())
    codes = {does_it_see("", means).code for _ in range(5)}
    assert len(codes) > 1
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)
    drawn = Sheet(picture_of("ACEFH"), 672, 224, "code")
    assert read("tesseract", drawn, means, page_mode="line")[-1].text == "ACEFH"


# a real Ollama -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(ollama_url):
    with means_for(Settings(ollama_host=ollama_url)) as means:
        yield means


@pytest.fixture(scope="module")
def page(real):
    return sheet_of(SAMPLES / "harbour-energy-report.pdf", 3, 100, None, real)


@pytest.mark.ollama
def test_only_models_that_see_are_asked(real):
    blind = read("vlm", sheet("Hello"), real, model="smollm2")[-1]
    assert isinstance(blind.error, EngineRefused)
    assert "ollama pull" in blind.error.fix
    missing = read("vlm", sheet("Hello"), real, model="no-such-model")[-1]
    assert isinstance(missing.error, ModelMissing)
    assert "ollama pull no-such-model" in missing.error.fix


@pytest.mark.ollama
def test_a_page_streams_its_picture_is_counted_and_the_overflow_noticed(real, page):
    transcripts = read("vlm", page, real, num_ctx=256, num_predict=16)
    last = transcripts[-1]
    assert (last.state, last.model, last.finish) == ("done", f"{BLIND}:latest", "length")
    assert last.prompt_tokens == 256
    assert last.completion_tokens == 16
    assert last.tokens_per_s
    assert last.words is None
    assert len({one.text for one in transcripts}) > 3
    assert "filled the window of 256 tokens" in last.notes[0]
    assert "Cut off after 16 tokens" in last.notes[1]


@pytest.mark.ollama
def test_stop_and_the_time_limit_end_a_reading(real, page):
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()
    assert read("vlm", page, real, num_ctx=256, cancel=stop)[-1].state == "stopped"
    assert time.monotonic() - started < 20
    late = read("vlm", page, real, num_ctx=256, seconds=0.5)[-1]
    assert isinstance(late.error, EngineFailed)
    assert "took longer than" in late.error.message


@pytest.mark.ollama
def test_a_model_that_sees_nothing_is_found_out(real):
    found = does_it_see(BLIND, real)
    assert not found.sees
    assert found.answer
    with pytest.raises(EngineRefused):
        does_it_see("smollm2", real)
