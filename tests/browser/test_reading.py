"""The reading lab as a person uses it: two readers on one page, a page made worse, what differs; a scan read."""

import re

import pytest
from playwright.sync_api import expect

from sample_docs import folder
from tests.browser.conftest import open_tab, settings_for, unfold
from tests.browser.test_chat import fits

pytestmark = pytest.mark.browser

SCAN, HANDBOOK = (folder() / name for name in ("scanned-letter.pdf", "lanternfish-handbook.pdf"))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(services, address) of an app that knows a scan and a handbook."""
    from playground.app import running

    with running(settings_for(tmp_path_factory.mktemp("reading"))) as (services, url):
        for path in (SCAN, HANDBOOK):
            services.library.add(path)
        yield services, url


def open_lab(page, document, number=1):
    open_tab(page, "Reading")
    expect(page.locator("#read-page img")).to_be_visible()
    page.locator("#read-document input").click()
    page.get_by_role("option", name=document).click()
    expect(page.locator("#read-document input")).to_have_value(document)
    page.wait_for_timeout(1000)  # another document turns to its first page
    if number > 1:
        page.locator("#read-number input").fill(str(number))
        page.keyboard.press("Tab")


def run(page):
    page.locator("#read-run").click()
    for letter in "AB":
        expect(page.locator(f"#read-body-{letter} .read.done")).to_be_visible()


def test_every_handler_knows_a_new_lab_by_one_name(visit):
    page, sent = visit(), []
    page.on("request", lambda one: sent.append(one.post_data_json["data"]) if "queue/join" in one.url else None)
    open_tab(page, "Reading")
    expect(page.locator("#read-page img")).to_be_visible()
    assert len(sent) > 2
    assert {} not in [state for given in sent for state in given]
    assert len({state["id"] for given in sent for state in given if isinstance(state, dict) and "id" in state}) == 1


def test_two_readers_on_one_page_that_is_made_worse(visit, picture):
    page = visit(height=1100)
    open_lab(page, HANDBOOK.name, 5)
    run(page)
    picture(page, "reading-two")
    expect(page.locator("#read-body-A")).to_contain_text("Refit the guard and tighten the bolts")
    cer = page.locator("#read-numbers tbody tr").first.locator("td")
    expect(cer.nth(0)).to_have_text("0.0 %")
    expect(cer.nth(1)).to_have_text(re.compile(r"\d %"))
    clean = float(cer.nth(1).inner_text().removesuffix(" %"))
    assert clean < 10
    expect(page.locator("#read-page .word-boxes rect").nth(100)).to_be_attached()
    # what the readers get is what is shown
    before = page.locator("#read-page img").get_attribute("src")
    unfold(page, "#read-degrade > button")
    page.locator("#read-blur input[type=range]").focus()
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#read-page img")).not_to_have_attribute("src", before)
    expect(page.locator("#read-body-B")).to_contain_text("Not read yet")
    run(page)
    expect(cer.nth(0)).to_have_text("0.0 %")
    expect(cer.nth(1)).to_have_text(re.compile(r"\d %"))
    assert float(cer.nth(1).inner_text().removesuffix(" %")) >= clean
    expect(page.locator("#read-body-B mark.diff").first).to_be_visible()
    kinds = page.locator("#read-differences .lane.col-b .kind").all_text_contents()
    order = ["number", "date", "name", "word", "form"]
    assert kinds == sorted(kinds, key=order.index)
    assert kinds
    picture(page, "reading-worse")
    page.reload()
    expect(page.locator("#read-body-B mark.diff").first).to_be_visible()
    expect(page.locator("#read-number input")).to_have_value("5")


def test_a_scan_has_no_truth_until_one_is_pasted(visit):
    page = visit()
    open_lab(page, SCAN.name)
    run(page)
    expect(page.locator("#read-numbers")).to_contain_text("no text layer")
    page.get_by_role("radio", name="a text of mine").click()
    page.locator("#read-pasted textarea").fill("HARBOUR OFFICE Port Ellory")
    page.locator("#read-number input").click()
    expect(page.locator("#read-numbers tbody")).to_contain_text("CER")


def test_a_picture_is_added_and_read(visit, tmp_path):
    from PIL import Image, ImageDraw, ImageFont

    path = tmp_path / "sign <b>.png"
    image = Image.new("RGB", (900, 240), "white")
    ImageDraw.Draw(image).text((40, 70), "Low tide at 07:45", font=ImageFont.load_default(size=80), fill="black")
    image.save(path)
    page = visit()
    open_tab(page, "Reading")
    with page.expect_file_chooser() as chooser:
        page.locator("#read-upload button").first.click()
    chooser.value.set_files([str(path)])
    expect(page.locator("#read-document input")).to_have_value(re.compile("sign <b>.png"))
    page.locator("#read-run").click()
    expect(page.locator("#read-body-A")).to_contain_text("no text layer")
    expect(page.locator("#read-body-B")).to_contain_text("Low tide at 07:45")


def test_a_scan_is_read_from_the_sidebar_and_answers(visit):
    page = visit()
    row = page.locator(".doc", has_text=SCAN.name)
    row.locator("summary", has_text="Read with").click()
    row.get_by_role("button", name="Tesseract").click()
    expect(row).to_contain_text("ready")
    page.locator("#question textarea").fill("Which bell is to have a new clapper?")
    page.keyboard.press("Enter")
    page.locator("#last .exchange.done").wait_for()
    expect(page.locator("#last")).to_contain_text("clapper")
    page.locator("#last [data-act=cite]").first.click()
    expect(page.locator("#evidence .marks .mark").first).to_be_attached()


def test_several_pages_are_drawn_against_a_degradation(visit, picture):
    page = visit(width=1400, height=1000)
    open_lab(page, HANDBOOK.name)
    page.get_by_role("tab", name="Several pages").click()
    board = page.locator("#several-board")
    expect(board).to_contain_text("Try first")
    page.locator("#several-pages input, #several-pages textarea").first.fill("5")
    levels = page.locator("#several-levels input, #several-levels textarea").first
    page.locator("#several-preset input").click()
    page.get_by_role("option", name="scan, copy, fax").click()
    expect(levels).to_have_value(re.compile("none; dpi=150,jpeg=40; "))
    levels.fill("none; blur=3; blur=3,contrast=0.5")
    page.locator("#several-run").click()
    expect(board.locator(".busy")).to_be_visible()
    page.reload()  # the run goes on, and is found again
    page.get_by_role("tab", name="Several pages").click()
    expect(board.locator("tbody tr")).to_have_count(6)
    expect(board.locator(".busy")).to_have_count(0)
    expect(board.locator("svg.chart").first.locator("path.way")).to_have_count(2)
    expect(page.locator("#several-levels input, #several-levels textarea").first).to_have_value(
        "none; blur=3; blur=3,contrast=0.5"
    )
    expect(board.locator(".chart-key li").nth(2)).to_have_text("3 blur=3,contrast=0.5")
    cer = [float(text.removesuffix(" %")) for text in board.locator("tbody tr td:nth-child(3)").all_text_contents()]
    assert cer[:3] == [0, 0, 0], "the text layer knows nothing of blur"
    assert cer[3] < cer[4], "an OCR engine does"
    picture(page, "reading-several")
    page.locator("#several-readers label", has_text="text-layer").click()
    page.locator("#several-run").click()
    expect(board.locator("tbody tr")).to_have_count(3)
    expect(board.locator(".busy")).to_have_count(0)
    expect(board.locator("tbody tr").first).to_contain_text("tesseract")


def test_what_reading_does_to_retrieval(visit, picture):
    page = visit(height=1000)
    open_lab(page, HANDBOOK.name, 5)
    run(page)
    question = page.locator("#read-question input, #read-question textarea").first
    question.fill("What is done with the bolts of the guard?")
    page.keyboard.press("Enter")
    expect(page.locator("#read-found ol.passages")).to_have_count(2)
    for letter in (0, 1):
        expect(page.locator("#read-found ol.passages").nth(letter)).to_contain_text("bolts")
    picture(page, "reading-found")


@pytest.mark.ollama
def test_a_scan_is_read_by_a_vision_model_from_the_sidebar(visit, ollama_url, tmp_path, picture):
    """One that is not there gets a card with its pull line; one that is there is in the document's reason."""
    from playground.app import running

    settings = settings_for(tmp_path).model_copy(update={"ollama_host": ollama_url, "offline": False})
    with running(settings) as (services, url):
        services.library.add(SCAN)
        page = visit(url=url)
        row = page.locator(".doc", has_text=SCAN.name)

        def look_with(model):
            row.locator("summary", has_text="Read with").click()
            row.locator("form[data-act=look] input").fill(model)
            picture(page, "sidebar-read-with")
            row.locator("form[data-act=look] button").click()

        look_with("no-such-eye:1b")
        card = page.locator(".job.broken")
        expect(card).to_contain_text("ollama pull no-such-eye:1b")
        expect(card.get_by_role("button", name="Pull no-such-eye:1b")).to_be_visible()
        card.get_by_role("button", name="Dismiss").click()
        expect(card).to_have_count(0)
        look_with("blind-smol:latest")
        expect(page.locator(".job")).to_contain_text("Reading")
        page.locator(".job").get_by_role("button", name="Cancel").click()


@pytest.mark.ollama
def test_a_vision_model_streams_is_stopped_and_asked_whether_it_sees(visit, ollama_url, tmp_path, picture):
    """The model takes pictures and sees nothing."""
    from playground.app import running

    settings = settings_for(tmp_path).model_copy(update={"ollama_host": ollama_url})
    with running(settings) as (services, url):
        services.library.add(HANDBOOK)
        page = visit(url=url, height=1000)
        open_lab(page, HANDBOOK.name)
        page.locator("#reader-B select").select_option(label="Vision model (Ollama)")
        head, body = page.locator("#read-head-B"), page.locator("#read-body-B")
        said, prompt = page.locator("#read-model-B"), page.locator("#reader-B-prompt textarea")
        expect(said).to_contain_text("blind-smol")
        expect(said.locator(".tip")).to_have_attribute("title", re.compile("would invent what they read: .*smollm2"))
        model, other = page.locator("#reader-B-model select"), page.locator("#reader-B-model input")
        expect(model).to_contain_text("blind-smol")
        expect(model).not_to_contain_text("smollm2")
        expect(other).to_be_hidden()
        model.select_option(label="Another model …")
        other.fill("glm-ocr:none")  # a model that is not there
        page.keyboard.press("Enter")
        expect(said.locator("code")).to_have_text("ollama pull glm-ocr:none")
        expect(said.get_by_role("button", name="Pull")).to_have_count(0)  # downloads are off
        expect(prompt).to_have_value("Text Recognition:")
        picture(page, "reading-missing-model")
        expect(other).to_have_value("glm-ocr:none")
        model.select_option(label="blind-smol:latest")
        expect(other).to_be_hidden()
        expect(prompt).to_have_value(re.compile("Write down all text"))
        page.locator("#read-run").click()
        expect(body.locator(".read.running pre")).to_contain_text(re.compile(r"\w+ \w+"))  # words come one by one
        page.locator("#read-stop").click()
        expect(body).to_contain_text("stopped")
        head.get_by_role("button", name="Does it see?").click()
        expect(page.locator("#read-sight")).to_contain_text("No, it does not see", timeout=240_000)  # a busy machine
        picture(page, "reading-blind")


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_it_stays_readable(visit, picture, width, dark):
    page = visit(width=width, height=900, dark=dark)
    open_tab(page, "Reading")
    expect(page.locator("#read-page img")).to_be_visible()
    run(page)
    picture(page, f"reading-{width}-{'dark' if dark else 'light'}")
    assert fits(page)
