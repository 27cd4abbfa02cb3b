"""The recipes tab as a person uses it: save, take out, bring back, compare, put to use, find again."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipelines.recipe import Recipe
from sample_docs import folder
from tests.browser.conftest import open_tab, unfold
from tests.browser.test_chat import fits

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def nothing_saved(served):
    services, _ = served
    for name in services.recipes.names():
        services.recipes.delete(name)


def open_recipes(page):
    open_tab(page, "Recipes")
    expect(page.locator("#recipes-compared .strip")).to_be_visible()
    expect(row(page, "Small chunks")).to_be_visible()


def row(page, name):
    return page.locator("#recipes-list li.recipe", has=page.get_by_role("heading", name=name, exact=True))


def taken_out(page, name, kind):
    """The text of a recipe's export, as a file that was really downloaded."""
    fold = row(page, name).locator("details.export")
    if not fold.evaluate("box => box.open"):
        fold.locator("summary").click()
    with page.expect_download() as download:
        fold.get_by_role("link", name=kind).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def turn_down_the_size(page):
    """Another recipe, made with the knobs at the side."""
    unfold(page, "#section-chunker > button")
    field = page.locator("#chunker-size input[type=number]")
    field.fill("96")
    page.keyboard.press("Tab")
    expect(page.locator("#recipes-now .in-short")).to_have_text("chunker.size 96")  # the list is redrawn with it


def test_a_recipe_is_saved_taken_out_and_brought_back(visit, picture, tmp_path):
    page = visit(height=1000)
    open_recipes(page)
    expect(page.locator("#recipes-list .empty-list")).to_contain_text("No recipe of your own yet")
    expect(page.locator("#recipes-now")).to_contain_text("The same as “Standard”")
    picture(page, "recipes-empty")
    turn_down_the_size(page)
    expect(page.locator("#recipes-compared tbody")).to_contain_text("chunker.size96200 +104")
    page.locator("#recipes-name textarea, #recipes-name input").fill("Mine <b>1</b>")
    page.locator("#recipes-note textarea, #recipes-note input").fill("For <i>names</i>")
    page.locator("#recipes-save-run").click()
    mine = row(page, "Mine b 1 b")
    expect(mine).to_contain_text("For <i>names</i>")
    expect(mine.locator(".taken")).to_have_text("✓ in use")
    picture(page, "recipes-saved")

    file, text = taken_out(page, "Mine b 1 b", "JSON")
    assert file == "Mine b 1 b.json"
    assert Recipe.from_json(text) == Recipe().set(["chunker.size=96"])
    file, script = taken_out(page, "Mine b 1 b", "Python")
    assert file == "Mine b 1 b.py"
    compile(script, file, "exec")

    (tmp_path / "back.json").write_text(text, "utf-8")
    page.locator("#recipes-file input[type=file]").set_input_files(tmp_path / "back.json")
    expect(row(page, "Mine b 1 b 2")).to_contain_text("from back.json")
    expect(page.locator("#recipes-compared .strip")).to_contain_text("Nothing differs")
    page.locator("#recipes-pasted textarea").fill('{"chunker": {"name": "fixed", "params": {"sise": 3}}}')
    page.locator("#recipes-bring").click()
    expect(page.locator(".toast-wrap, .toast-body").last).to_contain_text("has no field 'sise'")
    page.locator("#recipes-pasted textarea").fill((folder() / "recipes" / "second-look.json").read_text("utf-8"))
    page.locator("#recipes-bring").click()
    own = page.locator("#recipes-list ul.recipes").first
    expect(own.locator("h3").first).to_have_text("Second look")
    expect(page.locator("#recipes-compared .strip")).to_contain_text("The chunker and the reranker differ")
    picture(page, "recipes-compared")


def test_two_are_compared_and_one_is_put_to_use(visit, picture):
    page = visit(height=1000)
    open_recipes(page)
    row(page, "Second look").get_by_role("button", name="Compare").click()
    expect(page.locator("#recipes-compared .strip")).to_contain_text("Only the reranker differs")
    page.locator("#recipes-a input").click()
    page.get_by_role("option", name="Small chunks", exact=True).click()
    expect(page.locator("#recipes-compared thead")).to_contain_text("A Small chunks")
    expect(page.locator("#recipes-compared tbody tr")).to_have_count(4)
    picture(page, "recipes-two")
    row(page, "Small chunks").get_by_role("button", name="Use Small chunks in chat").click()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword(k=8)")
    expect(page.locator("#recipes-now")).to_contain_text("The same as “Small chunks”")
    unfold(page, "#section-retriever > button")
    expect(page.locator("#retriever-k input[type=number]")).to_have_value("8")
    picture(page, "recipes-in-use")
    page.reload()
    expect(page.locator("#recipes-compared thead")).to_contain_text("A Small chunks")
    expect(row(page, "Small chunks").locator(".taken")).to_be_visible()
    expect(page.locator("#recipe-summary")).to_contain_text("keyword(k=8)")


def test_one_is_renamed_replaced_and_deleted(visit):
    page = visit()
    open_recipes(page)
    page.locator("#recipes-name textarea, #recipes-name input").fill("First")
    page.keyboard.press("Enter")
    row(page, "First").get_by_role("button", name="Compare").click()
    row(page, "First").locator("summary", has_text="More").click()
    row(page, "First").locator("form input").fill("Second")
    page.keyboard.press("Enter")
    expect(row(page, "Second")).to_be_visible()
    expect(row(page, "First")).to_have_count(0)
    expect(page.locator("#recipes-compared .strip")).to_contain_text("B Second")
    turn_down_the_size(page)
    row(page, "Second").locator("summary", has_text="More").click()
    row(page, "Second").locator("summary", has_text="Replace").click()
    row(page, "Second").locator("button", has_text="Replace it").click()
    expect(row(page, "Second").locator(".in-short")).to_have_text("chunker.size 96")
    row(page, "Second").locator("summary", has_text="More").click()
    row(page, "Second").locator("summary", has_text="Delete").click()
    row(page, "Second").locator("button", has_text="Delete for good").click()
    expect(row(page, "Second")).to_have_count(0)
    expect(page.locator("#recipes-compared .strip")).to_contain_text("B Standard")


def test_the_schema_can_be_had(visit):
    page = visit()
    open_recipes(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON schema").click()
    assert json.loads(Path(download.value.path()).read_text("utf-8"))["title"] == "Recipe of the RAG playground"


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_it_stays_readable(visit, picture, served, width, dark):
    services, _ = served
    long = Recipe().set(["chunker=semantic", "retriever=mmr"]).with_("prompt", system="Say what stands there. " * 9)
    endless = "A name that goes on and on until it is wider than a telephone"
    services.recipes.save(endless, long, note="Word " * 40)
    services.recipes.save("Cross", Recipe().with_("reranker", "cross-encoder"))
    (services.settings.data_dir / "recipes" / "Broken.json").write_text('{"chunker": "fixd"}', "utf-8")
    page = visit(width=width, height=900, dark=dark)
    open_recipes(page)
    expect(row(page, "Broken")).to_contain_text("Did you mean 'fixed'?")
    row(page, endless).get_by_role("button", name="Compare").click()
    expect(page.locator("#recipes-compared tbody")).to_contain_text("Say what stands there.")
    name = f"recipes-{width}-{'dark' if dark else 'light'}"
    picture(page, name)
    assert fits(page)
    row(page, "Second look").locator("details.export summary").click()
    row(page, "Second look").scroll_into_view_if_needed()
    picture(page, f"{name}-list")
    page.locator("#recipes-compared").scroll_into_view_if_needed()
    picture(page, f"{name}-compared")
    assert fits(page)
