"""The sampling lab without a page: its state, columns drawn by real engines and recorded ones, the board, the lens."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.engines.presets import PRESETS
from pipelines.errors import EngineFailed, ModelMissing, UsageError
from pipelines.recipe import Recipe, choose
from playground import routes
from playground.lab.differences import differences
from playground.sampling import acting, board, drawing, exact, probing, prompting
from playground.sampling.board import looked
from playground.sampling.drawing import drawn
from playground.sampling.state import SECTIONS, Lens, Sampling, choices, recipes, use_in_chat, with_column
from playground.state import recipe_of
from tests.ollama_replay import Replay, captured, ndjson
from tests.sampling_columns import (
    LONG,
    MISSING,
    OLLAMA,
    SESSION,
    TALE,
    WILD,
    WINDOW,
    boards,
    chunk,
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


# state ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [None, {}, {"shown": 99}, {"columns": "x"}, "junk", 7, {"lens": {"top_p": "high"}}])
def test_what_cannot_be_read_is_a_fresh_lab(kept):
    fresh = Sampling.restore(kept)
    assert fresh == Sampling(id=fresh.id)


def test_a_columns_knobs_survive_the_browser():
    chosen = choose("sampling", {"name": "default", "params": {"temperature": 0.3, "stop": ["\n", "<end>"], "seed": 0}})
    lab = with_column(SESSION, lab_of(shown=3), 2, chosen, "sampling")
    again = Sampling.restore(json.loads(json.dumps(lab.keep())))
    assert again == lab
    assert recipes(SESSION, again)[2].diff(recipes(SESSION, again)[0])
    params = recipes(SESSION, again)[2].choice("sampling").params
    assert (params.temperature, params.stop, params.seed) == (0.3, ("\n", "<end>"), 0)


def test_a_column_that_cannot_be_read_takes_its_default():
    broken = lab_of({"sampling": {"name": "default", "params": {"temperature": 99}}}, {"model": {"name": "gone"}})
    assert choices(SESSION, broken)[:2] == choices(SESSION, Sampling())[:2]
    for junk in ("junk", None, [], {"name": 5}, {"name": "default", "params": "x"}):
        assert choices(SESSION, lab_of({"sampling": junk}))[0] == choices(SESSION, Sampling())[0]


def test_what_is_out_of_bounds_is_said():
    with pytest.raises(UsageError, match="temperatures"):
        lab_of().to(many={"temperatures": "1 " * 300})


def test_the_window_is_the_sessions_in_every_column():
    lab = lab_of(*(column(num_ctx=2048 * n) for n in (1, 2, 3, 4)), shown=4)
    assert {recipe.choice("sampling").params.num_ctx for recipe in recipes(SESSION, lab)} == {WINDOW}


def test_only_the_sampling_differs_unless_the_model_does():
    made = recipes(SESSION, Sampling(shown=4))
    found = differences(made, SECTIONS)
    assert (found.what, found.others, found.same) == ("sampling", (), ())
    lab = lab_of(column(), column(model=OLLAMA, temperature=0))
    found = differences(recipes(SESSION, lab), SECTIONS)
    assert (found.what, found.others) == ("model and the sampling", ())
    strip = board.Board(lab, recipes(SESSION, lab), drawing.Drawn(state="done")).markup()[0]
    assert "ollama" in strip
    assert "builtin" in strip
    same = differences(recipes(SESSION, lab_of(column(), column())), SECTIONS)
    assert same.same == (("A", "B"),)


def test_a_preset_replaces_its_knobs_and_keeps_the_others():
    lab, choice = acting.with_preset(SESSION, lab_of(), 0, "greedy")
    assert choice.params.temperature == 0
    assert (choice.params.seed, choice.params.num_predict) == (3, 8)
    assert acting.preset_in(SESSION, lab, 0) == "greedy"
    assert acting.preset_in(SESSION, lab_of(), 0) == ""
    for name in PRESETS:
        assert acting.preset_in(SESSION, acting.with_preset(SESSION, lab, 1, name)[0], 1) == name


def test_a_column_goes_into_the_chat_without_a_window_of_its_own():
    lab = lab_of(column(), column(temperature=0.1, num_ctx=8192))
    recipe = recipe_of(use_in_chat(SESSION, lab, 1))
    params = recipe.choice("sampling").params
    assert str(recipe.choice("model")) == "builtin(name=smollm2-135m)"
    assert (params.temperature, params.seed, params.num_ctx) == (0.1, 3, WINDOW)
    assert {name.partition(".")[0] for name in recipe.diff(recipe_of(SESSION))} <= set(SECTIONS)
    with pytest.raises(UsageError):
        use_in_chat(SESSION, lab, 2)


# pressing ---------------------------------------------------------------------------------------------


def test_a_token_of_another_column_is_looked_at_with_its_own_knobs():
    turned = lab_of().to(lens=Lens(temperature=0.1, order="go"), column=0, token=1)
    assert acting.act(turned, "token", "A:3").lens == turned.lens
    other = acting.act(turned, "token", "B:3")
    assert (other.column, other.token, other.lens) == (1, 3, Lens(order="go"))
    assert acting.act(other, "step", "4").token == 4
    assert acting.act(other, "close", "").token == -1
    assert acting.act(other, "tint", "entropy").tint == "entropy"
    assert acting.act(other, "together", "1").together


def test_hidden_columns_are_neither_compared_nor_looked_at():
    wide = lab_of(shown=4).to(pair=(1, 3), column=3, token=2, lens=Lens(top_k=1))
    narrow = acting.act(wide, "columns", "2")
    assert (narrow.shown, narrow.pair, narrow.column, narrow.lens) == (2, (0, 1), 1, Lens())
    assert acting.act(wide.to(pair=(0, 1)), "columns", "3").pair == (0, 1)
    assert acting.act(wide, "columns", "4").pair == (1, 3)
    assert acting.act(wide, "pair", "02").pair == (0, 2)


@pytest.mark.parametrize(
    ("what", "target"),
    [("token", "D:1"), ("token", "A"), ("token", ""), ("token", "A:x"), ("columns", "7"), ("columns", "many"),
     ("pair", "0"), ("pair", "09"), ("tint", "red"), ("step", "-3"), ("step", "")],
)  # fmt: skip
def test_what_is_not_there_any_more_cannot_be_pressed(what, target):
    with pytest.raises(UsageError):
        acting.act(lab_of(), what, target)


def test_a_prompt_is_taken_from_the_chat_with_its_passages(services):
    with pytest.raises(UsageError, match="no question"):
        prompting.from_chat(services, SESSION, lab_of())
    services.library.add_text("ferry.md", "The ferry to Stannel Point sails at 07:40 from the north quay.")
    conversation = services.conversations.create().id
    message = services.ask(conversation, "When does the ferry sail?", Recipe(), None)
    list(services.answers.follow(message))
    lab = prompting.from_chat(services, SESSION.to(conversation=conversation), lab_of())
    assert "When does the ferry sail?" in lab.prompt
    assert "sails at 07:40" in lab.prompt
    assert lab.messages[-1].role == "user"
    assert [message.role for message in lab.messages].count("system") == (1 if lab.system else 0)


# drawing ----------------------------------------------------------------------------------------------


def test_nothing_is_drawn_without_a_prompt_and_nothing_breaks_without_a_model(services):
    with pytest.raises(UsageError, match="prompt"):
        drawing.start(services, SESSION, lab_of(prompt=" \n"))
    lab = lab_of(column({"name": "auto", "params": {}}), column(MISSING))
    now = drew(services, lab)
    assert (now.state, now.error) == ("done", None)
    assert [type(answer.fault) for answer in now.answers] == [ModelMissing, ModelMissing]
    (shown,) = boards(services, lab)
    for body, answer in zip(shown.markup()[6:8], now.answers, strict=True):
        assert answer.fault.fix
        assert 'role="alert"' in body


def test_an_unknown_column_cannot_be_drawn(services):
    with pytest.raises(UsageError, match="not there"):
        drawing.start(services, SESSION, lab_of(), [2])


@pytest.mark.builtin
@pytest.mark.parametrize("together", [False, True])
def test_columns_are_drawn_one_after_the_other_or_together(furnished, together):
    lab = lab_of(together=together)
    now = drew(furnished, lab)
    assert (now.state, sorted(now.rows), now.together) == ("done", [0, 1], together)
    assert states(now) == ["done", "done"]
    assert [len(answer.sample.tokens) for answer in now.answers] == [8, 8]
    assert all(answer.facts.engine == "builtin" for answer in now.answers)
    assert said(drew(furnished, lab.to(id="another"))) == said(now), "the seed decides"


@pytest.mark.builtin
def test_one_column_anew_leaves_the_others(furnished):
    lab = lab_of()
    before = drew(furnished, lab)
    turned = lab.to(columns=(column(), column(**WILD, seed=5)))
    (shown,) = boards(furnished, turned)
    assert [shown._column(at).changed for at in (0, 1)] == [False, True]
    elsewhere = SESSION.to(recipe=recipe_of(SESSION).with_("retriever", "keyword").to_json())
    (shown,) = boards(furnished, lab, elsewhere)
    assert not shown._column(0).changed, "how passages are found has no say here"
    after = drew(furnished, turned, [1])
    assert after.at(0) == before.at(0)
    assert after.at(1).sample.params.seed == 5
    assert said(after)[1] != said(before)[1]
    moved = drew(furnished, turned.to(prompt="Name a colour."), [1])
    assert moved.at(0).sample != before.at(0).sample, "a new prompt draws all"
    assert len(moved.rows) == 2


@pytest.mark.builtin
@pytest.mark.parametrize("together", [False, True])
def test_stop_keeps_the_text_so_far(furnished, together):
    lab = lab_of(column(**LONG), column(**LONG), together=together, prompt=TALE)
    drawing.start(furnished, SESSION, lab)
    until(furnished, lab, lambda now: any(said(now)))
    stop(furnished, lab)
    now = drawn(furnished, lab)
    assert now.state == "stopped"
    begun = [answer.sample for answer in now.answers if answer.sample is not None]
    assert len(begun) == (2 if together else 1)
    assert {sample.state for sample in begun} == {"stopped"}
    assert any(sample.text for sample in begun)
    for sample, body in zip(begun, boards(furnished, lab)[-1].markup()[6:8], strict=False):
        assert all(token.text in body for token in sample.tokens if token.text.isalpha())


@pytest.mark.builtin
def test_a_new_run_ends_the_one_under_way(furnished):
    lab = lab_of(column(**LONG), column(), prompt=TALE)
    drawing.start(furnished, SESSION, lab)
    until(furnished, lab, lambda now: now.at(0).sample and now.at(0).sample.text)
    now = drew(furnished, lab.to(columns=(column(), column(temperature=0))))
    assert (now.state, states(now)) == ("done", ["done", "done"])
    assert [len(answer.sample.tokens) for answer in now.answers] == [8, 8]
    exact.start(furnished, lab)
    drew(furnished, lab.to(columns=(column(), column(temperature=0))), [1])
    furnished.measurements.settle(lab.work("exact"), 20)
    assert furnished.measurements.peek(lab.work("exact")).state == "stopped", "a run does not wait for it"


@pytest.mark.builtin
def test_a_missing_model_does_not_touch_the_other_column(furnished):
    for together in (False, True):
        now = drew(furnished, lab_of(column(MISSING), column(), together=together))
        assert "no-such-model" in str(now.at(0).fault)
        assert now.at(0).sample is None
        assert states(now)[1] == "done"


def test_what_nobody_foresaw_is_shown_too(services, monkeypatch):
    def broken(*given, **more):
        raise RuntimeError("<b>out of cheese</b>")

    monkeypatch.setattr(drawing, "draw", broken)
    with recorded(services, Replay("0.32.15")):
        for together in (False, True):
            lab = lab_of(column(OLLAMA), column(OLLAMA), together=together)
            assert drew(services, lab).state == "failed"
            everything = "".join(part or "" for part in boards(services, lab)[-1].markup())
            assert "out of cheese" in everything
            assert "<b>out" not in everything


# recorded servers -------------------------------------------------------------------------------------


def test_a_new_server_tells_tokens_and_its_facts(services):
    lab = lab_of(column(OLLAMA, min_p=0.05), column(OLLAMA, temperature=0))
    with recorded(services, Replay("0.32.15").chat("chat_stream_logprobs")) as server:
        now = drew(services, lab)
        body = next(body for path, body in server.requests if path == "/api/chat")
    assert (body["top_logprobs"], body["options"]["num_ctx"], body["options"]["min_p"]) == (20, WINDOW, 0.05)
    sample, facts = now.at(0).sample, now.at(0).facts
    assert sample.text == "The capital of France is Paris."
    assert [len(token.candidates) for token in sample.tokens] == [3] * 7
    assert (facts.version, facts.model, facts.order) == ("0.32.15", "smollm2", LLAMA_ORDER)
    assert facts.values["temperature"] == (1.2, "you")
    assert facts.values["repeat_penalty"] == (1.0, "server default")
    assert "mirostat" in facts.ignored
    assert "repeat_penalty" not in facts.ignored
    found = looked(services, lab, now)
    assert not found.full
    assert not found.seen.exact, "three candidates do not tell all"
    assert (found.seen.chosen_low <= found.seen.chosen_high).all()
    assert (found.seen.chosen_low < found.seen.chosen_high).any()
    close = looked(services, lab.to(token=0), now).token
    assert [one.token for one in close.candidates] == ["The", "Paris", "L"]
    assert close.tail_model == pytest.approx(1 - sum(np.exp(one.logprob) for one in close.candidates))
    assert not close.full


def test_an_old_server_tells_no_tokens_and_the_panel_says_what_to_do(services):
    lab = lab_of(column(OLLAMA), column(OLLAMA, temperature=0))
    with recorded(services, Replay("0.9.3").chat("chat_stream")):
        now = drew(services, lab)
        (shown,) = boards(services, lab)
    assert states(now) == ["done", "done"]
    assert now.at(0).sample.tokens == ()
    assert now.at(0).facts.values["repeat_penalty"] == (1.1, "server default")
    assert shown.look is None
    markup = shown.markup()
    for panel in (markup[6], markup[11]):
        assert "0.12.11" in panel
    assert "The capital of France is Paris" in markup[6]
    assert "tokens/s" in markup[6]
    with pytest.raises(UsageError):
        exact.start(services, lab)
    found = json.loads(routes.samples_file(services, lab.id).body)
    assert found["columns"][0]["samples"][0]["tokens"] is None


def test_a_stream_that_breaks_keeps_the_text_and_shows_the_error(services):
    whole = captured("0.32.15", "chat_stream_logprobs").body
    line = ndjson(chunk("The capital"), {"error": "<b>the runner</b> crashed"})
    for broken in (line, captured("0.32.15", "chat_stream_logprobs", cut=len(whole) // 2)):
        lab = lab_of(column(OLLAMA), column(MISSING))
        replay = Replay("0.32.15")
        replay.routes["/api/chat"] = broken
        with recorded(services, replay):
            now = drew(services, lab)
            markup = boards(services, lab)[-1].markup()
        assert now.state == "done"
        assert isinstance(now.at(0).sample.error, EngineFailed)
        assert now.at(0).sample.text.startswith("The capital")
        assert "capital" in markup[6]
        assert 'role="alert"' in markup[6]
        assert "<b>the runner" not in markup[6]
        assert "no-such-model" in markup[7]


def test_options_are_found_out_by_experiment_and_the_experiment_can_be_stopped(services):
    lab = lab_of(column(OLLAMA), column(MISSING))
    with recorded(services, Replay("0.32.15").chat("chat_stream")):
        probing.start(services, SESSION, lab, 0)
        services.measurements.settle(lab.work("probe"), 30)
        found = probing.probing(services, lab)
        assert (found.state, found.engine, found.model) == ("done", "ollama", "smollm2")
        assert {row.verdict for row in found.rows} <= {"no effect seen", "not told"}, "it always says the same"
        probing.start(services, SESSION, lab, 1)
        services.measurements.settle(lab.work("probe"), 30)
        missing = probing.probing(services, lab)
        assert (missing.state, type(missing.error), missing.found) == ("failed", ModelMissing, {})
    with recorded(services, hanging()):
        probing.start(services, SESSION, lab, 0)
        stop(services, lab, "probe")
        assert probing.probing(services, lab).state == "stopped"


# the board --------------------------------------------------------------------------------------------


def test_the_board_is_left_when_its_flag_is_set_and_the_run_goes_on(services):
    lab = lab_of(column(OLLAMA), column(OLLAMA))
    with recorded(services, hanging()):
        drawing.start(services, SESSION, lab)
        flag = services.tasks.begin(lab.id)
        shown = []
        for now in board.draw(services, SESSION, lab, flag):
            shown.append(now)
            if now.drawn.at(0).sample and now.drawn.at(0).sample.text == "The sea":
                flag.set()
        assert all(now.running for now in shown)
        assert drawn(services, lab).state == "running"
        markup = shown[-1].markup()
        assert "The sea" in markup[6]
        assert markup[11:] == [None, None], "the lens waits for the end"
        stop(services, lab)
        assert states(drawn(services, lab)) == ["stopped", None]


def test_the_board_ends_with_the_run(services):
    lab = lab_of(column(OLLAMA), column(OLLAMA, temperature=0))
    with recorded(services, Replay("0.32.15").chat("chat_stream_logprobs", pieces=400)):
        drawing.start(services, SESSION, lab)
        shown = boards(services, lab)
    assert shown[0].running
    assert shown[0].look is None
    assert not shown[-1].running
    assert shown[-1].look.column == 0
    assert "lens" in shown[-1].markup()[11]


@pytest.fixture(scope="module")
def answered(furnished):
    """Two columns of the built-in model, drawn once."""
    lab = lab_of(column(num_predict=5), column(num_predict=5, temperature=0))
    assert states(drew(furnished, lab)) == ["done", "done"]
    return lab


@pytest.mark.builtin
def test_a_token_is_looked_at_with_bounds_and_then_with_everything(furnished, answered):
    lab = acting.act(answered, "token", "B:2")
    first, last = boards(furnished, lab)
    assert first.asking
    assert not last.asking
    assert (first.look.token.full, last.look.token.full) == (False, True)
    assert len(first.look.token.candidates) == len(last.look.token.candidates) == 20
    assert first.look.token.tail_model == pytest.approx(last.look.token.tail_model, abs=1e-3)
    for at in range(20):
        assert first.look.token.low[at] - 1e-3 <= last.look.token.low[at] <= first.look.token.high[at] + 1e-3
    assert last.look.token.low == pytest.approx(last.look.token.high)
    assert len(boards(furnished, lab)) == 1, "asked for once"


@pytest.mark.builtin
def test_whole_distributions_make_the_lens_exact_and_no_panel_grows_with_them(furnished, answered, monkeypatch):
    work = answered.work("exact")
    turned = answered.to(token=1, lens=Lens(temperature=2, top_k=0, top_p=1))
    bounds = looked(furnished, turned, drawn(furnished, answered))
    with monkeypatch.context() as patched:
        keep = furnished.full.keep
        patched.setattr(furnished.full, "keep", lambda *row: (keep(*row), furnished.measurements.stop(work)))
        exact.start(furnished, answered)
        furnished.measurements.settle(work, 60)
    found = furnished.measurements.peek(work)
    assert (found.state, len(found.rows), found.total) == ("stopped", 1, 5)
    assert not looked(furnished, turned, drawn(furnished, answered)).full
    exact.start(furnished, answered)
    furnished.measurements.settle(work, 60)
    rest = furnished.measurements.peek(work)
    assert (rest.state, rest.total) == ("done", 4), "what came before is kept"
    *_, now = boards(furnished, turned)
    assert now.look.full
    assert now.look.token.full
    assert now.look.seen.exact
    assert now.look.seen.chosen_low == pytest.approx(now.look.seen.chosen_high)
    assert (bounds.seen.chosen_low - 2e-3 <= now.look.seen.chosen_low).all()
    assert (now.look.seen.chosen_low <= bounds.seen.chosen_high + 2e-3).all()
    assert now.look.seen.open_high.max() == 49_152, "everything could be drawn"
    markup = [part for part in now.markup() if part is not None]
    assert all(part.count('class="model"') <= 20 and part.count("<li") < 40 for part in markup)
    assert max(len(part.encode()) for part in markup) < 40_000
    assert sum(len(part.encode()) for part in markup) < 100_000


@pytest.mark.builtin
def test_sliders_ask_no_engine(furnished, answered, monkeypatch):
    def asked(*given, **more):
        raise AssertionError("a slider asked an engine")

    engines = furnished.library.engines
    for engine in (engines.builtin, engines.ollama):
        for name in ("chat", "distributions", "info", "models", "count_tokens"):
            monkeypatch.setattr(engine, name, asked, raising=False)
    knobs = [{}, {"temperature": 0.2}, {"top_k": 1}, {"top_p": 0.3}, {"min_p": 0.5}, {"typical_p": 0.3}]
    seen = []
    for one in knobs:
        (now,) = boards(furnished, answered.to(lens=Lens(**one)))
        assert (now.look.seen is now.look.before) == (not one), "unturned, nothing is computed twice"
        seen.append(now.markup()[11])
    assert len(set(seen)) == len(knobs), "every slider changes what is shown"


@pytest.mark.builtin
def test_the_lens_can_be_taken_over_into_its_column(furnished, answered):
    turned = answered.to(lens=Lens(temperature=0.35, top_k=7))
    params = recipes(SESSION, acting.take_over(furnished, SESSION, turned))[0].choice("sampling").params
    assert (params.temperature, params.top_k, params.top_p) == (0.35, 7, 0.95)
    assert (params.seed, params.num_predict) == (3, 5)
    with pytest.raises(UsageError):
        acting.take_over(furnished, SESSION, lab_of())


def test_a_model_file_may_go_beyond_the_sliders():
    """What the server uses is what the lens begins with, and its sliders send it back."""
    shown = {"temperature": 3.0, "top_k": 5000, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0}
    assert Sampling().to(lens=shown).lens.top_k == 5000
