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

#: What pages keep in a browser, by the names of its debugging protocol; the caches of what was fetched are not theirs.
KEPT_BY_PAGES = "cookies,indexeddb,local_storage,service_workers,cache_storage"

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


@pytest.fixture(scope="session")
def profile(tmp_path_factory):
    return tmp_path_factory.mktemp("chromium")


@pytest.fixture(scope="module")  # no longer: Playwright keeps an event loop running, which other tests would trip over
def window(profile):
    """A browser window with a profile on disk: what it compiled of the page's scripts it keeps from visit to visit."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium: set CHROMIUM to its path")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=45_000)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=FLAGS)
        yield context
        context.close()


@pytest.fixture(scope="module")
def chromium(window):
    """The browser, for tests whose contexts share nothing, not even a cache."""
    return window.browser


@pytest.fixture
def visit(window, served):
    """Open the app: ``visit(width=…, dark=…)`` gives a page. A request to another host, or a script error, fails.

    ``apart=True`` is another person's browser. Nothing that a test leaves in a browser reaches the next.
    """
    pages, strangers, errors, origins = [], [], [], set()

    def open_page(width=1280, height=860, dark=False, url=None, apart=False):
        page = window.browser.new_page() if apart else window.new_page()
        pages.append(page)
        origins.add(url or served[1])
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_default_timeout(60_000)
        page.on("request", lambda request: _note(strangers, request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url or served[1])
        page.locator("#last .welcome, #last .exchange").first.wait_for()
        page.wait_for_function("document.querySelector('#recipe-summary').innerText.trim() !== ''")
        return page

    yield open_page
    for page in pages:
        page.close()
    _forget(window, origins)
    assert not strangers, f"the page asked other hosts: {strangers}"
    assert not errors, f"scripts broke: {errors}"


def _forget(window, origins):
    """Empty the profile of what pages keep; only what was fetched and compiled stays."""
    devtools = window.new_cdp_session(window.pages[0])
    for origin in origins:
        devtools.send("Storage.clearDataForOrigin", {"origin": origin.rstrip("/"), "storageTypes": KEPT_BY_PAGES})
    devtools.detach()
    window.clear_cookies()


def schemes(page):
    """The page in light, then in dark, as the system changes in the evening: ``for scheme in schemes(page)``."""
    from playwright.sync_api import expect

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body.dark")).to_have_count(1 if scheme == "dark" else 0)
        yield scheme


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
