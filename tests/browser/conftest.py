"""A real app on a loopback port, and a real Chromium looking at it."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlparse

import pytest

from pipelines.settings import Settings
from sample_docs import folder

#: No address answers here: the app of these tests has no Ollama, so answers are quotes.
NOTHING = "127.0.0.1:9"

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

REPORT = folder() / "harbour-energy-report.pdf"


def settings_for(data_dir, **more):
    models = data_dir / "models"  # empty: no built-in model either
    return Settings(data_dir=data_dir, models_dir=models, offline=True, port=0, ollama_host=NOTHING, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(services, address) of an app that knows one report."""
    from playground.app import running

    with running(settings_for(tmp_path_factory.mktemp("data"))) as (services, url):
        assert services.library.add(REPORT).status == "indexed"
        yield services, url


@pytest.fixture(scope="module")  # no longer: Playwright keeps an event loop running, which other tests would trip over
def chromium():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium: set CHROMIUM to its path")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=45_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, served):
    """Open the app: ``visit(width=…, dark=…)`` gives a page. A request to another host, or a script error, fails."""
    contexts, strangers, errors = [], [], []

    def open_page(width=1280, height=860, dark=False, url=None):
        scheme = "dark" if dark else "light"
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: _note(strangers, request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url or served[1])
        page.locator("#last .welcome, #last .exchange").first.wait_for()
        page.wait_for_function("document.querySelector('#recipe-summary').innerText.trim() !== ''")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not strangers, f"the page asked other hosts: {strangers}"
    assert not errors, f"scripts broke: {errors}"


def open_tab(page, name):
    """Open one of the page's tabs; on a narrow page it may stand in the menu of those that found no room."""
    page.get_by_role("tab").first.wait_for()
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.is_visible():
        tab.click()
        return
    page.locator("#tabs > .tab-wrapper .overflow-menu > button").click()
    page.locator("#tabs > .tab-wrapper .overflow-dropdown button", has_text=name).click()


def unfold(page, selector):
    """Open a fold. The page draws what was in it a moment later once more, with the values it had before."""
    page.locator(selector).click()
    page.wait_for_timeout(300)


def _note(strangers, url):
    parts = urlparse(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost"):
        strangers.append(url)


@pytest.fixture
def picture(request):
    """Keep a screenshot for a person to look at, where SCREENSHOTS names a folder."""
    target = os.environ.get("SCREENSHOTS")

    def keep(page, name):
        if target:
            Path(target).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(target) / f"{name}.png")

    return keep
