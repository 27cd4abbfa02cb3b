"""The chunking lab as a person uses it: slide, look, ask, mark, measure, keep the winner."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_tab, schemes
from tests.browser.test_chat import QUESTION, fits

pytestmark = pytest.mark.browser


def open_lab(page):
    open_tab(page, "Chunking")
    page.locator("#lab-body-A .sheet svg .cut").first.wait_for()
    page.locator("#lab-numbers table").wait_for()


def slide(page, column, field, presses, key="ArrowRight"):
    page.locator(f"#chunker-{column}-{field} input[type=range]").focus()
    for _ in range(presses):
        page.keyboard.press(key)


def pick(page, column, strategy):
    page.locator(f"#chunker-{column} select").select_option(label=strategy)


def shapes(page, column):
    return page.locator(f"#lab-body-{column} .cut").evaluate_all(
        "all => all.map((one) => one.getAttribute('d')).join()"
    )


def test_a_slider_moves_and_the_page_follows(visit):
    page = visit()
    open_lab(page)
    expect(page.locator(".strip")).to_contain_text("Only the chunker differs")
    expect(page.locator("#lab-head-A")).to_contain_text("12 chunks")
    before, other = shapes(page, "A"), shapes(page, "B")
    slide(page, "A", "size", 15, "ArrowLeft")
    expect(page.locator("#lab-head-A")).not_to_contain_text("12 chunks")
    page.wait_for_function(
        "old => [...document.querySelectorAll('#lab-body-A .cut')].map((o) => o.getAttribute('d')).join() !== old",
        arg=before,
    )
    assert shapes(page, "B") == other, "only the column that was touched is cut again"
    expect(page.locator(".strip")).to_contain_text("sentence(size=80)")
    expect(page.locator(".strip .warning")).to_contain_text("size differs")


def test_a_question_then_use_in_chat(visit, picture):
    page = visit()
    open_lab(page)
    pick(page, "B", "Sentence window")
    expect(page.locator("#lab-head-B")).to_contain_text("chunks")
    page.locator("#lab-question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#lab-body-A .no.hit em", has_text="#1")).to_be_visible()
    expect(page.locator("#lab-found .hit-columns > div")).to_have_count(2)
    expect(page.locator("#lab-found")).to_contain_text("trawl door")
    picture(page, "lab-question")
    page.locator("#lab-head-B button", has_text="Use in chat").click()
    expect(page.locator("#recipe-summary")).to_contain_text("window")
    page.get_by_role("tab", name="Chat").click()
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#last .exchange.done").wait_for()
    expect(page.locator("#evidence .passages")).to_contain_text("Gannet Steps in the dark")


def test_a_chunk_is_clicked_and_pages_turn_in_step(visit):
    page = visit()
    open_lab(page)
    page.locator("#lab-body-A .no", has_text=re.compile("^2$")).click()
    expect(page.locator("#lab-detail")).to_contain_text("Chunk 2 of 12")
    expect(page.locator("#lab-detail .nearest li")).to_have_count(3)
    box = page.locator("#lab-body-B .cut").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6)
    expect(page.locator("#lab-detail h2")).to_have_text(re.compile(r"Chunk \d+ of 11$"))
    page.locator("#lab-body-A .lab-desk").focus()
    page.keyboard.press("ArrowRight")
    for letter in "AB":
        expect(page.locator(f"#lab-body-{letter} img")).to_have_attribute("src", re.compile("/4.png"))


def test_words_are_marked_as_an_answer_and_columns_measured(visit, picture):
    page = visit()
    open_lab(page)
    page.locator("#lab-question textarea").fill(QUESTION)
    line = page.locator("#lab-body-A svg text", has_text="a lost trawl door").first
    box = line.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=6)
    page.mouse.up()
    page.locator(".mark-answer").click()
    expect(page.locator("#lab-mine summary")).to_contain_text("My questions (1)")
    expect(page.locator(".mark-answer")).to_have_count(0)
    page.locator("#lab-mine summary").click()
    expect(page.locator("#lab-mine li")).to_contain_text("a lost trawl door")
    page.locator("#lab-measure-run").click()
    expect(page.locator("#lab-measured h2")).to_have_text("Measured on 1 question")
    expect(page.locator("#lab-measured .versus")).to_have_count(6)
    expect(page.locator("#lab-measured tr", has_text="recall").first).to_contain_text("1.000")
    page.locator("#lab-measured").scroll_into_view_if_needed()
    picture(page, "lab-measured")
    page.reload()
    expect(page.locator("#lab-measured .versus")).to_have_count(6)
    page.locator("#lab-mine summary").click()
    page.locator("#lab-mine button", has_text="Remove").click()
    expect(page.locator("#lab-mine")).to_contain_text("Make your own")


def test_a_reload_loses_nothing(visit):
    page = visit()
    open_lab(page)
    page.locator(".lab-toolbar button", has_text="3").click()
    pick(page, "C", "Pages")
    page.locator(".lab-toolbar [aria-label='Next page']").click()
    expect(page.locator("#lab-body-C img")).to_have_attribute("src", re.compile("/4.png"))
    page.reload()
    expect(page.locator("#lab-body-C img")).to_have_attribute("src", re.compile("/4.png"))
    expect(page.locator("#chunker-C select")).to_have_value("page")
    expect(page.locator(".lab-column:visible")).to_have_count(3)


def test_pasted_text_is_cut_and_hostile_text_harmless(visit, picture):
    page = visit(dark=True)
    open_lab(page)
    page.locator("#lab-paste > button").click()
    page.locator("#lab-pasted textarea").fill(
        "# Tides\n\nSpring tides follow the moon. <img src=http://example.com/x onerror=alert(1)> Neap tides do not.\n"
        * 9
    )
    page.locator("#lab-question textarea").click()
    expect(page.locator("#lab-body-A .desk.text mark").first).to_be_visible()
    expect(page.locator("#lab-body-A pre")).to_contain_text("<img src=http://example.com/x")
    picture(page, "lab-pasted-dark")


@pytest.mark.parametrize("width", [1280, 390])
def test_four_columns_stay_readable(visit, picture, width):
    page = visit(width=width, height=900)
    open_lab(page)
    page.locator(".lab-toolbar button", has_text="4").click()
    expect(page.locator("#lab-body-D .cut").first).to_be_attached()
    expect(page.locator(".lab-column:visible")).to_have_count(4)
    page.locator("#lab-columns").scroll_into_view_if_needed()
    for scheme in schemes(page):
        picture(page, f"lab-four-{width}-{scheme}")
        assert fits(page)
        sheet = page.locator("#lab-body-A .sheet").bounding_box()
        for shape in page.locator("#lab-body-A .cut").all()[:4]:
            box = shape.bounding_box()
            assert box["x"] >= sheet["x"] - 1
            assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1
    if width == 1280:
        page.locator("#fold-sidebar").click()
        expect(page.locator("#sidebar")).to_be_hidden()
        assert page.locator("#lab-body-A .sheet").bounding_box()["width"] > sheet["width"]
        for scheme in schemes(page):
            picture(page, f"lab-four-wide-{scheme}")


def test_work_that_embeds_is_seen_stopped_and_overtaken(visit):
    page = visit()
    open_lab(page)
    page.locator("#lab-paste > button").click()
    days = (f"On day {day} the keeper counted {day * 7} gulls and {day * 3} seals. It rained.\n" for day in range(1500))
    story = "".join(days)
    page.locator("#lab-pasted textarea").fill(story)
    page.locator("#lab-question textarea").click()
    expect(page.locator("#lab-body-B .desk.text mark").first).to_be_visible()
    pick(page, "B", "Semantic")
    expect(page.locator("#lab-body-B .working")).to_contain_text("Embedding sentences")
    expect(page.locator("#lab-body-A .desk.text mark").first).to_be_visible()
    page.locator("#lab-stop").click()
    expect(page.locator("#lab-body-B")).to_contain_text("Stopped")
    page.locator("#lab-body-B button", has_text="Go on").click()
    expect(page.locator("#lab-body-B .working")).to_be_visible()
    pick(page, "B", "Pages")
    expect(page.locator("#lab-body-B .desk.text mark").first).to_be_visible()
    expect(page.locator("#lab-head-B")).to_contain_text("This text has no pages")


PICK_AT_ONCE = """() => {
  const watcher = new MutationObserver(() => {
    const menu = document.querySelector('#chunker-C select');
    if (!menu || getComputedStyle(menu).visibility === 'hidden') return;
    watcher.disconnect();
    menu.value = 'page';
    menu.dispatchEvent(new Event('change', {bubbles: true}));
  });
  watcher.observe(document.body, {childList: true, subtree: true, attributes: true});
}"""


def test_a_strategy_picked_the_moment_its_column_appears_counts(visit):
    page = visit()
    open_lab(page)
    page.evaluate(PICK_AT_ONCE)
    page.locator(".lab-toolbar button", has_text="3").click()
    expect(page.locator(".strip")).to_contain_text("page")
    expect(page.locator("#lab-head-C")).to_contain_text("7 chunks")
    expect(page.locator("#chunker-C select")).to_have_value("page")
