"""Two people at once: what one chooses, asks and tries shows nowhere with the other, with and without sign-ins."""

from contextlib import suppress

import pytest
from playwright.sync_api import expect

from sample_docs import folder
from tests.browser import test_chunking, test_retrieval
from tests.browser.conftest import REPORT, open_tab, settings_for
from tests.browser.test_chat import QUESTION, ask, fits

pytestmark = pytest.mark.browser

GUIDE = folder() / "field-guide.md"
OTHER = "How long is the causeway dry?"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(services, address) of an app that knows a report and a guide."""
    from playground.app import running

    with running(settings_for(tmp_path_factory.mktemp("two"))) as (services, url):
        services.library.add(REPORT)
        services.library.add(GUIDE)
        yield services, url


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """The address of the same with sign-ins."""
    from playground.app import running

    with running(settings_for(tmp_path_factory.mktemp("team"), auth=("ann:one", "bob:two"))) as (services, url):
        services.library.add(REPORT)
        services.library.add(GUIDE)
        yield url


def untick(page, name):
    box = page.locator(".doc", has_text=name).locator("[role=checkbox]")
    box.click()
    expect(box).to_have_attribute("aria-checked", "false")


def ticked(page, name):
    return page.locator(".doc", has_text=name).locator("[role=checkbox]")


def test_two_people_at_once(visit):
    one, two = visit(), visit(apart=True)
    untick(one, GUIDE.name)
    untick(two, REPORT.name)
    one.locator("#style label", has_text="Quotes").click()
    expect(one.locator("#style label.selected")).to_have_text("Quotes")
    ask(one, QUESTION)
    ask(two, OTHER)
    # the labs, a step of one between two of the other
    test_chunking.open_lab(one)
    test_chunking.open_lab(two)
    test_chunking.pick(one, "B", "Sentence window")
    test_chunking.pick(two, "B", "Pages")
    expect(one.locator(".strip").first).to_contain_text("window")
    expect(two.locator(".strip").first).to_contain_text("page")
    test_retrieval.open_lab(one)
    test_retrieval.open_lab(two)
    test_retrieval.ask(one, QUESTION)
    two.locator("#find-question textarea").fill(OTHER)
    two.keyboard.press("Enter")
    expect(two.locator("#find-body-A")).to_contain_text(GUIDE.name)

    def as_each_left_it():
        for page, mine, others in ((one, QUESTION, OTHER), (two, OTHER, QUESTION)):
            expect(page.locator("#find-question textarea")).to_have_value(mine)
            expect(page.locator("#last .question, #earlier .question")).to_have_count(1)
            expect(page.locator("#last .question")).to_contain_text(mine)
            expect(page.locator("#last")).not_to_contain_text(others)
            expect(page.locator("details.menu > summary .title")).to_contain_text(mine[:30])
        expect(ticked(one, REPORT.name)).to_have_attribute("aria-checked", "true")
        expect(ticked(one, GUIDE.name)).to_have_attribute("aria-checked", "false")
        expect(ticked(two, REPORT.name)).to_have_attribute("aria-checked", "false")
        expect(ticked(two, GUIDE.name)).to_have_attribute("aria-checked", "true")
        expect(one.locator("#style label.selected")).to_have_text("Quotes")
        expect(two.locator("#style label.selected")).to_have_text("Automatic")
        expect(one.locator("#chunker-B select")).to_have_value("window")
        expect(two.locator("#chunker-B select")).to_have_value("page")

    as_each_left_it()
    for page in (one, two):
        page.reload()
        page.locator("#last .exchange").wait_for(state="attached")
    for page in (one, two):
        open_tab(page, "Chunking")
        open_tab(page, "Retrieval")
    as_each_left_it()


def sign_in(page, url, name, password):
    page.goto(url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def at_home(page):
    page.locator("#last .welcome, #last .exchange").first.wait_for()


@pytest.fixture
def contexts(chromium):
    made = []

    def context(**options):
        made.append(chromium.new_context(**options))
        return made[-1].new_page()

    yield context
    for page in made:
        with suppress(Exception):
            page.close()


def test_each_member_of_a_team_has_their_own_conversations(contexts, team, picture):
    ann, bob = contexts(), contexts()
    for page, name, password in ((ann, "ann", "one"), (bob, "bob", "two")):
        page.set_default_timeout(60_000)
        sign_in(page, team, name, password)
        at_home(page)
    ask(ann, QUESTION)
    ask(bob, OTHER)
    for page, mine, others in ((ann, QUESTION, OTHER), (bob, OTHER, QUESTION)):
        page.reload()
        at_home(page)
        page.locator("details.menu > summary").click()
        expect(page.locator(".menu li")).to_have_count(1)
        expect(page.locator(".menu li")).to_contain_text(mine[:30])
        expect(page.locator("#conversations")).not_to_contain_text(others[:30])
        expect(page.locator(".doc")).to_have_count(2)
    picture(ann, "team-chat")
    # bob takes ann's chair: her browser still knows her conversation, he does not get to see it
    ann.get_by_role("link", name="Sign out").click()
    sign_in(ann, team, "bob", "two")
    at_home(ann)
    expect(ann.locator("#last .welcome")).to_be_visible()
    ann.locator("details.menu > summary").click()
    expect(ann.locator(".menu li")).to_have_count(1)
    expect(ann.locator(".menu li")).to_contain_text(OTHER[:30])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_wrong_password_is_told_and_mended(contexts, team, picture, width, scheme):
    page = contexts(viewport={"width": width, "height": 800}, color_scheme=scheme)
    sign_in(page, team, "ann", "two")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_value("")
    assert fits(page)
    picture(page, f"sign-in-{width}")
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    at_home(page)
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    assert fits(page)
    picture(page, f"signed-in-{width}")


def test_the_app_can_be_installed_as_a_window(contexts, served):
    page = contexts()
    page.goto(served[1])
    devtools = page.context.new_cdp_session(page)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"] == f"{served[1]}manifest.json"
    wrong = [one["errorId"] for one in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert wrong == ["in-incognito"], "the only thing in the way is that tests keep no profile"
