"""What every command takes, declared once: a command's function names only what is its own.

::

    @command(app, "search")
    def search(call: Call, query: Annotated[str, typer.Argument(help="…")]) -> Result:
        '''Find passages.'''
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import StoreError, UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.saved import SavedRecipes
from pipelines.registry import SECTIONS
from pipelines.settings import Settings
from playground.cli import exits
from playground.cli.console import Result, console, stdout_kept, warn, write_json

if TYPE_CHECKING:
    from pipelines.engines import Engines
    from playground.runs.recorder import Recorder

RECIPE_PANEL = "Recipe"

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of documents, index and chats.", metavar="FOLDER", show_default=False),
]
Offline = Annotated[bool, typer.Option("--offline", help="Forbid every download.")]
Recipes = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe",
        help='A recipe: its JSON file, or the name of a saved or a sample one, such as "Small chunks".',
        metavar="FILE|NAME",
        rich_help_panel=RECIPE_PANEL,
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="SECTION=NAME picks a part, SECTION.FIELD=VALUE turns a knob; repeatable. "
        f"--SECTION NAME is short for the first. Sections: {', '.join(SECTIONS)}.",
        metavar="ASSIGNMENT",
        rich_help_panel=RECIPE_PANEL,
    ),
]
Password = Annotated[
    str | None,
    typer.Option("--password", help="Opens encrypted PDFs.", metavar="TEXT", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout, nothing else.")]


@dataclass(frozen=True)
class Call:
    """One run of a command: where things are, which recipe, and for whom the words are."""

    settings: Settings
    recipes: tuple[Recipe, ...]
    json: bool
    turned: tuple[str, ...] = ()  # knobs, as --set has them; the recipes hold them already

    @contextmanager
    def recording(self, engines: Engines | None = None) -> Iterator[Recorder]:
        """Keeps this command's runs while the block lasts; what cannot be kept is a warning, and stops nothing."""
        from playground.runs.kept import open_runs
        from playground.runs.recorder import Recorder

        runs = None
        try:
            runs = open_runs(self.settings) if self.settings.runs_mb else None
        except (StoreError, OSError) as error:
            warn(f"This run is not kept. {error}")
        try:
            yield Recorder(runs, engines, warn)
        finally:
            if runs is not None:
                runs.close()

    @property
    def recipe(self) -> Recipe:
        """The one recipe of this call.

        Raises:
            UsageError: several were given to a command that takes one.
        """
        if len(self.recipes) > 1:
            raise UsageError("--recipe was given more than once.", "Only evaluate compares recipes.")
        return self.recipes[0]


@dataclass(frozen=True)
class _Given:
    """The common options as typed, on the command and on the commands before it."""

    context: typer.Context

    @cached_property
    def _levels(self) -> list[dict[str, Any]]:
        """Parameters of the command line's words, the innermost last."""
        levels: list[dict[str, Any]] = []
        context: Any = self.context
        while context is not None:
            levels.insert(0, context.params)
            context = context.parent
        return levels

    def last(self, name: str) -> Any:
        """The value of an option, the innermost winning; None where nobody gave it."""
        return next((level[name] for level in reversed(self._levels) if level.get(name)), None)

    def every(self, name: str) -> list[Any]:
        """All values of a repeatable option."""
        return [value for level in self._levels for value in level.get(name) or ()]


def settings_of(context: typer.Context, **more: Any) -> Settings:
    """Settings from variables and the options of the command line."""
    given = _Given(context)
    return Settings.from_env(data_dir=given.last("data_dir"), offline=given.last("offline") or None, **more)


def _call(context: typer.Context) -> Call:
    given = _Given(context)
    short = [f"{section}={given.last(section)}" for section in SECTIONS if given.last(section)]
    assignments = [*given.every("assignments"), *short]
    settings = settings_of(context)
    bases = [_recipe(word, settings) for word in given.every("recipe")] or [Recipe()]
    recipes = tuple(base.set(assignments) for base in bases)
    turned = tuple(text for text in assignments if "." in text.partition("=")[0])
    return Call(settings, recipes, bool(given.last("json")), turned)


def _recipe(word: str, settings: Settings) -> Recipe:
    from playground.recipes.known import file_or_named

    return file_or_named(word, SavedRecipes.of(settings.data_dir)).recipe


def _common(without: Collection[str] = ()) -> list[inspect.Parameter]:
    """The common options as parameters of a function, for Typer to read, but for some."""
    kinds: dict[str, Any] = {
        "data_dir": DataDir,
        "recipe": Recipes,
        "assignments": Assignments,
        **{name: Annotated[str | None, typer.Option(f"--{name}", hidden=True)] for name in SECTIONS},
        "offline": Offline,
        "json": Json,
    }
    flags = ("offline", "json")
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if name in flags else None, annotation=kind
        )
        for name, kind in kinds.items()
        if name not in without
    ]


def command(
    app: typer.Typer, name: str | None = None, without: Collection[str] = ()
) -> Callable[[Callable[..., Result | None]], Any]:
    """Add a function to ``app`` as a command, with the common options; without a name, as its callback.

    The function takes a :class:`Call` and its own options, and returns a :class:`Result` (None when a
    sub-command does the work). A common option of which it has its own kind is named in ``without``.
    """

    def add(function: Callable[..., Result | None]) -> Callable[..., int]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = _common(without)

        def run(context: typer.Context, **values: Any) -> int:
            if context.invoked_subcommand is not None:
                return 0
            mine = {parameter.name: values[parameter.name] for parameter in own}
            return _run(context, lambda call: function(call, **mine))

        first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        options = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        signature = inspect.Signature([first, *options, *shared])
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        run.__doc__ = function.__doc__
        added = app.callback(invoke_without_command=True) if name is None else app.command(name)
        added(run)
        return run

    return add


def _run(context: typer.Context, work: Callable[[Call], Result | None]) -> int:
    """Run a command's work and print its result, in JSON or for people."""
    if not _Given(context).last("json"):
        result = work(_call(context))
        if result is not None:
            result.show(console())
        return result.exit_code if result else 0
    with stdout_kept():
        try:
            result = work(_call(context))
        except Exception as error:
            result = _failure(error)
    write_json(result.data if result else {})
    return result.exit_code if result else 0


def _failure(error: Exception) -> Result:
    """An error as the command's one JSON value; the line for people goes to stderr."""
    code = exits.report(error)
    said = {"message": getattr(error, "message", str(error)), "fix": getattr(error, "fix", "")}
    if partial := getattr(error, "partial", ""):
        said["partial"] = partial  # what the engine had said before it broke
    return Result({"error": said}, lambda _: None, code)
