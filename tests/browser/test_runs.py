"""The tab of runs as a person uses it: a run of each lab, two compared, one made again, one put back, one taken out.

The real small built-in model draws the samples; what it says does not matter.
"""

import re
from time import monotonic, sleep

import pytest
from playwright.sync_api import expect

from sample_docs import folder
from tests.browser import test_chunking, test_reading, test_retrieval, test_sampling
from tests.browser.conftest import REPORT, open_tab, settings_for
from tests.browser.test_chat import QUESTION, fits

pytestmark = [pytest.mark.browser, pytest.mark.builtin]

HANDBOOK = folder() / "lanternfish-handbook.pdf"

OTHER = "Who pays for <b>the</b> repairs?"


@pytest.fixture(scope="module")
def served(tmp_path_factory, builtin_model):
    """(services, address) of an app with one report, whose chat quotes and whose sampling lab has the small model."""
    from playground.app import running

    more = {"models_dir": builtin_model.parent, "threads": 1}
    with running(settings_for(tmp_path_factory.mktemp("runs")).model_copy(update=more)) as (services, url):
        services.library.add(REPORT)
        yield services, url


def open_runs(page):
    open_tab(page, "Runs")
    expect(page.locator("#runs-table .runs-table, #runs-table .empty").first).to_be_visible()


def row(page, kind, about=""):
    """The newest run of a kind."""
    rows = page.locator("#runs-table tbody tr", has=page.locator("td:nth-child(3)", has_text=re.compile(f"^{kind}")))
    return rows.filter(has_text=about).first


def settled(services, kind):
    """Wait until runs of a kind are kept: labs that follow sliders keep them once they have settled."""
    from pipelines.runs.filter import Filter

    ends = monotonic() + 30
    while not services.runs.count(Filter(kinds=(kind,))):
        assert monotonic() < ends, f"no {kind} was kept"
        sleep(0.1)


def test_each_lab_leaves_a_run(visit, served, picture):
    services, _ = served
    page = visit(height=1000)
    page.locator("#upload input[type=file]").set_input_files(HANDBOOK)
    expect(page.locator("#documents")).to_contain_text(HANDBOOK.name)
    settled(services, "index")
    open_runs(page)
    expect(row(page, "index", HANDBOOK.name)).to_be_visible()
    test_chunking.open_lab(page)
    settled(services, "chunk")
    test_retrieval.open_lab(page)
    test_retrieval.ask(page)
    settled(services, "search")
    test_sampling.open_lab(page)
    test_sampling.shorten(page)
    test_sampling.run(page)
    open_tab(page, "Reading")
    expect(page.locator("#read-body-B")).to_contain_text("Not read yet")
    test_reading.run(page)
    open_runs(page)
    for kind, origin in (("chunk", "chunking lab"), ("search", "retrieval lab"), ("sample", "sampling lab"),
                         ("read", "reading lab")):  # fmt: skip
        expect(row(page, kind)).to_be_visible()
        expect(row(page, kind).locator("time")).to_have_attribute("title", origin)
    picture(page, "runs-table")
    # found again: by kind, by a word, and all back
    page.get_by_role("button", name="Readings").click()
    expect(row(page, "read")).to_be_visible()
    expect(row(page, "search")).to_have_count(0)
    page.locator("#runs-filters").get_by_role("button", name="Show all").click()
    expect(row(page, "chunk")).to_be_visible()
    page.locator("#runs-text textarea, #runs-text input").fill("about the sea")
    expect(row(page, "chunk")).to_have_count(0)
    expect(row(page, "sample")).to_be_visible()
    picture(page, "runs-found")
    page.locator("#runs-filters").get_by_role("button", name="Show all").click()
    expect(row(page, "chunk")).to_be_visible()
    expect(page.locator("#runs-text textarea, #runs-text input")).to_have_value("")


def test_two_are_compared_one_is_made_again_and_put_back(visit, picture, tmp_path):
    page = visit(height=1200)
    for question in (QUESTION, OTHER):
        page.locator("#question textarea").fill(question)
        page.keyboard.press("Enter")
        page.locator("#last .exchange.done").get_by_text(question, exact=True).wait_for()
    open_runs(page)
    for question in (OTHER, QUESTION):
        row(page, "ask", question).locator("button.pick").click()
    pair = page.locator("#runs-opened .run-pair")
    expect(pair.locator(".strip")).to_contain_text("The recipes are the same")
    expect(pair.locator(".strip")).to_contain_text(OTHER)
    expect(pair.locator("table.ranks tbody tr").first).to_be_visible()
    pair.scroll_into_view_if_needed()
    picture(page, "runs-pair")
    with page.expect_download() as download:
        pair.get_by_role("link", name=re.compile("page", re.I)).click()
    copy = tmp_path / "two.html"
    download.value.save_as(copy)
    assert "<script" not in copy.read_text("utf-8")
    alone = page.context.new_page()  # the file opens without the app
    alone.goto(copy.as_uri())
    expect(alone.locator(".run-pair .strip")).to_contain_text(OTHER)
    expect(alone.locator("table.ranks tbody tr").first).to_be_visible()
    picture(alone, "runs-pair-alone")
    alone.close()
    # opened, named, starred, made again
    row(page, "ask", QUESTION).locator("button.open").click()
    opened = page.locator("#runs-opened .run-open")
    expect(opened.locator("h2")).to_have_text(QUESTION)
    expect(opened.locator(".run-hits li").first).to_be_visible()
    picture(page, "runs-open")
    opened.get_by_role("button", name="Run again").click()
    expect(page.locator("#runs-opened .note")).to_contain_text("Reproduced.")
    picture(page, "runs-again")
    # put back where such runs are made
    opened.get_by_role("button", name=re.compile("Open in the retrieval lab")).click()
    expect(page.locator("#find-question textarea")).to_have_value(QUESTION)
    page.wait_for_timeout(1000)  # the browser keeps a moment later which tab is open
    page.reload()
    expect(page.locator("#find-question textarea")).to_have_value(QUESTION)  # the tab that was open opens again
    open_runs(page)
    expect(page.locator("#runs-opened .run-open h2")).to_have_text(QUESTION)


def test_one_is_loaded_into_the_chat(visit, served):
    from pipelines.recipe import Recipe
    from pipelines.runs.run import Begun, Ended

    services, _ = served
    recipe = Recipe().with_("retriever", "keyword", k=2)
    services.runs.add(Begun("search", recipe.to_json(), "two by words"), Ended("done"))
    page = visit()
    open_runs(page)
    row(page, "search", "two by words").locator("button.open").click()
    page.locator("#runs-opened").get_by_role("button", name="Use in chat").click()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword(k=2)")


def test_one_is_named_noted_starred_and_deleted(visit, served):
    from pipelines.runs.run import Begun, Ended

    services, _ = served
    services.runs.add(Begun("ask", question="Of no use"), Ended("done", outputs={"text": "None."}))
    page = visit()
    open_runs(page)
    row(page, "ask", "Of no use").locator("button.open").click()
    opened = page.locator("#runs-opened .run-open")
    for field, said in (("name", "The <i>first</i>"), ("note", "Try again")):
        opened.locator("summary", has_text="Name and note").click()
        opened.locator(f"form[data-act={field}] input").fill(said)
        page.keyboard.press("Enter")
        expect(opened).to_contain_text(said)
    star = row(page, "ask", "Of no use").locator("button.star")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.locator("#runs-filters").get_by_role("button", name="★ Starred").click()
    expect(page.locator("#runs-table tbody tr")).to_have_count(1)
    page.locator("#runs-filters").get_by_role("button", name="★ Starred").click()
    opened.get_by_role("button", name="Delete").click()
    expect(opened).to_contain_text("Delete this run for good?")
    opened.locator("button.danger").click()
    expect(opened).to_have_count(0)
    expect(row(page, "ask", "The <i>first</i>")).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False), (390, True)])
def test_it_stays_readable(visit, picture, width, dark):
    page = visit(width=width, height=1100, dark=dark)
    open_runs(page)
    name = f"runs-{width}-{'dark' if dark else 'light'}"
    picture(page, name)
    assert fits(page)
    page.locator("#runs-table button.open").first.click()
    expect(page.locator("#runs-opened .run-open")).to_be_visible()
    page.locator("#runs-opened").scroll_into_view_if_needed()
    picture(page, f"{name}-open")
    assert fits(page)
    for at in (0, 1):
        page.locator("#runs-table button.pick").nth(at).click()
    expect(page.locator("#runs-opened .run-pair")).to_be_visible()
    page.locator("#runs-opened").scroll_into_view_if_needed()
    picture(page, f"{name}-pair")
    assert fits(page)
