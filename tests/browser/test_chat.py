"""The road from a PDF to a cited answer, as a person walks it."""

from contextlib import suppress

import pytest
from playwright.sync_api import expect

from playground.app import GREETING
from playground.turn import Turn
from playground.views.answer import exchange
from tests.browser.conftest import REPORT, schemes, settings_for, unfold

pytestmark = pytest.mark.browser

QUESTION = "Why did the lights go out on the Gannet Steps?"


def ask(page, question=QUESTION):
    box = page.locator("#question textarea")
    box.fill(question)
    for patience in (10_000, 10_000, 45_000):  # the page drops an Enter while the answer before is still being closed
        page.keyboard.press("Enter")
        with suppress(AssertionError):
            expect(box).to_have_value("", timeout=patience)
            break
    expect(page.locator("#ask")).to_be_visible()
    page.locator("#last .exchange.done, #last .exchange.failed, #last .exchange.stopped").first.wait_for()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_upload_ask_and_follow_a_citation(visit, picture, tmp_path):
    page = visit()
    note = tmp_path / "tide tables.md"
    note.write_text("# Tides\n\nThe ferry to Stannel Point sails at 07:40 from the north quay.\n", "utf-8")
    with page.expect_file_chooser() as chooser:
        page.locator("#upload button").first.click()
    chooser.value.set_files([str(note)])
    row = page.locator(".doc", has_text="tide tables.md")
    expect(row).to_contain_text("ready")
    ask(page, "When does the ferry to Stannel Point sail?")
    expect(page.locator("#last .prose")).to_contain_text("07:40")
    page.locator("#last .cite").first.click()
    expect(page.locator(".desk.text mark")).to_contain_text("07:40")
    picture(page, "markdown-evidence")


@pytest.mark.parametrize("width", [1280, 390])
def test_cited_words_are_marked_on_the_page(visit, picture, width):
    page = visit(width=width, height=860)
    for scheme in schemes(page):
        picture(page, f"{width}-{scheme}-welcome")
    ask(page)
    for scheme in schemes(page):
        picture(page, f"{width}-{scheme}-answer")
    page.locator("#last .sources .cite").first.click()
    expect(page.locator(".marks.exact .mark").first).to_be_attached()
    page.wait_for_function("document.querySelector('.sheet img').naturalWidth > 600")
    for scheme in schemes(page):
        picture(page, f"{width}-{scheme}-evidence")
        inside = page.evaluate(
            """() => { const m = document.querySelector('.marks.exact .mark').getBoundingClientRect();
                       const p = document.querySelector('.sheet img').getBoundingClientRect();
                       return m.width > 5 && m.height > 2 && m.left >= p.left && m.right <= p.right
                           && m.top >= p.top && m.bottom <= p.bottom; }"""
        )
        assert inside
        assert fits(page)


def test_a_followed_conversation_survives_a_reload(visit):
    page = visit()
    ask(page)
    ask(page, "And how many homes were in the dark?")
    expect(page.locator("#last .condensed")).to_contain_text("Understood as")
    page.reload()
    expect(page.locator("#earlier .exchange")).to_have_count(1)
    expect(page.locator("#last .question")).to_contain_text("how many homes")
    expect(page.locator("details.menu > summary")).to_contain_text("Gannet Steps")


def test_conversations_are_renamed_exported_and_deleted(visit):
    page = visit()
    ask(page)
    page.locator("details.menu > summary").click()
    page.locator(".menu li .more > summary").first.click()
    page.locator(".menu input[name=value]").first.fill("The <b>gale</b>")
    page.keyboard.press("Enter")
    expect(page.locator("details.menu > summary .title")).to_have_text("The <b>gale</b>")
    page.locator("details.menu > summary").click()
    page.locator(".menu li .more > summary").first.click()
    with page.expect_download() as download:
        page.locator(".menu a", has_text="Export").first.click()
    assert "## Why did the lights" in download.value.path().read_text("utf-8")
    before = page.locator(".menu li").count()
    page.locator(".menu .danger").first.click()
    expect(page.locator(".menu li")).to_have_count(before - 1)


def test_a_question_is_edited(visit):
    page = visit()
    ask(page, "What does the treasurer do")
    page.locator("#last .question button").click()
    expect(page.locator("#question textarea")).to_have_value("What does the treasurer do")
    ask(page)
    expect(page.locator("#last .question")).to_contain_text("Gannet Steps")
    expect(page.locator("#earlier .exchange")).to_have_count(0)


def test_what_the_documents_do_not_say_is_not_an_error(visit, picture):
    page = visit()
    ask(page, "Zxqv-9981 quixotic hovercraft licence?")
    expect(page.locator("#last .silent")).to_contain_text("don’t say")
    expect(page.locator(".fault")).to_have_count(0)
    picture(page, "documents-do-not-say")


def test_an_engine_error_is_one_with_a_way_out(visit, picture):
    page = visit()
    page.locator("#style label", has_text="Generated").click()
    expect(page.locator("#style label.selected")).to_have_text("Generated")
    ask(page)
    expect(page.locator("#last .fault")).to_contain_text("Ollama")
    expect(page.locator("#last .fault button")).to_have_text("Retry")
    expect(page.locator("#last .silent")).to_have_count(0)
    picture(page, "engine-error")
    page.locator("#style label", has_text="Quotes").click()
    expect(page.locator("#style label.selected")).to_have_text("Quotes")
    page.locator("#last .fault button").click()
    expect(page.locator("#last .prose")).to_contain_text("Gannet")


def test_two_tabs_do_not_share_choices(visit):
    one, two = visit(), visit(apart=True)
    one.locator("#style label", has_text="Quotes").click()
    ask(one)
    expect(two.locator("#last .welcome")).to_be_visible()
    expect(two.locator("#style label.selected")).to_have_text("Automatic")
    greeted = f"last => ({GREETING})('Hello', last)"
    assert two.evaluate(greeted, "") == "Hello"
    assert one.evaluate(f"({greeted})('') === undefined"), "an answer that ends meanwhile must not be put back"
    drawn_in_a_moment = str(exchange(Turn("Why?"), "m1"))
    assert two.evaluate(f"last => ({greeted})(last) === undefined", drawn_in_a_moment)


def test_a_document_is_taken_out_of_play_and_removed(visit, served):
    page = visit()
    served[0].library.add_text("scrap.md", "The scrap says that the lighthouse keeper is called Ivo Marl.\n")
    served[0].jobs.touch()
    row = page.locator(".doc", has_text="scrap.md")
    row.locator("[role=checkbox]").click()
    expect(row.locator("[role=checkbox]")).to_have_attribute("aria-checked", "false")
    page.reload()
    expect(row.locator("[role=checkbox]")).to_have_attribute("aria-checked", "false")
    row.locator(".confirm summary").click()
    row.locator(".danger").click()
    expect(page.locator(".doc", has_text="scrap.md")).to_have_count(0)


def test_keys(visit):
    page = visit()
    page.locator("details.menu > summary").click()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    ask(page)
    page.locator("#last .sources .cite").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".passage.chosen")).to_have_count(1)


def test_a_part_brings_its_own_knobs(visit, picture):
    page = visit()
    unfold(page, "#section-retriever > button")
    expect(page.locator("#retriever-alpha")).to_be_visible()
    page.locator("#retriever select").select_option(label="Keyword (BM25)")
    expect(page.locator("#retriever-alpha")).to_be_hidden()
    expect(page.locator("#retriever-k")).to_be_visible()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword")
    picture(page, "recipe")
    page.reload()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword")


HOSTILE = '<img src=x onerror="window.hit=1">\'" ${window.hit=1} {{1}}.md'


def test_hostile_names_and_texts_stay_text(visit, served, picture):
    text = (
        "# <script>window.hit=1</script>\n\nThe wreck of the Margit lies at nineteen fathoms, says "
        "<img src=http://evil.example/a.png onerror=window.hit=1> and ![x](http://evil.example/b.png) "
        "`${window.hit=1}`.\n"
    )
    assert served[0].library.add_text(HOSTILE, text).status == "indexed"
    served[0].jobs.touch()
    page = visit()
    expect(page.locator(".doc-name", has_text="onerror")).to_be_visible()
    ask(page, "At how many fathoms does the wreck of the Margit lie?")
    expect(page.locator("#last .prose")).to_contain_text("evil.example")
    page.locator("#last .cite").first.click()
    expect(page.locator(".desk.text")).to_contain_text("<script>")
    picture(page, "hostile")
    assert page.evaluate("window.hit") is None
    assert page.locator("#shell img[src*=evil], #shell script").count() == 0
    served[0].remove(HOSTILE)


def test_progress_survives_a_reload_and_a_cancel(chromium, visit, tmp_path):
    from playground.app import running

    sentences = (f"Entry {n}: the lantern of berth {n} burns {n * 7 % 91} grams of oil an hour. " for n in range(5000))
    long = tmp_path / "long ledger.txt"
    long.write_text("".join(sentences), "utf-8")
    with running(settings_for(tmp_path / "data")) as (services, url):
        page = visit(url=url)
        page.locator("#upload input[type=file]").set_input_files([str(long), str(REPORT)])
        expect(page.locator(".job")).to_contain_text("file 1 of 2")
        page.reload()
        expect(page.locator(".job")).to_contain_text("file 1 of 2")
        page.locator(".job button").click()
        expect(page.locator(".job")).to_have_count(0)
        assert services.jobs.snapshot()[-1].state == "cancelled"
        expect(page.locator(".doc-name")).to_have_count(0)


def test_a_choice_made_while_an_answer_is_written_stays(visit, served, monkeypatch):
    from threading import Event

    gate, search = Event(), served[0].library.search

    def patient(*args):
        gate.wait(60)
        return search(*args)

    monkeypatch.setattr(served[0].library, "search", patient)  # the real search, at the test's own pace
    page = visit()
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#last .status")).to_contain_text("Searching")
    unfold(page, "#section-retriever > button")
    page.locator("#retriever-k input[type=number]").fill("3")
    page.keyboard.press("Tab")
    expect(page.locator("#recipe-summary")).to_contain_text("k=3")
    gate.set()
    page.locator("#last .exchange.done").wait_for()
    expect(page.locator(".passage").first).to_be_attached()
    page.reload()
    expect(page.locator("#recipe-summary")).to_contain_text("k=3")
