"""The sampling lab without a page: its state, columns drawn by real engines and recorded ones, the board, the lens."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest

from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.ollama_versions import LLAMA_ORDER
from pipelines.engines.presets import PRESETS
from pipelines.errors import EngineFailed, ModelMissing, UsageError
from pipelines.evaluation.variety import Length, SameSeed
from pipelines.recipe import Recipe, choose
from pipelines.settings import Settings
from playground import routes
from playground.lab.differences import differences
from playground.sampling import acting, board, drawing, exact, probing, prompting, repeating
from playground.sampling.board import looked
from playground.sampling.drawing import drawn
from playground.sampling.state import SECTIONS, Lens, Many, Sampling, choices, recipes, use_in_chat, with_column
from playground.services import Services
from playground.state import Session, recipe_of
from playground.views import variety
from tests.ollama_replay import Replay, captured, ndjson

ASK = "Name a sea animal."
WINDOW = 512
SESSION = Session(recipe=Recipe().with_("sampling", num_ctx=WINDOW).to_json())
BUILTIN = {"name": "builtin", "params": {"name": "smollm2-135m"}}
OLLAMA = {"name": "ollama", "params": {"name": "smollm2"}}
MISSING = {"name": "builtin", "params": {"name": "no-such-model"}}
KNOBS = {"seed": 3, "num_predict": 8, "temperature": 1.2, "top_k": 50, "top_p": 0.95}
LONG = {"num_predict": 300, "temperature": 0}
WILD = {"num_predict": 4, "temperature": 2, "top_k": 0, "top_p": 1}
TALE = "Tell me a long story about the sea."


def column(model=BUILTIN, **knobs):
    return {"model": model, "sampling": {"name": "default", "params": {**KNOBS, **knobs}}}


def lab_of(*columns, prompt=ASK, **more):
    return Sampling(columns=columns or (column(), column(temperature=0)), prompt=prompt, **more)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """No Ollama answers here, and no built-in model is there."""
    folder = tmp_path_factory.mktemp("data")
    opened = Services.open(
        Settings(data_dir=folder, models_dir=folder / "models", offline=True, ollama_host="127.0.0.1:9")
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def furnished(builtin_model, tmp_path_factory):
    """With the built-in model."""
    folder = tmp_path_factory.mktemp("furnished")
    opened = Services.open(
        Settings(data_dir=folder, models_dir=builtin_model.parent, offline=True, ollama_host="127.0.0.1:9", threads=1)
    )
    yield opened
    opened.close()


def drew(services, lab, only=(), session=SESSION):
    drawing.start(services, session, lab, only)
    services.measurements.settle(lab.work("draw"), 60)
    return drawn(services, lab)


def until(services, lab, when, what="draw"):
    """The work as soon as something is so; it goes on."""
    for now in services.measurements.follow(lab.work(what)):
        if when(now):
            return now
    raise AssertionError("it ended first")


def stop(services, lab, what="draw"):
    services.measurements.stop(lab.work(what))
    services.measurements.settle(lab.work(what), 20)


def boards(services, lab, session=SESSION):
    return list(board.draw(services, session, lab, services.tasks.begin(lab.id)))


def said(now):
    return [answer.sample and answer.sample.text for answer in now.answers]


def states(now):
    return [answer.sample and answer.sample.state for answer in now.answers]


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


@contextmanager
def recorded(services, replay):
    """The lab's Ollama is a recorded one."""
    engines = services.library.engines
    with replay as server:
        before, engines.ollama = engines.ollama, OllamaEngine(server.url)
        engines.forget()
        try:
            yield server
        finally:
            engines.ollama.close()
            engines.ollama = before
            engines.forget()


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


def chunk(text):
    return {"message": {"role": "assistant", "content": text}, "done": False}


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


def hanging():
    """A server that says a few words, and then nothing."""
    replay = Replay("0.32.15")
    replay.routes["/api/chat"] = ndjson(chunk("The"), chunk(" sea"), hang=True)
    return replay


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
        assert now.look.turned == bool(one)
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
def test_what_was_drawn_can_be_saved(furnished, answered):
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
    engines = services.library.engines
    before, engines.ollama = engines.ollama, OllamaEngine(ollama_url)
    try:
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
    finally:
        engines.ollama.close()
        engines.ollama = before
