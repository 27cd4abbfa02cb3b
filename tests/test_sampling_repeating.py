"""Many answers of the sampling lab, what is saved of it, pages that share nothing, and a real Ollama."""

from __future__ import annotations

import json
import re

import pytest

from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.errors import ModelMissing, UsageError
from pipelines.evaluation.variety import Length, SameSeed
from playground import routes
from playground.sampling import drawing, repeating
from playground.sampling.drawing import drawn
from playground.sampling.state import Many, Sampling
from playground.views import variety
from tests.ollama_replay import Replay
from tests.sampling_columns import (
    ASK,
    LONG,
    MISSING,
    OLLAMA,
    SESSION,
    TALE,
    WILD,
    WINDOW,
    answering,
    column,
    drew,
    hanging,
    lab_of,
    opened,
    recorded,
    said,
    states,
    stop,
    until,
)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture(scope="module")
def furnished(builtin_model, tmp_path_factory):
    """With the built-in model."""
    with opened(tmp_path_factory.mktemp("furnished"), builtin_model.parent) as made:
        yield made


# many answers -----------------------------------------------------------------------------------------


@pytest.mark.builtin
def test_columns_are_drawn_many_times_with_the_same_seeds(furnished):
    lab = lab_of(column(**WILD), column(num_predict=4, temperature=0), many=Many(repeat=2, seeds="7, 9"))
    repeating.start(furnished, SESSION, lab, "many")
    with pytest.raises(UsageError, match="under way"):
        repeating.start(furnished, SESSION, lab, "many")
    furnished.measurements.settle(lab.work("many"), 60)
    found = repeating.repeated(furnished, lab, "many")
    assert (found.state, len(found.rows), found.total) == ("done", 6, 6)
    for group in (0, 1):
        assert [sample.params.seed for sample in found.samples(group)] == [7, 9]
        assert found.same_seed(group) == SameSeed(1, 1)
        assert found.variety(group).length == Length(4, 4, 4)
        assert found.variety(group).finish == {"length": 2}
    assert (found.variety(1).distinct, found.variety(1).cosine) == (1, pytest.approx(1))
    assert found.variety(0).distinct == len({sample.text for sample in found.samples(0)}) == 2
    assert found.samples(0)[0].params.temperature == 2
    told = json.loads(routes.samples_file(furnished, lab.id).body)
    assert told["columns"] == []
    assert [one["column"] for one in told["many"]] == ["A", "B"]
    assert told["many"][0]["variety"]["distinct"] == 2


@pytest.mark.builtin
def test_a_sweep_goes_through_temperatures_of_one_column(furnished):
    many = Many(repeat=2, temperatures="1.5 0;1.5", swept=1)
    lab = lab_of(column(num_predict=3), column(num_predict=3, min_p=0.1), many=many)
    repeating.start(furnished, SESSION, lab, "sweep")
    furnished.measurements.settle(lab.work("sweep"), 60)
    found = repeating.repeated(furnished, lab, "sweep")
    assert (found.state, found.seeds) == ("done", (1, 2))
    assert [(group.column, group.temperature) for group in found.groups] == [(1, 0.0), (1, 1.5)]
    params = [group.recipe.choice("sampling").params for group in found.groups]
    assert [(one.temperature, one.min_p) for one in params] == [(0, 0.1), (1.5, 0.1)]
    assert found.variety(0).distinct == 1
    assert repeating.repeated(furnished, lab, "many") is None


@pytest.mark.builtin
def test_draws_can_be_stopped_and_what_came_is_kept(furnished):
    lab = lab_of(column(), column(**LONG), prompt=TALE, many=Many(repeat=2))
    repeating.start(furnished, SESSION, lab, "many")
    until(furnished, lab, lambda now: len(now.rows) == 3, "many")
    stop(furnished, lab, "many")
    found = repeating.repeated(furnished, lab, "many")
    assert (found.state, len(found.rows)) == ("stopped", 3)
    assert found.same_seed(0) == SameSeed(1, 1)
    assert found.variety(1) is None


def test_a_draw_that_fails_ends_them_and_says_why(services):
    lab = lab_of(column(OLLAMA), column(MISSING), many=Many(repeat=2))
    with recorded(services, Replay("0.32.15").chat("chat_stream")):
        repeating.start(services, SESSION, lab, "many")
        services.measurements.settle(lab.work("many"), 30)
    found = repeating.repeated(services, lab, "many")
    assert (found.state, len(found.rows)) == ("failed", 3)
    assert isinstance(found.error, ModelMissing)
    assert found.variety(0).distinct == 1
    markup = str(variety.repeated(found))
    assert "no-such-model" in markup
    assert "The capital of France is Paris" in markup


@pytest.mark.parametrize(
    ("kind", "many", "word"),
    [
        ("many", {"seeds": "1, two"}, "'two'"),
        ("many", {"seeds": "-1"}, "'-1'"),
        ("many", {"seeds": "1.5, 2"}, "'1.5'"),
        ("many", {"seeds": "2147483648"}, "'2147483648'"),
        ("many", {"seeds": "٣, ٤"}, "'٣'"),
        ("many", {"seeds": "1, 2"}, "5 seeds"),
        ("sweep", {"temperatures": "0, warm"}, "'warm'"),
        ("sweep", {"temperatures": "0, nan"}, "nan"),
        ("sweep", {"temperatures": "0, 2.1"}, "2.1"),
        ("sweep", {"temperatures": "1, 1.0"}, "2 to 12"),
        ("sweep", {"temperatures": ""}, "2 to 12"),
        ("sweep", {"temperatures": " ".join(str(n / 10) for n in range(13))}, "2 to 12"),
    ],
)
def test_what_is_no_seed_or_temperature_is_named(services, kind, many, word):
    lab = lab_of(many=Many(**many))
    with pytest.raises(UsageError, match=re.escape(word)):
        repeating.start(services, SESSION, lab, kind)
    assert repeating.repeated(services, lab, kind) is None


def test_nothing_is_repeated_without_a_prompt(services):
    with pytest.raises(UsageError, match="prompt"):
        repeating.start(services, SESSION, lab_of(prompt=""), "many")


# saved, and kept apart --------------------------------------------------------------------------------


@pytest.mark.builtin
def test_what_was_drawn_can_be_saved(furnished):
    answered = lab_of(column(num_predict=4), column(num_predict=4, temperature=0))
    drew(furnished, answered)
    assert routes.samples_file(furnished, Sampling().id).status_code == 404
    answer = routes.samples_file(furnished, answered.id)
    assert (answer.status_code, answer.media_type) == (200, "application/json")
    assert "attachment" in answer.headers["content-disposition"]
    told = json.loads(answer.body, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert told["messages"] == [{"role": "user", "content": ASK}]
    assert [one["column"] for one in told["columns"]] == ["A", "B"]
    first = told["columns"][0]
    assert first["sampling"]["num_ctx"] == WINDOW
    assert first["origin"]["temperature"] == "you"
    assert first["order"] == list(LLAMA_ORDER)
    (sample,) = first["samples"]
    assert sample["text"] == drawn(furnished, answered).at(0).sample.text
    assert [len(token["candidates"]) for token in sample["tokens"]] == [20] * len(sample["tokens"])
    assert {"load_s", "ttft_s", "prompt_tokens", "completion_tokens", "tokens_per_s"} <= set(sample["stats"])


def test_a_column_that_could_not_begin_is_saved_with_its_reason(services):
    lab = lab_of(column(OLLAMA), column(MISSING))
    with recorded(services, Replay("0.32.15").chat("chat_stream")):
        drew(services, lab)
    told = json.loads(routes.samples_file(services, lab.id).body)
    assert [one["column"] for one in told["columns"]] == ["A", "B"]
    assert "no-such-model" in told["columns"][1]["error"]["message"]
    assert told["columns"][1]["samples"] == []


def test_two_pages_share_nothing(services):
    one, other = lab_of(column(OLLAMA), column(OLLAMA)), lab_of(column(OLLAMA), column(OLLAMA), prompt="Other words")
    with recorded(services, hanging()):
        drawing.start(services, SESSION, one)
        until(services, one, lambda now: now.at(0).sample and now.at(0).sample.text == "The sea")
        services.labs.keep(one.to(tint="entropy"))
        assert services.labs.now(Sampling, other.keep()).tint == "probability"
        assert not drawn(services, other).anything
        assert routes.samples_file(services, other.id).status_code == 404
        with recorded(services, Replay("0.32.15").chat("chat_stream_logprobs")):
            assert states(drew(services, other)) == ["done", "done"]
        assert drawn(services, one).state == "running", "another page's run does not end this one"
        stop(services, other)
        assert drawn(services, one).state == "running"
        stop(services, one)
    assert states(drawn(services, other)) == ["done", "done"]
    told = routes.samples_file(services, one.id).body.decode()
    assert "Other words" not in told
    assert "Paris" not in told


# the real Ollama --------------------------------------------------------------------------------------


@pytest.mark.ollama
def test_a_column_on_a_real_ollama(services, ollama_url):
    with answering(services, ollama_url):
        now = drew(services, lab_of(column(OLLAMA), column(OLLAMA)))
        assert states(now) == ["done", "done"]
        assert said(now)[0] == said(now)[1], "the seed decides"
        endless = lab_of(column(OLLAMA, num_predict=900), column(OLLAMA))
        drawing.start(services, SESSION, endless)
        until(services, endless, lambda now: now.at(0).sample and now.at(0).sample.text)
        stop(services, endless)
        now = drawn(services, endless)
    assert (now.state, states(now)) == ("stopped", ["stopped", None])
    assert now.at(0).sample.text
    assert now.at(0).sample.stats.completion_tokens < 300
