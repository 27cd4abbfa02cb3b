"""The recipes tab without a browser: what is listed, compared, kept, refused; and that all of it is escaped."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from pipelines import registry
from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.recipes.schema import FILE
from playground.app import running
from playground.recipes import acting
from playground.recipes.comparing import Change, changes, in_short
from playground.recipes.known import named, samples
from playground.recipes.state import NOW, STANDARD, Comparing, Entry, entries, find, two, unreadable
from playground.services import Services
from playground.state import Session, recipe_of
from playground.views import recipes as view
from playground.views.words import moment
from sample_docs import folder
from tests.test_app import settings
from tests.test_views import EVIL, TAGS, read

SMALL = Recipe().set(["chunker.size=64", "retriever=keyword"])


@pytest.fixture
def services(tmp_path):
    opened = Services.open(settings(tmp_path))
    yield opened
    opened.close()


def program(entry):
    return entry.named.recipe.to_python("Why?", name=entry.named.name)


# handlers -------------------------------------------------------------------------------------------------


def test_the_recipe_in_use_is_saved_used_again_and_forgotten(services):
    session = Session(recipe=SMALL.to_json())
    assert acting.save(services, session, "Mine", "For names.") == "Mine"
    known = entries(services, session)
    assert [one.label for one in known[:3]] == ["In use now", "Mine", "Standard"]
    assert [one.label for one in known[3:]] == [one.name for one in samples()]
    used = acting.use_in_chat(Session(), find(known, "own:Mine").named.recipe)
    assert recipe_of(used) == SMALL
    assert acting.act(services, session, "rename", "Mine", "Yours") == "Yours"
    assert acting.act(services, Session(), "overwrite", "Yours", "") == "Yours"
    kept = services.recipes.get("Yours")
    assert (kept.recipe, kept.note) == (Recipe(), "For names.")
    assert acting.act(services, session, "delete", "Yours", "") == ""
    assert services.recipes.all() == []
    with pytest.raises(UsageError, match="'Mine' is not there any more"):
        find(entries(services, session), "own:Mine")
    with pytest.raises(UsageError, match="has no name"):
        acting.save(services, session, "  ", "")


def test_what_is_brought_is_kept_all_or_none(services, tmp_path):
    good, bad = tmp_path / "1", tmp_path / "2"
    good.write_text(SMALL.to_json(), "utf-8")
    bad.write_text('{"retriever": {"name": "hybrid", "params": {"k": 0}}}', "utf-8")
    with pytest.raises(UsageError, match=r"^bad\.json: retriever\.k cannot be 0: .* Allowed: 1 to 1000\."):
        acting.bring_files(services, [(str(good), "good.json"), (str(bad), "bad.json")])
    assert services.recipes.all() == []
    assert acting.bring_files(services, [(str(good), "good.json")]) == ["good"]
    assert services.recipes.get("good").origin == "good.json"
    assert acting.bring_text(services, NamedRecipe("Given", SMALL).to_json()) == "Given"
    assert acting.bring_text(services, SMALL.to_json()) == "Pasted recipe"
    with pytest.raises(UsageError, match="Nothing was pasted"):
        acting.bring_text(services, " \n")


def test_a_recipe_that_lacks_something_is_kept_but_not_used(services, monkeypatch):
    found = registry.get("reranker", "cross-encoder")
    lacking = replace(found, needs=(registry.Need("pip install nowhere", module="nowhere_at_all"),))
    monkeypatch.setitem(registry._PARTS, ("reranker", "cross-encoder"), lacking)
    name = acting.bring_text(services, '{"name": "Cross", "reranker": "cross-encoder"}')
    with pytest.raises(UsageError, match="pip install nowhere"):
        acting.use_in_chat(Session(), services.recipes.get(name).recipe)
    listed = str(view.recipe_list(entries(services, Session()), [], "Why?", program))
    assert "reranker needs: pip install nowhere" in listed


def test_the_program_asks_what_was_asked_last_of_the_documents_in_play(services, monkeypatch):
    session = Session()
    assert acting.question(services, session) == "What is this document about?"
    for name in ("harbour-energy-report.pdf", "field-guide.md"):
        services.library.add(folder() / name)
    assert acting.question(services, session) == services.first_questions()[0]
    conversation = services.conversations.create().id
    services.conversations.add(conversation, "user", 'Is "it" so?')
    session = Session(conversation=conversation, out_of_play=("field-guide.md",))
    asked = acting.question(services, session)
    script = acting.program(services, session, Entry("own", NamedRecipe("Mine", SMALL)), asked)
    assert "question = 'Is \"it\" so?'" in script
    assert f"Library.open({str(services.settings.data_dir.resolve())!r})" in script
    assert "documents=['harbour-energy-report.pdf']" in script
    now = Entry("now", NamedRecipe("", SMALL))
    assert "documents" not in acting.program(services, Session(), now, asked)
    monkeypatch.setattr(acting, "default_data_dir", lambda: services.settings.data_dir)
    assert "Library.open() as" in acting.program(services, Session(), now, asked)


def test_a_recipe_is_called_by_its_name_and_ones_own_comes_first(services):
    assert named("second LOOK", services.recipes).recipe.reranker.name == "late-interaction"
    services.recipes.save("Second look", SMALL)
    assert named("second look", services.recipes).recipe == SMALL


# comparing ------------------------------------------------------------------------------------------------


def test_every_difference_is_told_in_words():
    other = SMALL.set(["chunker.header=true", "sampling.temperature=0.5", 'sampling.stop=["a"]', "chunker.overlap=0"])
    assert changes(Recipe(), other) == [
        Change("chunker.size", "200", "64", "−136"),
        Change("chunker.overlap", "20", "0", "−20"),
        Change("chunker.header", "off", "on"),
        Change("retriever", "hybrid", "keyword"),
        Change("sampling.temperature", "not set", "0.5"),
        Change("sampling.stop", "not set", "'a'"),
    ]
    assert changes(other, other) == []
    assert in_short(SMALL) == ["chunker.size 64", "retriever keyword"]
    assert in_short(Recipe().with_("prompt", system="x" * 99)) == ["prompt.system changed"]


def test_of_two_that_are_gone_the_defaults_are_compared(services):
    known = entries(services, Session())
    one, other = two(known, Comparing(a="own:gone", b="sample:gone"))
    assert (one.key, other.key) == (NOW, STANDARD)


@pytest.mark.parametrize(
    ("given", "lead"),
    [
        (Recipe(), "Nothing differs."),
        (Recipe().set(["reranker=late-interaction"]), "Only the reranker differs."),
        (Recipe().set(["prompt.system=x", "embedder=ollama", "answer=quotes"]), "3 things differ at once."),
    ],
)
def test_the_strip_says_what_differs_and_nothing_else(given, lead):
    drawn = str(view.comparison(Entry("now", NamedRecipe("", Recipe())), Entry("own", NamedRecipe("Mine", given))))
    assert lead in drawn
    assert "Besides" not in drawn


# views ----------------------------------------------------------------------------------------------------


def test_nothing_a_person_or_a_file_says_becomes_markup(services):
    evil = Recipe().with_("prompt", system=EVIL).with_("model", "ollama", name=EVIL)
    own = Entry("own", NamedRecipe(EVIL, evil, EVIL, EVIL, EVIL))
    (services.settings.data_dir / "recipes").mkdir()
    (services.settings.data_dir / "recipes" / "<b>.json").write_text(json.dumps({EVIL: 1}), "utf-8")
    now = Entry("now", NamedRecipe("", evil))
    known = [now, own, *entries(services, Session())[1:]]
    for drawn in (
        view.recipe_list(known, unreadable(services), EVIL, program),
        view.in_use(now, [EVIL], program),
        view.comparison(now, own),
        view.comparison(own, known[2]),
    ):
        written = read(drawn)
        assert set(written.tags) <= TAGS
        assert "".join(written.text).count("<script>") > 0
        for _, name, value in written.attributes:
            assert not name.startswith("on")
            assert name != "href" or value.startswith(("data:application/json;", "data:text/x-python;"))


def test_a_time_is_told_on_this_machines_clock():
    assert moment("2026-11-24T12:00:00.000+00:00").startswith("24 Nov 2026, ")
    assert moment(1_795_521_600.0) == moment("2026-11-24T12:00:00+00:00")
    assert moment("yesterday") == moment("") == ""


# the app --------------------------------------------------------------------------------------------------


def test_the_schema_is_served(tmp_path):
    with running(settings(tmp_path)) as (_, url):
        answer = httpx.get(f"{url}recipe.schema.json")
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.text == FILE.read_text("utf-8")
