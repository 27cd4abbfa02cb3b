"""The sampling lab as a person uses it: draw two columns, look at a token, move the lens, repeat, keep the winner.

The real small built-in model answers; what it says does not matter.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_tab, settings_for, unfold
from tests.browser.test_chat import fits

pytestmark = [pytest.mark.browser, pytest.mark.builtin]

PROMPT = "Tell me about the sea."
TOKENS = 20


@pytest.fixture(scope="module")
def served(tmp_path_factory, builtin_model):
    """(services, address) of an app with the small model, whose recipe is short of words."""
    from playground.app import running

    more = {"models_dir": builtin_model.parent, "threads": 1}
    with running(settings_for(tmp_path_factory.mktemp("sampling")).model_copy(update=more)) as (services, url):
        yield services, url


def open_lab(page):
    open_tab(page, "Sampling")
    expect(page.locator("#draw-strip .strip")).to_contain_text("Only the sampling differs")


def set_knob(page, letter, name, value):
    page.locator(f"#sampling-{letter}-{name} input[type=number]").fill(str(value))
    page.keyboard.press("Tab")
    expect(page.locator("#draw-strip .strip")).to_contain_text(f"{name.replace('_', ' ')} {value}")


def shorten(page):
    """Few tokens and a fixed seed in both columns."""
    for letter in "AB":
        unfold(page, f"#tab-sampling .col-{letter.lower()} .knob-form details.more > summary")
        set_knob(page, letter, "num_predict", TOKENS)
        set_knob(page, letter, "seed", 3)


def run(page, prompt=PROMPT):
    page.locator("#draw-prompt textarea").fill(prompt)
    page.locator("#draw-run").click()
    page.locator("#sampling-A-top_k input[type=number]").click()  # a knob looked at while words come ends nothing
    page.keyboard.press("Tab")
    expect(page.locator("#draw-body-B .tok").first).to_be_visible()
    expect(page.locator("#draw-body-B .drawn.done")).to_be_visible()
    expect(page.locator("#lens-text .lens-numbers")).to_be_visible()


def lens_odds(page):
    """How often the text comes out: as drawn, through the lens."""
    cells = page.locator("#lens-text .lens-numbers tbody tr").first.locator("td")
    return cells.nth(0).inner_text(), cells.nth(1).inner_text()


def test_two_columns_a_token_the_lens_and_where_they_part(visit, picture):
    page = visit(height=1000)
    open_lab(page)
    expect(page.locator("#draw-body-A")).to_contain_text("Try first")
    shorten(page)
    run(page)
    picture(page, "sampling-two")
    expect(page.locator("#draw-head-A")).to_contain_text("smollm2-135m")
    for letter in "AB":
        expect(page.locator(f"#draw-body-{letter} .clock")).to_contain_text("tokens/s")
    # the first token that differs is marked in both, with both distributions
    expect(page.locator("#draw-parting")).to_contain_text(re.compile(r"At token \d+"))
    expect(page.locator("#draw-parting .side li.said")).to_have_count(2)
    for letter in "AB":
        expect(page.locator(f"#draw-body-{letter} .tok.parts")).to_have_count(1)
    # a token, first from the candidates, then from its whole distribution
    page.locator("#draw-body-A .tok").nth(4).click()
    token = page.locator("#lens-token")
    expect(token.locator("h3")).to_contain_text("Token 5")
    expect(token.locator(".candidates li.tail")).to_contain_text("all other tokens")
    assert token.locator(".candidates li[aria-label]").count() == 20
    expect(token.locator("svg.curves .curve")).to_have_count(6)
    # the lens asks no model
    as_drawn, through = lens_odds(page)
    assert as_drawn == through
    before = token.locator(".candidates li.said .p").last.inner_text()
    slider = page.locator("#lens-temperature input[type=range]")
    slider.focus()
    for _ in range(16):
        page.keyboard.press("ArrowLeft")
    expect(token.locator(".steps")).to_contain_text("takes the likeliest")
    expect(token.locator(".candidates li.said .p").last).not_to_have_text(before)
    assert lens_odds(page)[0] == as_drawn != lens_odds(page)[1]
    picture(page, "sampling-lens")
    page.locator("#lens-reset").click()
    expect(page.locator("#lens-temperature input[type=number]")).to_have_value("0.8")
    # keys: on to the next token
    page.locator("#lens-text .tok.picked").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(token.locator("h3")).to_contain_text("Token 6")
    page.keyboard.press("Escape")
    expect(token).to_contain_text("Click any token")
    # nothing is lost on reload
    said = page.locator("#draw-body-A .tokens").inner_text()
    page.reload()
    expect(page.locator("#draw-body-A .tok").first).to_be_visible()
    assert page.locator("#draw-body-A .tokens").inner_text() == said
    expect(page.locator("#draw-prompt textarea")).to_have_value(PROMPT)


def test_a_knob_left_to_the_model_stands_where_the_model_has_it(visit):
    page = visit()
    open_lab(page)
    slider, box = (page.locator(f"#sampling-A-temperature input[type={kind}]") for kind in ("range", "number"))
    expect(slider).to_have_class("standing")
    expect(box).to_have_value("")
    own = box.get_attribute("placeholder")
    expect(slider).to_have_value(own)
    slider.focus()
    page.keyboard.press("ArrowRight")
    mine = f"{float(own) + 0.05:g}"
    expect(page.locator("#draw-strip")).to_contain_text(f"temperature {mine}")
    expect(box).to_have_value(mine)
    expect(slider).not_to_have_class("standing")
    box.fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#draw-strip")).not_to_contain_text(f"temperature {mine}")
    expect(slider).to_have_class("standing")
    expect(slider).to_have_value(own)


def test_a_lens_taken_over_a_preset_and_use_in_chat(visit):
    page = visit()
    open_lab(page)
    shorten(page)
    run(page)
    page.locator("#lens-top_k input[type=number]").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#lens-text .lens-notes")).to_contain_text("Exact")
    page.locator("#lens-over").click()
    expect(page.locator("#draw-strip")).to_contain_text("top k 7")
    expect(page.locator("#draw-head-A")).to_contain_text("Settings changed since")
    page.locator("#draw-head-A button", has_text="Draw it again").click()
    expect(page.locator("#draw-head-A .in-force")).to_contain_text("top-k 7")
    page.locator("#draw-preset-A input").click()
    page.get_by_role("option", name="Greedy").click()
    expect(page.locator("#draw-strip")).to_contain_text("A and B are the same")
    expect(page.locator("#sampling-A-temperature input[type=number]")).to_have_value("0")
    page.locator("#draw-head-A button", has_text="Use in chat").click()
    expect(page.get_by_text("Chat now works with")).to_be_visible()
    unfold(page, "#section-sampling > button")
    expect(page.locator("#sampling-temperature input[type=number]")).to_have_value("0")


def test_many_draws_and_a_sweep(visit, picture):
    page = visit(height=1100)
    open_lab(page)
    shorten(page)
    page.locator("#draw-prompt textarea").fill(PROMPT)
    page.get_by_role("tab", name="Many answers").click()
    expect(page.locator("#many-table")).to_contain_text("Try first")
    page.locator("#many-repeat input[type=number]").fill("2")
    page.keyboard.press("Tab")
    page.locator("#many-run").click()
    expect(page.locator("#many-table tbody")).to_contain_text("2 of 2")  # A draws
    expect(page.locator("#many-table tbody")).to_contain_text("1 of 2")  # B is greedy
    expect(page.locator("#many-table tbody tr").last.locator("td").last).to_have_text("yes")
    page.locator("#sweep-temperatures input, #sweep-temperatures textarea").first.fill("0, 1.5")
    page.keyboard.press("Tab")
    page.locator("#sweep-run").click()
    expect(page.locator("#sweep-chart svg.chart").first.locator("circle")).to_have_count(2)
    expect(page.locator("#sweep-chart .busy")).to_have_count(0)
    picture(page, "sampling-many")


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_it_stays_readable(visit, picture, width, dark):
    page = visit(width=width, height=900, dark=dark)
    open_lab(page)
    page.locator("#draw-toolbar button", has_text="4").click()
    expect(page.locator("#draw-columns .lab-column:visible")).to_have_count(4)
    for letter in "CD":
        unfold(page, f"#tab-sampling .col-{letter.lower()} .knob-form details.more > summary")
        page.locator(f"#sampling-{letter}-num_predict input[type=number]").fill("8")
        page.keyboard.press("Tab")
    shorten(page)
    page.locator("#draw-prompt textarea").fill(PROMPT)
    page.locator("#draw-run").click()
    expect(page.locator("#draw-body-D .drawn.done")).to_be_visible()
    page.locator("#draw-body-B .tok").nth(2).click()
    expect(page.locator("#lens-token h3")).to_contain_text("Token 3")
    name = f"sampling-four-{width}-{'dark' if dark else 'light'}"
    picture(page, name)
    assert fits(page)
