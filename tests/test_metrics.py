"""GET /metrics of a running app, read by the parser of the library itself."""

import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.errors import PlaygroundError
from pipelines.recipe import Recipe
from pipelines.runs.run import Begun, Ended
from pipelines.settings import Settings
from playground.app import running
from playground.cli import run
from playground.metrics import Tally

HOSTILE = 'a"b\\c\nd{e="f"} \ud800 😀'


def settings(data_dir, **more):
    models = data_dir / "models"
    return Settings(data_dir=data_dir, models_dir=models, offline=True, port=0, ollama_host="127.0.0.1:9", **more)


def scraped(url):
    answer = httpx.get(f"{url}metrics", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    samples = [sample for one in families.values() for sample in one.samples]
    return families, {named(sample.name, **sample.labels): sample.value for sample in samples}


def named(name, *by, **labels):
    """A sample by its name and labels; the first are kind, engine, model."""
    return name, frozenset((dict(zip(("kind", "engine", "model"), by, strict=False)) | labels).items())


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running(settings(tmp_path_factory.mktemp("data"), metrics=True)) as (services, url):
        yield services, url


def test_runs_are_counted_as_they_end(app):
    services, url = app
    _, before = scraped(url)
    assert before[named("playground_documents")] == 0
    services.library.add_text("tides.md", "Spring tides follow the new and the full moon.")
    chat = services.conversations.create().id
    *_, last = services.answers.follow(services.ask(chat, "When are spring tides?", Recipe(), None))
    assert last.state == "done"
    families, now = scraped(url)
    assert now[named("playground_documents")] == 1
    assert now[named("playground_runs_total", "ask", "none", "", state="done")] == 1
    assert now[named("playground_run_seconds_count", "ask", "none", "")] == 1
    assert now[named("playground_runs_kept", "ask")] == 1
    assert now[named("playground_jobs", "index", state="running")] == 0
    assert families["playground_runs"].type == "counter"
    assert families["playground_run_seconds"].type == "histogram"
    assert "since the app started" in families["playground_runs"].documentation
    assert "now" in families["playground_runs_kept"].documentation


def test_numbers_of_models_with_any_name(app):
    services, url = app
    numbers = {"ttft_s": 0.3, "tokens_per_s": 25.0, "prompt_tokens": 800.0, "completion_tokens": 40.0, "left_out": 2.0}
    for state in ("done", "done", "failed"):
        services.recorder.add(Begun("sample"), Ended(state, "builtin", model=HOSTILE, numbers=numbers))
    _, now = scraped(url)
    who = ("sample", "builtin", HOSTILE.replace("\ud800", "?"))
    assert now[named("playground_runs_total", *who, state="done")] == 2
    assert now[named("playground_runs_total", *who, state="failed")] == 1
    assert now[named("playground_prompt_tokens_total", *who)] == 2400
    assert now[named("playground_left_out_passages_total", *who)] == 6
    assert now[named("playground_first_token_seconds_sum", *who)] == pytest.approx(0.9)
    assert now[named("playground_first_token_seconds_bucket", *who, le="0.25")] == 0
    assert now[named("playground_first_token_seconds_bucket", *who, le="0.5")] == 3


def test_deleting_runs_makes_no_counter_fall(app):
    services, url = app
    run_ = services.recorder.add(Begun("chunk"), Ended())
    _, before = scraped(url)
    services.runs.delete([run_])
    _, after = scraped(url)
    assert (
        after[named("playground_runs_total", "chunk", "", "", state="done")]
        == before[named("playground_runs_total", "chunk", "", "", state="done")]
    )
    assert after[named("playground_runs_kept", "chunk")] == before[named("playground_runs_kept", "chunk")] - 1


def test_runs_are_counted_where_none_are_kept(tmp_path):
    with running(settings(tmp_path, metrics=True, runs_mb=0)) as (services, url):
        services.recorder.end(services.recorder.begin(Begun("read")), Ended())
        _, now = scraped(url)
        assert now[named("playground_runs_total", "read", "", "", state="done")] == 1
        assert now[named("playground_runs_kept", "read")] == 0


def test_two_apps_of_a_process_do_not_share_their_counts():
    one, two = Tally(), Tally()
    one.count(Begun("ask"), Ended())
    labels = {"kind": "ask", "engine": "", "model": "", "state": "done"}
    told = [tally._registry.get_sample_value("playground_runs_total", labels) for tally in (one, two)]
    assert told == [1, None]


def test_off_unless_asked_for(tmp_path):
    with running(settings(tmp_path)) as (_, url):
        answer = httpx.get(f"{url}metrics", timeout=30)
    assert answer.status_code == 404
    assert "--metrics" in answer.text


def test_without_the_package_a_line_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(PlaygroundError, match="prometheus-client"):
        Tally()
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path))
    assert run(["--metrics", "--no-browser", "--offline", "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert "pip install 'rag-playground[metrics]'" in said
    assert "Traceback" not in said
