"""The retrieval lab as a person uses it: ask, follow a passage, slide, mark, measure, keep the winner."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_tab
from tests.browser.test_chat import QUESTION, fits

pytestmark = pytest.mark.browser


def open_lab(page):
    open_tab(page, "Retrieval")
    expect(page.locator("#find-strip .strip")).to_contain_text("Only the retriever differs")


def ask(page, question=QUESTION):
    page.locator("#find-question textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator("#find-body-C svg.trace .walk").first.wait_for(state="attached")


def test_three_columns_and_the_trace(visit, picture):
    page = visit(height=1100)
    open_lab(page)
    expect(page.locator("#find-body-A")).to_contain_text("Try first")
    ask(page)
    for letter, stage in zip("ABC", ("fused", "semantic", "keyword"), strict=True):
        expect(page.locator(f"#find-head-{letter}")).to_contain_text(f"ordered by {stage} score")
        expect(page.locator(f"#find-body-{letter} .passage").first).to_contain_text("harbour-energy-report.pdf")
    expect(page.locator("#find-trace .overlap")).to_contain_text("RBO")
    walks = page.locator("#find-body-A .walk")
    assert walks.count() == page.locator("#find-body-B .walk").count()
    page.locator("#find-body-A .passage").first.hover()
    for letter in "AB":
        expect(page.locator(f"#find-body-{letter} .walk.lit")).to_have_count(1)
    picture(page, "retrieval-three")
    page.locator("#find-trace summary").click()
    expect(page.locator("#find-trace tbody tr").first).to_be_visible()
    picture(page, "retrieval-table")


def test_a_slider_moves_the_fused_list(visit):
    page = visit()
    open_lab(page)
    ask(page)
    page.locator("#retriever-A-alpha input[type=range]").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#find-strip")).to_contain_text("hybrid(alpha=1.0)")
    first = page.locator("#find-body-B .passage b").all_inner_texts()
    expect(page.locator("#find-body-A .passage-head")).to_have_count(5)
    expect(page.locator("#find-body-A .stage.missing").first).to_be_visible()
    assert page.locator("#find-body-A .passage b").all_inner_texts() != [] != first
    page.locator("#retriever-A-k input[type=number]").fill("2")
    page.keyboard.press("Tab")
    expect(page.locator("#find-body-A .passage-head")).to_have_count(2)


def test_knobs_without_effect_are_hidden(visit):
    page = visit()
    open_lab(page)
    expect(page.locator("#retriever-A-alpha")).to_be_visible()
    page.locator("#retriever-A-fusion select").select_option(label="rrf")
    expect(page.locator("#find-strip")).to_contain_text("fusion=rrf")
    expect(page.locator("#retriever-A-alpha")).to_be_hidden()


def test_a_hit_opens_its_page_and_words_are_marked(visit, picture):
    page = visit()
    open_lab(page)
    ask(page)
    page.locator("#find-body-A .passage-head").first.click()
    page.locator("#find-passage .sheet svg .cut.hit").first.wait_for(state="attached")
    page.wait_for_function("document.querySelector('#find-passage img').naturalWidth > 0")
    picture(page, "retrieval-page")
    line = page.locator("#find-passage svg text", has_text="a lost trawl door").first
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=6)
    page.mouse.up()
    page.locator(".mark-answer").click()
    expect(page.locator(".toast-wrap, .toast-body").first).to_contain_text("my questions")
    page.keyboard.press("Escape")
    expect(page.locator("#find-passage .sheet")).to_have_count(0)
    page.locator("#find-body-B .passage button", has_text="This answers it").first.click()
    page.get_by_role("tab", name="Question sets").click()
    page.locator("#sets-set input").click()
    page.get_by_role("option", name=re.compile("^my questions")).click()
    expect(page.locator("#sets-panel h2")).to_have_text("my questions")
    expect(page.locator("#sets-panel li").first).to_contain_text("trawl door")
    page.locator("#sets-panel .set-acts form input").fill("steps")
    page.locator("#sets-panel .set-acts form button").click()
    expect(page.locator("#sets-panel h2")).to_have_text("steps")
    picture(page, "retrieval-sets")
    page.locator("#sets-panel .confirm summary").click()
    page.locator("#sets-panel .danger").click()
    expect(page.locator("#sets-panel h2")).not_to_have_text("steps")


def test_a_grid_is_measured_a_question_traced_a_row_used(visit, picture):
    page = visit(height=1100)
    open_lab(page)
    page.get_by_role("tab", name="Many questions").click()
    expect(page.locator("#grid-table")).to_contain_text("Try first")
    page.locator("#grid-ks label", has_text="10").click()
    expect(page.locator("#grid-size")).to_contain_text("6 recipes")
    page.locator("#grid-run").click()
    expect(page.locator("#grid-table h2")).to_contain_text("6 recipes on")
    expect(page.locator("#grid-table tbody tr .interval")).to_have_count(6)
    page.locator("#grid-table thead button", has_text="recall@10").click()
    expect(page.locator("#grid-table thead button[aria-pressed=true]")).to_have_text("recall@10")
    page.locator("#grid-table tbody tr").nth(4).locator("button", has_text="Questions").click()
    expect(page.locator("#grid-each h2")).to_contain_text("recall@10, quote level")
    picture(page, "retrieval-measured")
    page.locator("#grid-each button", has_text="Trace").first.click()
    expect(page.locator("#find-question textarea")).to_have_value(re.compile(r"\w+"))
    expect(page.locator("#find-body-B svg.trace")).to_be_visible()
    expect(page.locator("#find-columns .lab-column:visible")).to_have_count(2)
    page.reload()
    expect(page.locator("#find-body-B svg.trace")).to_be_visible()
    page.get_by_role("tab", name="Many questions").click()
    page.locator("#grid-table tbody tr").nth(4).locator("button", has_text="Use in chat").click()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword")


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_it_stays_readable(visit, picture, width, dark):
    page = visit(width=width, height=900, dark=dark)
    open_lab(page)
    page.locator("#find-toolbar button", has_text="4").click()
    expect(page.locator("#find-columns .lab-column:visible")).to_have_count(4)
    ask(page)
    expect(page.locator("#find-body-D svg.trace")).to_be_attached()
    name = f"retrieval-four-{width}-{'dark' if dark else 'light'}"
    picture(page, name)
    assert fits(page)
    page.locator("#find-body-A svg.trace").scroll_into_view_if_needed()
    picture(page, f"{name}-trace")
