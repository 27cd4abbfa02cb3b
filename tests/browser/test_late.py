"""A page that hears of its handlers late: their updates wait in a row, and each must still count."""

from time import sleep

import pytest
from playwright.sync_api import expect

from tests.browser import test_chunking
from tests.browser.conftest import open_tab
from tests.browser.test_chat import QUESTION

pytestmark = pytest.mark.browser


def hear_late(page):
    """Answers to what the page wishes for come after all that the wish leads to."""

    def delayed(route):
        response = route.fetch()
        sleep(0.3)
        route.fulfill(response=response)

    page.route("**/queue/join*", delayed)


def test_a_column_that_is_added_appears(visit):
    page = visit()
    test_chunking.open_lab(page)
    hear_late(page)
    page.locator(".lab-toolbar button", has_text="3").click()
    expect(page.locator("#lab-body-C .cut").first).to_be_attached()
    expect(page.locator(".lab-column:visible")).to_have_count(3)


def test_a_reload_finds_everything_again(visit):
    page = visit()
    page.locator("#style label", has_text="Quotes").click()
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#last .exchange.done").wait_for()
    open_tab(page, "Retrieval")
    page.locator("#find-question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#find-body-C svg.trace .walk").first.wait_for(state="attached")
    page.wait_for_timeout(1000)  # the browser keeps a moment later which tab is open
    hear_late(page)
    page.reload()
    expect(page.locator("#find-question textarea")).to_have_value(QUESTION)
    expect(page.locator("#last .question")).to_contain_text(QUESTION)
    expect(page.locator("#style label.selected")).to_have_text("Quotes")
