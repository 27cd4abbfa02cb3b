"""What every engine must do, on the real ones: the same tests for Ollama and for the built-in engine."""

from __future__ import annotations

import threading

import pytest

from pipelines.engines.base import DoneEvent, Engine, Message, TokenEvent
from pipelines.engines.ollama import OllamaEngine
from pipelines.errors import EngineError, EngineRefused, ModelMissing

QUESTION = [Message("user", "What is the capital of France?")]


@pytest.fixture(
    scope="module",
    params=[pytest.param("ollama", marks=pytest.mark.ollama), pytest.param("builtin", marks=pytest.mark.builtin)],
)
def at_hand(request) -> tuple[Engine, str]:
    if request.param == "builtin":
        return request.getfixturevalue("builtin_engine"), "smollm2-135m"
    return OllamaEngine(request.getfixturevalue("ollama_url")), "smollm2"


def chat(at_hand, **options):
    engine, model = at_hand
    return list(engine.chat(model, QUESTION, {"num_ctx": 2048, **options}))


def text_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, TokenEvent))


def test_a_stream_of_tokens_then_done_with_timings(at_hand):
    events = chat(at_hand, num_predict=4, temperature=0)
    assert all(isinstance(event, TokenEvent) for event in events[:-1])
    done = events[-1]
    assert isinstance(done, DoneEvent)
    assert done.finish == "length"
    assert done.stats.completion_tokens == 4
    assert done.stats.prompt_tokens > 5
    assert done.stats.ttft_s > 0
    assert done.stats.tokens_per_s > 0
    assert done.stats.load_s is not None


def test_the_same_seed_gives_the_same_text_and_another_one_another(at_hand):
    first, again, other = (
        text_of(chat(at_hand, num_predict=6, temperature=1.5, top_k=1000, top_p=1.0, seed=seed)) for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_a_stop_text_ends_the_answer_and_is_not_part_of_it(at_hand):
    whole = text_of(chat(at_hand, num_predict=6, temperature=0, seed=1))
    word = whole[len(whole) // 2 :]
    events = chat(at_hand, num_predict=6, temperature=0, seed=1, stop=[word])
    assert text_of(events).rstrip() == whole[: whole.index(word)].rstrip()
    assert events[-1].finish == "stop"


def test_cancel_and_close_end_it_at_once_and_leave_the_engine_usable(at_hand):
    engine, model = at_hand
    cancel = threading.Event()
    events = engine.chat(model, QUESTION, {"num_predict": 400, "num_ctx": 2048}, cancel=cancel)
    assert isinstance(next(events), TokenEvent)
    cancel.set()
    rest = list(events)
    assert rest[-1].finish == "cancelled"
    assert rest[-1].stats.completion_tokens < 300
    events = engine.chat(model, QUESTION, {"num_predict": 400, "num_ctx": 2048})
    next(events)
    events.close()
    assert chat(at_hand, num_predict=1)[-1].finish == "length"


def test_an_unknown_model_is_named_with_the_way_to_get_one(at_hand):
    engine, _ = at_hand
    for call in (lambda: list(engine.chat("no-such-model", QUESTION, {})), lambda: engine.info("no-such-model")):
        with pytest.raises(ModelMissing, match="no-such-model") as caught:
            call()
        assert caught.value.fix


def test_a_bad_option_is_refused(at_hand):
    with pytest.raises(EngineRefused, match="temperature"):
        chat(at_hand, temperature="hot")


def test_an_answer_that_follows_a_schema(at_hand):
    engine, model = at_hand
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    events = engine.chat(model, QUESTION, {"num_predict": 12, "temperature": 0}, schema=schema)
    assert text_of(events).lstrip().startswith("{")


def test_pictures_are_refused_by_a_model_without_eyes(at_hand):
    engine, model = at_hand
    with pytest.raises(EngineRefused, match="cannot see"):
        list(engine.chat(model, [Message("user", "What is this?", (b"\x89PNG",))], {}))


def test_models_and_info_agree(at_hand):
    engine, model = at_hand
    info = engine.info(model)
    assert (info.parameters, info.context) == (134_515_008, 8192)
    assert "completion" in info.capabilities
    assert info.digest
    assert info in engine.models()
    assert engine.ignored_options(model)["mirostat"]
    assert engine.version


def test_token_counts_say_whether_they_are_exact(at_hand):
    engine, model = at_hand
    text = "The committee noted that costs had risen by 12 % since 1999."
    count, exact = engine.count_tokens(model, text)
    assert exact is (engine.name == "builtin")
    assert 15 <= count <= 30


def test_pulling_a_name_that_does_not_exist_is_an_error(at_hand):
    engine, _ = at_hand
    with pytest.raises(EngineError, match="not a name"):
        list(engine.pull("not a name"))
