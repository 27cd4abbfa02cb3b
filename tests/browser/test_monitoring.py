"""Monitoring as a person looks at it: empty, with models, in another window; and a notice that is dismissed."""

import random
import time

import pytest
from playwright.sync_api import expect

from pipelines.runs.run import Begun, Ended
from tests.browser.conftest import open_tab, settings_for
from tests.browser.test_chat import fits

pytestmark = pytest.mark.browser

LONG_AGO = time.time() - 20 * 86_400

MODELS = (("qwen3:4b", 0.4, 22.0, 150), ("llama3.2:3b", 0.25, 31.0, 9), ("smollm2:135m <i>", 0.08, 90.0, 4))


def fill(runs, monkeypatch, days):
    """Runs of the days before now, written through the store."""
    draw, now = random.Random(3), time.time()
    for name, ttft, speed, each_day in MODELS:
        for n in range(days * each_day):
            at = now - days * 86_400 + (n + draw.random()) * 86_400 / each_day
            monkeypatch.setattr("pipelines.runs.rows.time.time", lambda at=at: at)
            numbers = {"ttft_s": ttft * draw.lognormvariate(0, 0.4), "tokens_per_s": speed * draw.uniform(0.7, 1.1),
                       "prompt_tokens": draw.randint(400, 3000), "completion_tokens": draw.randint(30, 300),
                       "left_out": float(draw.random() < 0.1), "seconds": draw.uniform(2, 12)}  # fmt: skip
            failed = draw.random() < 0.04
            engine = "builtin" if "smollm" in name else "ollama"
            runs.add(Begun("ask"), Ended("failed" if failed else "done", engine, model=name,
                                         seconds=numbers["seconds"], numbers={} if failed else numbers))  # fmt: skip
    monkeypatch.undo()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(services, address) of an app whose runs were cut off."""
    from playground.app import running
    from playground.runs.kept import open_runs

    settings = settings_for(tmp_path_factory.mktemp("monitoring"))
    before = open_runs(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.runs.rows.time.time", lambda: LONG_AGO)
        run = before.begin(Begun("index", question="annual <b>report</b>.pdf"))
    with before._db.transaction() as db:
        db.execute("update run set process = '1 1.00' where id = ?", (run,))
    before.close()
    with running(settings) as (services, url):
        yield services, url


def test_what_was_cut_off_is_said_and_dismissed(visit, picture):
    page = visit()
    notice = page.locator("#documents .notice")
    expect(notice).to_contain_text("Cut off before the end")
    expect(notice).to_contain_text("Indexing annual <b>report</b>.pdf: add it again.")
    picture(page, "notice")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)
    page.reload()
    expect(page.locator("#documents .empty")).to_be_visible()
    expect(notice).to_have_count(0)


def test_an_empty_page_teaches_and_models_are_drawn(visit, picture, served, monkeypatch):
    page = visit(height=1500)
    open_tab(page, "Monitoring")
    page.get_by_label("Last hour").check()
    board = page.locator("#monitoring-board")
    expect(board).to_contain_text("Ask something in the chat")
    picture(page, "monitoring-empty")
    fill(served[0].runs, monkeypatch, 8)
    page.get_by_label("Last week").check()
    expect(board.locator("article.watched")).to_have_count(3)
    expect(board.locator(".col-a .band").first).to_be_attached()
    expect(board).to_contain_text("smollm2:135m <i> (builtin)")
    expect(board.locator("tbody").first.locator("tr").first).to_contain_text("qwen3:4b")
    picture(page, "monitoring")
    page.get_by_label("Last day").focus()
    page.keyboard.press("Space")  # the keyboard chooses too
    expect(page.get_by_label("Last day")).to_be_checked()
    expect(board.locator(".chart circle.one").first).to_be_attached()
    picture(page, "monitoring-day")


@pytest.mark.parametrize("dark", [False, True])
def test_monitoring_on_a_narrow_page(visit, picture, dark):
    page = visit(width=390, height=1400, dark=dark)
    open_tab(page, "Monitoring")
    page.get_by_label("All", exact=True).check()
    expect(page.locator("#monitoring-board article.watched")).to_have_count(3)
    assert fits(page)
    page.locator("#monitoring-board").scroll_into_view_if_needed()
    picture(page, f"monitoring-narrow-{'dark' if dark else 'light'}")
