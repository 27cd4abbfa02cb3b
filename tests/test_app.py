"""The app as a program sees it: named endpoints, pictures, sessions that do not touch each other."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio_client import Client, handle_file

from pipelines.errors import StoreLocked, UsageError
from pipelines.settings import Settings
from playground import theme
from playground.app import build, free_port, running
from playground.first_start import first_start
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs import chat, engine, evidence, recipe, sidebar
from playground.turn import stored_turn
from sample_docs import SAMPLES, folder

REPORT = folder() / "harbour-energy-report.pdf"
GUIDE = folder() / "field-guide.md"
QUESTION = "Why did the lights go out on the Gannet Steps?"


def settings(data_dir):
    models = data_dir / "models"
    return Settings(data_dir=data_dir, models_dir=models, offline=True, port=0, ollama_host="127.0.0.1:9")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running(settings(tmp_path_factory.mktemp("data"))) as (services, url):
        services.library.add(REPORT)
        yield services, url, Client(url, verbose=False)


# endpoints ----------------------------------------------------------------------------------------------


def test_no_two_handlers_of_an_event_start_each_other_again(app):
    """A page runs an "always_last" handler again, with all others of its event, if the event came while it ran."""
    taken = Counter(
        (target, event)
        for dependency in app[2].config["dependencies"]
        if dependency["trigger_mode"] == "always_last"
        for target, event in dependency["targets"]
    )
    assert [event for event, handlers in taken.items() if handlers > 1] == []


def test_no_handler_shows_a_status(app):
    """At each message a page goes through all components for every one that ever had a status: a lab would crawl."""
    silent = [d for d in app[2].config["dependencies"] if d["api_visibility"] == "private"]
    assert silent
    assert all(dependency["show_progress_on"] == [] for dependency in silent)


def test_no_handler_waits_for_another_session(app):
    """What says nothing runs one at a time. A limit for all would be a line, and a tenth of the start."""
    with_limit = [fn.api_name or str(fn.fn) for fn in build(app[0]).fns.values() if fn.fn and fn.concurrency_limit]
    assert with_limit == []


def test_ask_streams_and_ends_in_the_shape_of_the_command_line(app):
    job = app[2].submit(QUESTION, api_name="/ask")
    job.result(timeout=60)
    updates = job.outputs()
    assert not updates[0]["done"]
    assert updates[0]["hits"][0]["document"] == REPORT.name
    last = updates[-1]
    assert last["done"]
    assert last["answer_style"] == "quotes"
    assert last["engine"] == "none"
    assert last["citations"][0] == {"n": 1, "document": REPORT.name, "page": 3, "quote": "exact"}
    assert "left_out" in last["stats"]


def test_upload_search_and_remove(app, tmp_path):
    bad = tmp_path / "broken.pdf"
    bad.write_bytes(b"%PDF-1.7 this is not one")
    found = app[2].predict([handle_file(str(GUIDE)), handle_file(str(bad))], api_name="/upload")["documents"]
    assert [d["status"] for d in found] == ["indexed", "failed"]
    assert found[1]["reason"]
    known = [d["document"] for d in app[2].predict(api_name="/documents")["documents"]]
    assert known == [REPORT.name, GUIDE.name]
    hits = app[2].predict(
        "How long is the causeway dry?", [GUIDE.name], {"retriever": {"name": "keyword"}}, api_name="/search"
    )
    assert {h["document"] for h in hits["hits"]} == {GUIDE.name}
    assert hits["hits"][0]["scores"]["keyword"]["rank"] == 1
    left = app[2].predict(GUIDE.name, api_name="/remove")["documents"]
    assert [d["document"] for d in left] == [REPORT.name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("q", ["nothing.pdf"]), "nothing.pdf"),
        (("q", None, {"retriever": {"name": "psychic"}}), "psychic"),
        (("q", None, {"retriever": {"name": "hybrid", "params": {"k": 0}}}), "retriever.k"),
    ],
)
def test_mistakes_are_explained(app, arguments, words):
    with pytest.raises(Exception, match=words):
        app[2].predict(*arguments, api_name="/search")


def test_two_clients_at_once(app):
    _, url, _ = app
    asked = {QUESTION: "Gannet", "What is the capacity of the barge Patience?": "Patience"}

    def ask(question):
        return Client(url, verbose=False).submit(question, api_name="/ask").result(timeout=90)["answer"]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, asked))
    for answer, word in zip(answers, asked.values(), strict=True):
        assert word in answer


# what the browser fetches -------------------------------------------------------------------------------


def test_page_pictures(app):
    _, url, _ = app
    picture = httpx.get(f"{url}page/{REPORT.name}/3.png?v=x", timeout=60)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    for path in (f"page/{REPORT.name}/0.png", f"page/{REPORT.name}/99.png", "page/no.pdf/1.png",
                 "page/..%2F..%2Fetc%2Fpasswd/1.png", f"page/{REPORT.name}/x.png", "conversation/no.md"):  # fmt: skip
        assert httpx.get(url + path, timeout=60).status_code == 404, path


def test_the_page_may_ask_no_other_host(app):
    answer = httpx.get(app[1])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_window_has_our_name_colours_and_icon(app):
    _, url, client = app
    answer = httpx.get(url + "manifest.json")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["name"], manifest["display"]) == ("RAG playground", "standalone")
    assert "http" not in answer.text
    for icon in manifest["icons"]:
        drawn = httpx.get(url + icon["src"])
        assert drawn.headers["content-type"].startswith(icon["type"])
        assert drawn.text == (theme.ASSETS / "icon.svg").read_text("utf-8")
    assert manifest["theme_color"] in drawn.text
    assert manifest["background_color"] in (theme.ASSETS / "colours.css").read_text("utf-8")
    assert client.config["pwa"] is True


def test_an_exported_conversation(app):
    services, url, _ = app
    made = services.conversations.create("Tides / <b>")
    services.conversations.add(made.id, "user", "When?")
    answer = httpx.get(f"{url}conversation/{made.id}.md")
    assert answer.text == "# Tides / &lt;b>\n\n## When?\n"
    assert 'filename="Tides - -b.md"' in answer.headers["content-disposition"]


# handlers -----------------------------------------------------------------------------------------------


def ended(services, session):
    """The session's answer, when it is done."""
    for _ in services.answers.follow(session.message):
        pass
    return services.turn(session.message)


def test_ask_retry_edit(app):
    services = app[0]
    session = chat.ask(services, Session(), QUESTION)
    turn = ended(services, session)
    assert turn.state == "done"
    assert turn.citations[0].hit.page == 3
    shown = chat.screen(services, session)
    assert "Gannet Steps" in shown.last
    assert shown.earlier == ""
    again = chat.retry(services, session, session.message)
    assert ended(services, again).state == "done"
    messages = services.conversations.messages(again.conversation)
    assert [m.role for m in messages] == ["user", "assistant"]
    editing, text = chat.edit(services, again, messages[0].id)
    assert text == QUESTION
    other = chat.ask(services, editing, "What does the barge Patience hold?")
    ended(services, other)
    assert services.conversations.messages(other.conversation)[0].text == "What does the barge Patience hold?"
    looked = evidence.first_look(services, other, other.message, services.turn(other.message))
    assert looked.document == REPORT.name
    assert "marks exact" in str(evidence.panel(services, looked))
    turned = evidence.act(services, looked, "page", "2")
    assert f"Page 2 of {REPORT.name}" in str(evidence.panel(services, turned))


def test_mistakes_of_a_person(app):
    services = app[0]
    for session, question in ((Session(), "  "), (Session(out_of_play=(REPORT.name,)), "q")):
        with pytest.raises(UsageError):
            chat.ask(services, session, question)
    with pytest.raises(UsageError):
        evidence.cite(services, Session(), "no:1")
    with pytest.raises(UsageError):
        recipe.choose(Session(), "retriever", "hybrid", {"k": 0})


def test_recipe_choices_live_in_the_session():
    session = recipe.choose(Session(), "retriever", "hybrid", {"k": 7})
    session = recipe.choose(session, "chunker", "fixed", {})
    chosen = recipe_of(session)
    assert chosen.choice("retriever").params.k == 7
    assert chosen.choice("chunker").name == "fixed"
    assert recipe_of(Session()).choice("chunker").name == "sentence"
    assert recipe_of(Session(recipe="{broken")) == recipe_of(Session())
    assert Session.restore({"zoom": "wide"}) == Session()
    assert Session.restore(session.keep(), session.look()) == session
    assert not set(session.keep()) & set(session.look())


def test_another_chunker_is_indexed_before_the_answer(app):
    services = app[0]
    session = recipe.choose(Session(), "chunker", "fixed", {})
    session = chat.ask(services, session, QUESTION)
    assert ended(services, session).state == "done"
    assert services.documents(recipe_of(session))[0].chunks > 0


def test_the_engine_card_without_any_engine(app):
    card = engine.card(app[0], Session())
    assert "No language model" in card
    assert "Downloads are off" in card
    chosen = engine.act(app[0], Session(), "model", "ollama/llama3.2:1b", "")
    assert recipe_of(chosen).choice("model").params.name == "llama3.2:1b"
    assert "no language model" in engine.sampling(app[0], Session())[0].lower()


def test_a_download_that_may_not_be_says_so(app):
    services = app[0]
    job = services.jobs.wait(services.pull("builtin"))
    assert job.state == "failed"
    card = engine.card(services, Session())
    assert "Fetching the built-in model" in card
    assert engine.act(services, Session(), "forget", job.id, "") == Session()
    assert "Fetching" not in engine.card(services, Session())


def test_a_locked_file_asks_for_its_password(app, tmp_path):
    from pypdf import PdfReader, PdfWriter

    services = app[0]
    writer = PdfWriter(clone_from=PdfReader(REPORT))
    writer.encrypt("crab", algorithm="AES-256")
    locked = tmp_path / "stored-under-another-name"
    writer.write(locked)
    services.jobs.wait(sidebar.add(services, Session(), [(str(locked), "locked.pdf")]))
    shown = sidebar.documents(services, Session())
    failure = services.jobs.failures()[-1]
    assert failure.outcome.document == "locked.pdf"
    assert 'type="password"' in shown
    for password in ("wrong", "crab"):
        sidebar.act(services, Session(), "unlock", services.jobs.failures()[-1].id, password)
        services.jobs.wait(services.jobs.snapshot()[-1].id)
    assert "locked.pdf" not in [f.outcome.document for f in services.jobs.failures()]
    assert "locked.pdf" in sidebar.documents(services, Session())
    with pytest.raises(UsageError):
        services.unlock(failure.id, "crab", recipe_of(Session()))
    assert sidebar.act(services, Session(document="locked.pdf"), "remove", "locked.pdf").document == ""


@pytest.mark.parametrize(
    ("given", "name"), [("a.pdf", "a.pdf"), ("../../etc/x.md", "x.md"), ("C:\\tmp\\<b>.pdf", "<b>.pdf"), ("", "")]
)
def test_bare_names(given, name):
    assert sidebar.bare_name(given) == name


def test_an_answer_of_another_version_still_shows(app):
    store = app[0].conversations
    message = store.add(store.create().id, "assistant", "the text", details={"question": "q", "hits": "nonsense"})
    assert stored_turn(message).text == "the text"


# starting -----------------------------------------------------------------------------------------------


def test_the_first_start_offers_samples_once(tmp_path):
    services = Services.open(settings(tmp_path))
    try:
        services.library.add_text("mine.md", "words")  # a person's own library is left alone
        first_start(services)
        assert services.jobs.snapshot() == ()
    finally:
        services.close()


def test_the_first_start_of_an_empty_folder(tmp_path):
    services = Services.open(settings(tmp_path))
    try:
        first_start(services)
        job = services.jobs.wait(services.jobs.snapshot()[0].id)
        assert [o.document for o in job.outcomes] == list(SAMPLES)
        assert len(services.first_questions()) == 3
        for name in SAMPLES:
            services.remove(name)
        first_start(services)
        assert len(services.jobs.snapshot()) == 1
    finally:
        services.close()


def test_a_first_start_that_was_cut_off_goes_on(tmp_path):
    services = Services.open(settings(tmp_path))
    try:
        services.library.add(folder() / SAMPLES[0], name=SAMPLES[0])  # all that was done before the end
        first_start(services)
        assert [one.document for one in services.library.documents()] == list(SAMPLES)
        assert "samples" in (tmp_path / "offered").read_text()
    finally:
        services.close()


def test_a_second_app_is_told(app):
    with pytest.raises(StoreLocked), running(app[0].settings):
        pass


def test_free_port(app):
    taken = int(app[1].rstrip("/").rpartition(":")[2])
    assert free_port("127.0.0.1", taken) > taken
    assert free_port("127.0.0.1", 0) > 0
    with pytest.raises(UsageError, match="--host"):
        free_port("192.0.2.1", 7860)
