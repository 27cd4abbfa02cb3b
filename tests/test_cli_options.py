"""Options that every command takes, wherever on the line they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pytest
import typer

from pipelines.recipe import Recipe
from pipelines.recipes.saved import SavedRecipes
from playground.cli import exits
from playground.cli.console import Result
from playground.cli.options import Call, command
from sample_docs import folder


def build(seen: list[tuple[Call, str]]) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback(invoke_without_command=True)
    def start(data_dir: Annotated[Path | None, typer.Option("--data-dir")] = None) -> None:
        """The app."""

    def note(call: Call, word: Annotated[str, typer.Argument()] = "none") -> Result:
        """Note what was given."""
        seen.append((call, word))
        print("said by a library")
        return Result({"word": word}, lambda out: out.print(word), 0)

    def outer(call: Call) -> Result:
        """Note that nothing followed."""
        return note(call)

    group = typer.Typer()
    command(app, "note")(note)
    command(group)(outer)
    command(group, "inner")(note)
    app.add_typer(group, name="group")
    return app


def run(*arguments: str) -> tuple[int, list[tuple[Call, str]]]:
    seen: list[tuple[Call, str]] = []
    code = exits.exit_code(lambda: build(seen)(list(arguments), prog_name="test", standalone_mode=False) or 0)
    return code, seen


def only(*arguments: str) -> Call:
    code, [(call, _)] = run(*arguments)
    assert code == 0
    return call


def test_without_options_a_command_has_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path))
    call = only("note")
    assert call.recipe == Recipe()
    assert call.settings.data_dir == tmp_path
    assert (call.json, call.settings.offline) == (False, False)


@pytest.mark.parametrize(
    "line",
    [
        ["note", "--data-dir", "here"],
        ["--data-dir", "here", "note"],
        ["--data-dir", "there", "note", "--data-dir", "here"],
        ["group", "--data-dir", "here", "inner"],
        ["group", "inner", "--data-dir", "here"],
    ],
)
def test_the_data_folder_may_stand_anywhere_and_the_last_wins(line: list[str]) -> None:
    assert only(*line).settings.data_dir == Path("here")


def test_an_option_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", "variable")
    assert only("note", "--data-dir", "option").settings.data_dir == Path("option")
    assert only("note").settings.data_dir == Path("variable")


def test_set_picks_parts_and_turns_knobs_in_any_order() -> None:
    call = only("note", "--set", "chunker.size=64", "--set", "chunker=fixed", "--set", "retriever.k=3")
    assert call.recipe == Recipe().set(["chunker=fixed", "chunker.size=64", "retriever.k=3"])


def test_a_section_option_is_short_for_set() -> None:
    long = only("note", "--set", "retriever=keyword", "--set", "answer=quotes", "--set", "retriever.k=2")
    assert only("note", "--retriever", "keyword", "--answer", "quotes", "--set", "retriever.k=2") == long
    assert only("group", "--retriever", "keyword", "inner").recipe.retriever.name == "keyword"


def test_a_recipe_file_is_the_base_that_set_changes(tmp_path: Path) -> None:
    file = tmp_path / "best.json"
    file.write_text(Recipe().set(["chunker=fixed", "chunker.size=64"]).to_json(), encoding="utf-8")
    call = only("note", "--recipe", str(file), "--set", "chunker.overlap=0")
    assert call.recipe == Recipe().set(["chunker=fixed", "chunker.size=64", "chunker.overlap=0"])


@pytest.mark.parametrize(
    ("assignment", "named"),
    [
        ("chunk=fixed", "chunker"),
        ("chunker=fixd", "fixed"),
        ("chunker.sise=3", "overlap"),
        ("chunker.size=many", "chunker.size"),
        ("chunker.size=-3", "chunker.size"),
        ("chunker", "SECTION.FIELD=VALUE"),
    ],
)
def test_a_wrong_assignment_is_usage_and_the_line_lists_what_there_is(
    assignment: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, seen = run("note", "--set", assignment)
    err = capsys.readouterr().err
    assert (code, seen) == (2, [])
    assert named in err
    assert err.count("\n") == 1


def test_a_recipe_may_be_called_by_its_name_and_a_file_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ["--data-dir", str(tmp_path / "data")]
    monkeypatch.chdir(tmp_path)
    sample = only("note", "--recipe", "Small chunks", *here)
    assert sample.recipe == Recipe.from_json((folder() / "recipes" / "small-chunks.json").read_text("utf-8"))
    assert only("note", "--recipe", "small CHUNKS", *here) == sample
    assert only("note", "--recipe", "standard", *here).recipe == Recipe()
    SavedRecipes.of(tmp_path / "data").save("Small chunks", Recipe().set(["chunker.size=48"]))
    assert only("note", "--recipe", "small chunks", "--set", "retriever.k=2", *here).recipe == Recipe().set(
        ["chunker.size=48", "retriever.k=2"]
    )
    (tmp_path / "Small chunks").write_text('{"chunker": "page"}', encoding="utf-8")
    assert only("note", "--recipe", "Small chunks", *here).recipe == Recipe().set(["chunker=page"])


def test_a_recipe_that_is_not_there_lists_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SavedRecipes.of(tmp_path).save("Mine", Recipe())
    code, seen = run("note", "--recipe", "nonsense", "--data-dir", str(tmp_path))
    err = capsys.readouterr().err
    assert (code, seen) == (2, [])
    assert "no recipe called 'nonsense'" in err
    assert "There is: Mine, Standard, Small chunks, Sentence window" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("content", [b"not json", b"\xff\xfe", b'{"chunker": "none"}', b'{"version": 99}', b"[]"])
def test_a_broken_recipe_file_is_named(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    code, _ = run("note", "--recipe", str(file))
    err = capsys.readouterr().err
    assert code == 2
    assert "broken.json" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        ["note", "--nonsense"],
        ["nonsense"],
        ["note", "a", "b"],
        ["note", "--recipe", "missing.json"],
        ["note", "--data-dir"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(*line)
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_several_recipes_where_one_is_taken_is_usage(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(Exception, match="more than once"):
        _ = only("note", "--recipe", str(file), "--recipe", str(file)).recipe


@pytest.mark.parametrize("line", [["note", "hello", "--json"], ["group", "--json", "inner", "hello"]])
def test_json_is_the_only_thing_on_stdout(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(*line)
    captured = capsys.readouterr()
    assert code == 0
    assert json.loads(captured.out) == {"word": "hello"}
    assert captured.err == "said by a library\n"


def test_an_error_with_json_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run("note", "--json", "--chunker", "fixd")
    captured = capsys.readouterr()
    assert code == 2
    assert "fixd" in json.loads(captured.out)["error"]["message"]
    assert captured.err.count("\n") == 1
