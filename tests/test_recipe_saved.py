"""Saved recipes: kept, found again, renamed, brought from elsewhere, never half written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.errors import StoreError, UsageError
from pipelines.named_files import NamedFiles, safe_name
from pipelines.recipe import Recipe
from pipelines.recipes.named import NamedRecipe
from pipelines.recipes.saved import SavedRecipes, Unreadable

SMALL = Recipe().set(["chunker.size=64", "retriever=keyword"])


def test_a_saved_recipe_is_found_again_with_its_name_note_and_time(tmp_path):
    saved = SavedRecipes(tmp_path / "recipes")
    assert saved.all() == []
    assert not (tmp_path / "recipes").exists()
    assert saved.save("Small ones", SMALL, note=" For names. ", origin="the chat") == "Small ones"
    found = SavedRecipes(tmp_path / "recipes").get("Small ones")
    assert (found.recipe, found.note, found.origin) == (SMALL, "For names.", "the chat")
    assert found.saved.endswith("+00:00")
    assert NamedRecipe.from_file(tmp_path / "recipes" / "Small ones.json") == found


def test_the_newest_comes_first_and_a_broken_file_last(tmp_path):
    saved = SavedRecipes(tmp_path)
    for name, when in (("a", "2026-11-24T10:00:00+00:00"), ("b", "2026-11-24T11:00:00+00:00")):
        (tmp_path / f"{name}.json").write_text(NamedRecipe(name, SMALL, saved=when).to_json(), "utf-8")
    (tmp_path / "0 broken.json").write_text('{"chunker": "fixd"}', "utf-8")
    (tmp_path / ".draft-x").write_text("half", "utf-8")
    *known, broken = saved.all()
    assert [one.name for one in known] == ["b", "a"]
    assert isinstance(broken, Unreadable)
    assert broken.name == "0 broken"
    assert broken.why.startswith("0 broken.json: There is no chunker 'fixd'")
    with pytest.raises(UsageError, match="no chunker 'fixd'"):
        saved.get("0 broken")
    saved.delete("0 broken")
    assert saved.names() == ["a", "b"]


def test_a_name_that_is_taken_is_not_overwritten_unless_asked(tmp_path):
    saved = SavedRecipes(tmp_path)
    saved.save("Small", SMALL)
    for clash in ("Small", "small", " Small/ "):
        with pytest.raises(UsageError, match=r"There is a recipe '[Ss]mall' already"):
            saved.save(clash, Recipe())
    assert saved.get("Small").recipe == SMALL
    saved.save("Small", Recipe(), replace=True)
    assert saved.get("Small").recipe == Recipe()


def test_renaming_keeps_everything_else(tmp_path):
    saved = SavedRecipes(tmp_path)
    saved.save("a", SMALL, note="n", origin="o")
    before = saved.get("a")
    assert saved.rename("a", "../b?") == "b"
    assert saved.rename("b", "B") == "B"
    assert saved.get("B") == before.to(name="B")
    assert NamedRecipe.from_file(tmp_path / "B.json").name == "B"
    saved.save("c", Recipe())
    with pytest.raises(UsageError, match="already"):
        saved.rename("c", "b")
    with pytest.raises(UsageError, match=r"no saved recipe 'gone'. There is: B, c\."):
        saved.rename("gone", "x")
    with pytest.raises(UsageError, match="any more"):
        saved.delete("gone")


def test_a_recipe_from_elsewhere_gets_a_number_where_its_name_is_taken(tmp_path):
    saved = SavedRecipes(tmp_path)
    named = NamedRecipe("Small", SMALL, "For names.", "2020-01-01", "elsewhere")
    assert [saved.bring(named, "a file") for _ in range(3)] == ["Small", "Small 2", "Small 3"]
    found = saved.get("Small 3")
    assert (found.recipe, found.note, found.origin) == (SMALL, "For names.", "a file")
    assert found.saved > "2026"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("<b>bold</b>", "b bold b"),
        ("a\x00b\nc\u202e", "a b c"),
        ("...", "recipe"),
        ("", "recipe"),
        ("😀", "recipe"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("Größe ½ (neu)", "Größe ½ (neu)"),
        (".hidden", "hidden"),
        ("x" * 300, "x" * 80),
        ("\U00020000" * 80, "\U00020000" * 50),
    ],
)
def test_any_name_is_a_harmless_file(tmp_path, given, kept):
    assert safe_name(given, "recipe") == kept
    saved = SavedRecipes(tmp_path / "recipes")
    assert saved.save(given, SMALL) == kept
    assert [path.name for path in (tmp_path / "recipes").iterdir()] == [f"{kept}.json"]
    assert list(tmp_path.iterdir()) == [tmp_path / "recipes"]


def test_many_threads_at_once_lose_nothing(tmp_path):
    saved = SavedRecipes(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: saved.bring(NamedRecipe("x", SMALL), "here"), range(40)))
    assert len(set(names)) == 40
    assert len(saved.all()) == 40
    assert all(isinstance(one, NamedRecipe) for one in saved.all())


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "recipes").write_text("a file, not a folder", "utf-8")
    with pytest.raises(StoreError, match="'x' cannot be kept"):
        SavedRecipes(tmp_path / "recipes").save("x", SMALL)


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path):
    files = NamedFiles(tmp_path, ".json")
    (tmp_path / "x.json").mkdir()
    with pytest.raises(StoreError):
        files.write("x", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    with pytest.raises(StoreError, match="cannot be deleted"):
        files.delete("x")
