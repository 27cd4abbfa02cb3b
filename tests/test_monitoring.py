"""Figures of many runs: percentiles as NumPy has them, buckets with what belongs in them, nothing told of too few."""

import math
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.base import Stats
from pipelines.runs.measured import QUERY
from pipelines.runs.monitoring import LEAST, WINDOWS, monitored, spread
from pipelines.runs.run import Begun, Ended
from pipelines.runs.store import Runs
from playground.runs import outcomes
from playground.views.monitoring import monitoring

HOUR, DAY = 3600.0, 86_400.0
MIDNIGHT = 20_000 * DAY


@pytest.fixture
def runs():
    kept = Runs(None)
    yield kept
    kept.close()


def add(runs, at, kind="ask", state="done", engine="ollama", model="qwen3:4b", **numbers):
    """A run that began then, written through the store as every run is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.runs.rows.time.time", lambda: at)
        return runs.add(Begun(kind), Ended(state, engine, model=model, seconds=numbers.get("seconds"), numbers=numbers))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.booleans())
def test_percentiles_are_those_of_numpy(values, falling):
    told = spread(np.array(values), falling=falling)
    assert told.n == len(values)
    for name, least in LEAST.items():
        percent = 100 - int(name[1:]) if falling else int(name[1:])
        expected = float(np.percentile(values, percent)) if len(values) >= least else None
        assert getattr(told, name) == (expected if expected is None else pytest.approx(expected, abs=1e-6))


def test_no_percentile_of_too_few():
    assert spread(np.array([])).p50 is None
    five = spread(np.arange(5.0))
    assert (five.n, five.p50, five.p95, five.p99) == (5, 2.0, None, None)
    assert spread(np.arange(99.0)).p99 is None
    assert spread(np.arange(100.0)).p99 is not None


def test_the_slow_end_of_speed_is_the_low_one():
    falling = spread(np.arange(1.0, 101.0), falling=True)
    assert (falling.p50, round(falling.p95, 2)) == (50.5, 5.95)


def test_each_model_with_its_engine(runs):
    for n in range(30):
        add(
            runs,
            MIDNIGHT + n,
            ttft_s=0.1 * n,
            tokens_per_s=20.0,
            prompt_tokens=100,
            completion_tokens=10,
            left_out=n % 2,
        )
    add(runs, MIDNIGHT, state="failed")
    add(runs, MIDNIGHT, state="stopped")
    add(runs, MIDNIGHT, kind="sample", model="smollm2", engine="builtin", ttft_s=2.0)
    add(runs, MIDNIGHT, engine="none", model="")
    add(runs, MIDNIGHT, state="failed", engine="", model="")
    add(runs, MIDNIGHT, kind="evaluate", engine="", model="")  # of retrieval: no model took part
    add(runs, MIDNIGHT, kind="search", engine="", model="", search_s=1.0)
    runs.begin(Begun("ask"))
    found = monitored(runs.measured())
    assert [(one.name, one.engine, one.runs) for one in found.models] == [
        ("qwen3:4b", "ollama", 32), ("", "", 1), ("", "none", 1), ("smollm2", "builtin", 1),
    ]  # fmt: skip
    qwen = found.models[0]
    assert (qwen.finished, qwen.failed) == (31, 1)
    assert qwen.spreads["ttft_s"].n == 30
    assert qwen.spreads["ttft_s"].p50 == pytest.approx(1.45)
    assert qwen.sums == {"prompt_tokens": 3000, "completion_tokens": 300, "left_out": 15}
    assert qwen.short_of_room == 15
    assert {one.kind: one.runs for one in found.work} == {"ask": 34, "search": 1, "sample": 1, "evaluate": 1}
    assert found.runs == 37


def test_buckets_hold_what_began_in_them(runs):
    for at, ttft in ((0, 1.0), (10, 3.0), (HOUR, 5.0), (5 * HOUR, 7.0)):
        add(runs, MIDNIGHT + at, ttft_s=ttft)
    add(runs, MIDNIGHT + 5 * HOUR, state="failed")
    found = monitored(runs.measured(MIDNIGHT), MIDNIGHT, MIDNIGHT + DAY)
    (model,) = found.models
    assert found.step == HOUR
    assert [(one.start - MIDNIGHT, one.finished, one.failed) for one in model.buckets] == [
        (0, 2, 0), (HOUR, 1, 0), (5 * HOUR, 2, 1),
    ]  # fmt: skip
    assert [one.spreads["ttft_s"].p50 for one in model.buckets] == [2.0, 5.0, 7.0]
    assert model.buckets[0].single["ttft_s"] == (1.0, 3.0)


@pytest.mark.parametrize(("name", "step"), [("hour", 300), ("day", HOUR), ("week", 6 * HOUR), ("month", DAY)])
def test_windows_have_buckets_that_can_be_seen(runs, name, step):
    found = monitored([], MIDNIGHT - WINDOWS[name], MIDNIGHT)
    assert found.step == step
    assert found.runs == 0


def test_days_begin_at_midnight_where_the_person_is(runs):
    add(runs, MIDNIGHT - HOUR)  # already the next day two hours further east
    add(runs, MIDNIGHT + HOUR)
    east = monitored(runs.measured(), MIDNIGHT - 30 * DAY, MIDNIGHT + DAY, zone_s=7200)
    assert [one.start for one in east.models[0].buckets] == [MIDNIGHT - 7200]
    here = monitored(runs.measured(), MIDNIGHT - 30 * DAY, MIDNIGHT + DAY)
    assert [one.start for one in here.models[0].buckets] == [MIDNIGHT - DAY, MIDNIGHT]


def test_caches(runs):
    add(runs, MIDNIGHT, kind="index", engine="", model="", embedded=40, cached=10)
    add(runs, MIDNIGHT, kind="index", engine="", model="", embedded=60, cached=60)
    add(runs, MIDNIGHT, kind="search", engine="", model="", remembered=0.5)
    add(runs, MIDNIGHT, kind="search", engine="", model="", remembered=1.0)
    found = monitored(runs.measured())
    assert (found.embedded, found.cached, found.remembered, found.searches) == (100, 70, 0.75, 2)
    assert "100 vectors and knew 70 of them (70 %)" in str(monitoring(found))


def test_many_runs_are_read_from_the_index_alone(runs):
    plan = " ".join(row[-1] for row in runs._db.rows(f"explain query plan {QUERY}", 0.0))
    assert "COVERING INDEX run_measured" in plan
    assert "TEMP B-TREE" not in plan


def test_a_run_that_was_cut_off_is_counted_but_did_not_end(runs):
    add(runs, MIDNIGHT, kind="index", state="interrupted", engine="", model="")
    (work,) = monitored(runs.measured()).work
    assert (work.runs, work.finished) == (1, 0)


def test_what_indexing_needed_and_knew_is_a_number_of_its_run(tmp_path):
    from pipelines.library import Library
    from pipelines.recipe import Recipe
    from pipelines.settings import Settings

    settings = Settings(data_dir=tmp_path, models_dir=tmp_path / "models", offline=True, ollama_host="127.0.0.1:9")
    text = "\n\n".join(f"Gull {n} likes the tide of day {n} very much indeed." for n in range(60))
    with Library.open(settings=settings) as library:
        first = library.add_text("a.md", text)
        assert first.embedded >= first.chunks > 1
        assert first.cached == 0
        again = library.add_text("b.md", text + "\n\nAnd one more line.", Recipe())
    assert again.embedded >= again.cached > 0
    numbers = outcomes.of_indexed(again).numbers
    assert (numbers["embedded"], numbers["cached"]) == (again.embedded, again.cached)


# the page -----------------------------------------------------------------------------------------------


def test_the_markup_says_of_how_many_and_names_no_percentile_of_five(runs):
    for n in range(5):
        add(runs, MIDNIGHT + n * HOUR, ttft_s=0.2 + n / 10, tokens_per_s=30.0, prompt_tokens=900, completion_tokens=50)
    html = str(monitoring(monitored(runs.measured(), MIDNIGHT, MIDNIGHT + DAY)))
    assert 'title="Of 5 measurements."' in html
    assert html.count('title="Of 5 measurements: it takes 100."') == 2
    assert "0.40 s" in html
    assert 'class="band"' not in html
    assert html.count('class="one"') == 10  # each run of two charts
    assert "Time to first token" in html


def test_a_band_where_there_is_enough_and_one_scale_for_all_models(runs):
    for n in range(40):
        add(runs, MIDNIGHT + n, ttft_s=1.0 + n / 40)
        add(runs, MIDNIGHT + HOUR + n, ttft_s=1.0 + n / 40)
        add(runs, MIDNIGHT + n, model="slow", ttft_s=10.0)
    html = str(monitoring(monitored(runs.measured(), MIDNIGHT, MIDNIGHT + DAY)))
    assert html.count('class="band"') == 2
    scales = [
        re.findall(r'class="y">([^<]+)</text>', chart) for chart in html.split("<figure>") if "first token ↓" in chart
    ]
    assert [one[2] for one in scales if one] == ["10 s", "10 s"]


def test_names_of_models_are_escaped_and_more_than_four_stay_in_the_table(runs):
    for n in range(6):
        add(runs, MIDNIGHT + n, model=f"<b>{n}</b>", ttft_s=1.0)
    html = str(monitoring(monitored(runs.measured())))
    assert "<b>" not in html
    assert "2 more models with fewer runs" in html
    assert "&lt;b&gt;5&lt;/b&gt;" in html


def test_an_empty_window_teaches():
    html = str(monitoring(monitored([], MIDNIGHT - HOUR, MIDNIGHT)))
    assert "Ask something in the chat" in html
    assert "nan" not in html.casefold()


@given(
    st.lists(st.tuples(st.floats(0, 400 * DAY), st.floats(0, 1e5) | st.none()), max_size=40),
    st.sampled_from(list(WINDOWS)),
)
def test_any_runs_can_be_drawn(some, window):
    runs, now = Runs(None), MIDNIGHT
    for ago, ttft in some:
        add(runs, now - ago, **({} if ttft is None else {"ttft_s": ttft}))
    since = now - WINDOWS[window] if WINDOWS[window] else None
    found = monitored(runs.measured(since or 0.0), since, now)
    html = str(monitoring(found))
    assert found.runs == sum(since is None or now - ago >= since for ago, _ in some)
    assert not re.search(r"\b(nan|inf)\b", html)
    for x in re.findall(r'cx="([\d.-]+)"', html):
        assert 38 <= float(x) <= 288
    runs.close()


def test_what_an_engine_measured_is_what_is_packed(runs):
    stats = Stats(load_s=1.0, ttft_s=0.5, prompt_tokens=10, completion_tokens=4, generation_s=0.2)
    known = {name: value for name, value in outcomes.of_stats(stats).items() if value is not None}
    add(runs, time.time(), **known)
    (group,) = runs.measured()
    assert group.numbers["ttft_s"].tolist() == [0.5]
    assert group.numbers["completion_tokens"].tolist() == [4]
    assert math.isnan(group.numbers["left_out"][0])
