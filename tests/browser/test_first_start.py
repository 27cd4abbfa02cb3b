"""The first minutes of a first visitor: samples to ask about, then a PDF of one's own, without a reload."""

import re

import pytest

from playground.app import running
from playground.first_start import first_start
from sample_docs import folder
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


def test_a_pdf_is_uploaded_beside_a_broken_one_and_cited(visit, tmp_path, picture):
    from playwright.sync_api import expect

    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    with running(settings_for(tmp_path / "data")) as (_, url):
        page = visit(url=url)
        with page.expect_file_chooser() as chooser:
            page.locator("#upload button").first.click()
        chooser.value.set_files([str(broken), str(folder() / "lanternfish-handbook.pdf")])
        expect(page.locator(".doc", has_text="lanternfish-handbook.pdf")).to_contain_text("ready")
        expect(page.locator("#documents")).to_contain_text("broken.pdf")
        page.locator("#question textarea").fill("What is a ghost lap?")
        page.keyboard.press("Enter")
        expect(page.locator("#last .prose")).to_contain_text("A lap without litter")
        page.locator("#last .sources .cite").first.click()
        expect(page.locator("#evidence img")).to_have_attribute("src", re.compile(r"lanternfish-handbook\.pdf/\d+"))
        expect(page.locator(".marks.exact .mark").first).to_be_attached()
        picture(page, "uploaded-pdf")
