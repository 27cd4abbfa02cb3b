"""Who may use the app: sign-ins, and the door in front of every route. On the running app, from outside."""

from __future__ import annotations

import base64
import re
import subprocess
import sys

import httpx
import pytest
from gradio.routes import App
from gradio_client import Client, handle_file

from pipelines.errors import UsageError
from pipelines.runs.filter import Filter
from pipelines.settings import Settings
from playground import cli
from playground.app import build, running
from playground.guard import own_names
from playground.people import Accounts, check_reach, is_loopback, of_cookies
from sample_docs import folder

GUIDE = folder() / "field-guide.md"
REPORT = folder() / "harbour-energy-report.pdf"
PASSWORD = "tide:tables 7"


def settings(data_dir, **more):
    return Settings(data_dir=data_dir, models_dir=data_dir, offline=True, port=0, ollama_host="127.0.0.1:9", **more)


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """(services, address) of an app with sign-ins and MCP."""
    people = (f"ann:{PASSWORD}", "bob:two")
    with running(settings(tmp_path_factory.mktemp("team"), auth=people, mcp=True)) as (services, url):
        services.library.add(REPORT)
        yield services, url


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The address of an app without sign-ins."""
    with running(settings(tmp_path_factory.mktemp("alone"))) as (_, url):
        yield url


def basic(user, password):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# accounts -----------------------------------------------------------------------------------------------


def test_only_a_right_name_with_its_own_password_is_let_in():
    accounts = Accounts([f"ann:{PASSWORD}", "bob:two"])
    assert accounts.allows("ann", PASSWORD)
    assert accounts.allows(" ann ", PASSWORD), "Gradio's form trims the name too"
    for name, password in [("ann", "two"), ("ann", ""), ("", ""), ("eve", PASSWORD), ("ann", PASSWORD + " "),
                           ("ann\0tide", "tables 7"), ("änn", "\ud800")]:  # fmt: skip
        assert not accounts.allows(name, password)
    assert not Accounts([]).allows("", "")
    assert not Accounts([])


@pytest.mark.parametrize("pair", ["secret-word", ":secret-word", "secret-word:", ""])
def test_what_is_no_account_is_refused_without_repeating_it(pair):
    with pytest.raises(UsageError) as told:
        Accounts([pair])
    assert "secret-word" not in str(told.value)


def test_a_name_comes_once():
    with pytest.raises(UsageError, match="'ann' twice"):
        Accounts(["ann:1", "ann:2"])


@pytest.mark.parametrize(
    ("header", "user"),
    [
        (basic("ann", PASSWORD)["authorization"], "ann"),
        (basic("ann", "no")["authorization"], ""),
        ("Basic !!!", ""),
        ("Basic " + base64.b64encode(b"\xff\xfe:x").decode(), ""),
        ("Bearer ann", ""),
        ("", ""),
    ],
)
def test_a_header_proves_a_user(header, user):
    assert Accounts([f"ann:{PASSWORD}"]).of_header(header) == user


def test_cookies_name_a_user_while_the_sign_in_holds():
    tokens = {"t": "ann"}
    assert of_cookies({"access-token-unsecure-x": "t"}, "x", tokens) == "ann"
    assert of_cookies({"access-token-x": "t"}, "x", tokens) == "ann"
    for cookies in ({"access-token-y": "t"}, {"access-token-x": "old"}, {"access-token-x": ""}, {}):
        assert of_cookies(cookies, "x", tokens) == ""


def test_loopback_and_the_rest():
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "example.org", "")))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "playground.lan"])
def test_an_open_app_is_not_shown_to_the_network(host, tmp_path, capsys):
    with pytest.raises(UsageError, match="--auth user:password"):
        check_reach(settings(tmp_path, host=host))
    assert check_reach(settings(tmp_path, host=host, auth=("ann:x",)))
    assert not check_reach(settings(tmp_path, host=host, insecure=True))
    assert cli.run(["--host", host, "--data-dir", str(tmp_path), "--no-browser"]) == 2
    assert "--insecure" in capsys.readouterr().err


def test_settings_say_no_password(monkeypatch):
    monkeypatch.setenv("PLAYGROUND_AUTH", "ann:one bob:two:three")
    found = Settings.from_env()
    assert found.auth == ("ann:one", "bob:two:three")
    assert "one" not in repr(found)
    monkeypatch.setenv("PLAYGROUND_PORT", "high")
    with pytest.raises(UsageError) as told:
        Settings.from_env()
    assert "two" not in str(told.value)


def test_names_of_this_machine(tmp_path):
    import socket

    assert own_names(settings(tmp_path)) == {"localhost", "127.0.0.1"}
    assert own_names(settings(tmp_path, auth=("a:b",), host="0.0.0.0")) is None
    assert socket.gethostname().lower() in own_names(settings(tmp_path, host="0.0.0.0", insecure=True))


# sign-ins -----------------------------------------------------------------------------------------------

#: What says nothing about a person: the sign-in, the icon, that the server is up.
OPEN = re.compile(r"/|/login/?|/logout|/favicon\.ico|/manifest\.json|/pwa_icon|/gradio_api/startup-events")


def test_every_route_but_the_sign_in_wants_one(team):
    services, url = team
    found = App.create_app(build(services), app_kwargs={}, mcp_server=True)
    from playground.routes import app_kwargs

    known = [*found.routes, *app_kwargs(services, Accounts([]))["routes"]]
    known += [route for one in found.routes for route in getattr(getattr(one, "original_router", None), "routes", ())]
    paths = {getattr(route, "path", "") for route in known}
    paths |= {"/gradio_api/mcp/", "/gradio_api/mcp/sse", "/gradio_api/mcp/schema", "/gradio_api/mcp/messages/"}
    assert len(paths) > 60
    asked = 0
    with httpx.Client() as client:
        for path in sorted(path for path in paths if path and not OPEN.fullmatch(path)):
            full = url.rstrip("/") + re.sub(r"\{[^}]*:int\}", "1", path).replace("{", "").replace("}", "")
            for method in ("GET", "POST", "HEAD", "PUT", "DELETE"):
                assert client.request(method, full).status_code == 401, (method, path)
                asked += 1
    assert asked > 200


def test_a_way_around_the_open_paths_is_none(team):
    url = team[1].rstrip("/")
    for path in ("/assets/../config", "/static/../gradio_api/info", "//config", "/assets/%2e%2e/config",
                 "/pwa_icon/../config", f"/svelte/..%2f..%2fpage/{REPORT.name}/1.png"):  # fmt: skip
        request = httpx.Request("GET", url + "/x")
        request.url = request.url.copy_with(raw_path=path.encode())
        with httpx.Client() as client:
            assert client.send(request).status_code in (401, 403, 404), path


def test_the_sign_in_page_says_nothing_of_the_library(team):
    page = httpx.get(team[1])
    assert "Sign in" in page.text
    assert REPORT.name not in page.text
    assert "gradio" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors" in page.headers["content-security-policy"]


def test_programs_sign_in_with_gradio_client(team, tmp_path):
    client = Client(team[1], auth=("ann", PASSWORD), verbose=False)
    assert [d["document"] for d in client.predict(api_name="/documents")["documents"]] == [REPORT.name]
    found = client.predict([handle_file(str(GUIDE))], api_name="/upload")["documents"]
    assert found[0]["status"] == "indexed"
    client.predict(GUIDE.name, api_name="/remove")
    for user, password in (("ann", "two"), ("eve", "x")):
        with pytest.raises(Exception, match=r"(?i)credentials|login|auth|401"):
            Client(team[1], auth=(user, password), verbose=False)
    with pytest.raises(Exception, match=r"(?i)auth|sign|401|login"):
        Client(team[1], verbose=False)


def test_a_signed_in_browser_gets_pages_and_loses_them_at_the_sign_out(team):
    with httpx.Client(base_url=team[1]) as browser:
        assert browser.post("login", data={"username": "bob", "password": "two"}).json() == {"success": True}
        assert browser.get(f"page/{REPORT.name}/1.png").headers["content-type"] == "image/png"
        config = browser.get("config")
        assert config.json()["components"]
        assert PASSWORD not in config.text
        browser.get("logout")
        assert browser.get(f"page/{REPORT.name}/1.png").status_code == 401


def test_a_header_opens_our_routes(team):
    path = f"{team[1]}page/{REPORT.name}/1.png"
    assert httpx.get(path, headers=basic("ann", PASSWORD)).status_code == 200
    assert httpx.get(path, headers=basic("ann", "wrong")).status_code == 401


# other sites' pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "gradio_api/upload"),
        ("POST", "gradio_api/queue/join"),
        ("POST", "gradio_api/call/remove"),
        ("POST", "gradio_api/mcp/"),
        ("POST", "gradio_api/cancel"),
        ("GET", "config"),
        ("GET", ""),
    ],
)
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null", "http://127.0.0.1"])
def test_a_page_of_another_origin_gets_nothing(alone, method, path, origin):
    files = {"files": ("x.md", b"words")} if path.endswith("upload") else None
    answer = httpx.request(method, alone + path, headers={"origin": origin}, files=files)
    assert answer.status_code == 403


def test_our_own_page_may(alone):
    own = {"origin": alone.rstrip("/")}
    answer = httpx.post(alone + "gradio_api/upload", headers=own, files={"files": ("x.md", b"words")})
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_cannot_show_our_pictures_but_may_link_here(alone, site):
    asked = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert httpx.get(alone + "favicon.ico", headers=asked).status_code == 403
    assert httpx.get(alone, headers={**asked, "sec-fetch-mode": "navigate"}).status_code == 200
    assert httpx.get(alone + "favicon.ico", headers={**asked, "sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.", "[::", ""]
)
def test_a_foreign_name_that_points_here_is_not_answered(alone, host):
    answer = httpx.get(alone + "config", headers={"host": host})
    assert answer.status_code in (400, 403)
    if answer.status_code == 403:
        assert "--auth" in answer.text


@pytest.mark.parametrize("host", ["localhost:80", "LOCALHOST", "127.0.0.1", "[::1]:7860", "192.0.2.4:7860"])
def test_names_and_numbers_of_this_machine_are_answered(alone, host):
    assert httpx.get(alone + "config", headers={"host": host}).status_code == 200


def test_with_sign_ins_any_name_leads_to_the_sign_in(team):
    foreign = {"host": "playground.example"}
    assert httpx.get(team[1], headers=foreign).status_code == 200
    assert httpx.get(team[1] + "config", headers=foreign).status_code == 401
    evil = {"origin": "https://evil.example", **basic("ann", PASSWORD)}
    assert httpx.get(f"{team[1]}page/{REPORT.name}/1.png", headers=evil).status_code == 403


def test_that_the_app_is_up_is_told_without_making_the_page(alone):
    told, page = httpx.head(alone), httpx.get(alone)
    assert (told.status_code, told.headers["content-length"]) == (200, "0")
    assert "RAG playground" in page.text


def test_no_other_site_may_frame_the_app(alone):
    answer = httpx.get(alone)
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    refused = httpx.get(alone, headers={"origin": "https://evil.example"})
    assert "content-security-policy" in refused.headers


# the command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [["--insecure"], ["--auth", f"ann:{PASSWORD}"]])
def test_the_start_says_where_and_warns_once(tmp_path, more):
    words = [sys.executable, "-m", "playground", "--data-dir", str(tmp_path), "--offline", "--no-browser"]
    words += ["--port", "0", "--host", "0.0.0.0", "--mcp", *more]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first, second = process.stdout.readline(), process.stdout.readline()
        process.terminate()
        rest, errors = process.communicate()
    assert "The playground is at http://" in first
    assert re.search(r"MCP clients connect to http://\S+/gradio_api/mcp/ ", second)
    assert errors.count("everybody who can reach this machine") == (more == ["--insecure"])
    assert PASSWORD not in first + second + rest + errors


# whose conversations ------------------------------------------------------------------------------------


def test_a_conversation_is_its_owners(team):
    from types import SimpleNamespace

    from playground.state import Session
    from playground.tabs import chat
    from playground.tabs.shell import signed

    services, url = team
    ann, bob = (signed(services, Session(), SimpleNamespace(username=name)) for name in ("ann", "bob"))
    ann = chat.ask(services, ann, "Why did the lights go out?")
    assert "Why did the lights" in chat.menu(services, ann)
    assert "Why did the lights" not in chat.menu(services, bob)
    for act in ("pick", "rename", "delete"):
        with pytest.raises(UsageError, match="does not exist"):
            chat.manage(services, bob, act, ann.conversation, "mine")
    left_in_the_browser = Session.restore({**ann.keep(), "user": "ann"}, ann.look())
    assert left_in_the_browser.user is None, "who is signed in is never the browser's word"
    found = signed(services, left_in_the_browser, SimpleNamespace(username="bob"))
    assert (found.user, found.conversation, found.message) == ("bob", "", "")
    again = signed(services, left_in_the_browser, SimpleNamespace(username="ann"))
    assert again.conversation == ann.conversation
    for _ in services.answers.follow(services.answers.running(ann.conversation)):
        pass
    (run,) = services.seen_by("ann").runs.find(Filter(kinds=("ask",)))
    assert run.owner == "ann"
    assert services.seen_by("bob").runs.find(Filter(kinds=("ask",))) == []
    for ending in ("json", "html", "py"):
        assert httpx.get(f"{url}run/{run.id}.{ending}", headers=basic("ann", PASSWORD)).status_code == 200
        assert httpx.get(f"{url}run/{run.id}.{ending}", headers=basic("bob", "two")).status_code == 404
    assert httpx.get(f"{url}runs/{run.id}/{run.id}.html", headers=basic("bob", "two")).status_code == 404
    path = f"{url}conversation/{ann.conversation}.md"
    assert httpx.get(path, headers=basic("ann", PASSWORD)).status_code == 200
    assert httpx.get(path, headers=basic("bob", "two")).status_code == 404
