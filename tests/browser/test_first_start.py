"""The first minute of a first visitor: an empty folder, then samples to ask about, without a reload."""

import re

import pytest

from playground.app import running
from playground.first_start import first_start
from tests.browser.conftest import settings_for

pytestmark = pytest.mark.browser


def test_the_samples_arrive_on_the_open_page(visit, tmp_path, picture):
    from playwright.sync_api import expect

    with running(settings_for(tmp_path)) as (services, url):
        page = visit(url=url)
        expect(page.locator("#last")).to_contain_text("Add a document to begin")
        first_start(services)
        question = page.get_by_role("button", name="What was in the gull's nest on the customs house?")
        expect(question).to_be_visible()
        expect(page.locator("#evidence img")).to_have_attribute("src", re.compile(r"harbour-energy-report\.pdf"))
        services.jobs.wait(services.jobs.snapshot()[0].id)
        picture(page, "first-start")
        question.click()
        expect(page.locator("#last .answer")).to_contain_text("eleven receipts")
