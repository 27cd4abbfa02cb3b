"""A run as a Python script that makes it again and prints what its command prints with ``--json``.

What the command line can say becomes one call of it; what only a lab has (a page of the library, pasted text, a prompt
with earlier turns) is said with the library's own functions: ``scripts_of_labs.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.registry import SECTIONS
from pipelines.runs.run import COMMAND_LINE, DECIDING, Details, Kind, Run
from pipelines.settings import Settings, default_data_dir
from playground.runs.scripts_of_labs import with_library

#: How a run's own command begins, from its inputs.
Command = Callable[[Run, Mapping[str, Any]], list[str]]


def script(run: Run, details: Details, settings: Settings) -> str:
    """The script.

    Args:
        run: Which one.
        details: Its inputs.
        settings: Where its documents are.

    Raises:
        UsageError: this app lacks a part of its recipe, or the run needs what is not kept: an upload, a password.
    """
    recipe = run.known_recipe
    if recipe is None:
        raise UsageError("This run's recipe names parts that this app does not have.", "Install what it lacks.")
    if details.inputs.get("encrypted"):
        raise UsageError("This run needed a password, which is never kept.", "Give it to the command yourself.")
    when = datetime.fromtimestamp(run.when).strftime("%Y-%m-%d %H:%M")
    lead = f'"""{run.kind.capitalize()}: run {run.id} of the RAG playground, made on {when}."""\n\n'
    folder = None if settings.data_dir == default_data_dir() else str(settings.data_dir)
    if not _has_command(run, details.inputs):
        return lead + with_library(run, recipe, details, folder)
    words = [*_COMMANDS[run.kind](run, details.inputs), *(["--data-dir", folder] if folder else []), "--json"]
    recipes = [Recipe.from_json(text) for text in details.inputs.get("recipes", ())] or [recipe]
    options = _options(run.kind, recipes[0]) if len(recipes) == 1 else None
    return lead + (_with_files(words, recipes) if options is None else _call([*words, *options]))


def _has_command(run: Run, inputs: Mapping[str, Any]) -> bool:
    """Whether the command line can say all of it."""
    if run.kind == "ask":
        return not inputs.get("history")
    if run.kind == "search":
        return "document_id" not in inputs  # else in one document alone, as the chunking lab does
    return run.origin == COMMAND_LINE or bool(inputs.get("path")) or "repeat" in inputs  # as the endpoint has it


def _options(kind: Kind, recipe: Recipe) -> list[str] | None:
    """What of the recipe decides and differs from the standard one, as ``--set``; None: a value cannot be said so."""
    standard, words = Recipe(), []
    for section in (section for section in SECTIONS if section in DECIDING[kind]):
        if kind == "read" and section == "reader":
            continue  # its command has an option of its own
        choice = recipe.choice(section)
        if choice.name != standard.choice(section).name:
            words += ["--set", f"{section}={choice.name}"]
        default = type(choice.params)().model_dump()
        for name, value in choice.params.model_dump(mode="json").items():
            if value == default.get(name):
                continue
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if isinstance(value, str) and (value[:1] in ("[", "{") or value.strip() == "null"):
                return None
            words += ["--set", f"{section}.{name}={said}"]
    return words


def _call(words: list[str]) -> str:
    listed = "".join(f"    {line},\n" for line in _lines(words))
    return f"from playground.cli import run\n\nraise SystemExit(run([\n{listed}]))\n"


def _lines(words: list[str]) -> Iterator[str]:
    """An option and its value on one line."""
    waiting = ""
    for word in words:
        if word.startswith("--") and word != "--json":
            waiting = f"{word!r}, "
        else:
            yield f"{waiting}{word!r}"
            waiting = ""


def _with_files(words: list[str], recipes: list[Recipe]) -> str:
    """The same where several recipes are compared: each is a file."""
    listed = "".join(f"    {line},\n" for line in _lines(words))
    sections = [
        {section: {"name": name, "params": params} for section, (name, params) in recipe.changed().items()}
        for recipe in recipes
    ]
    told = "".join(f"    {one!r},\n" for one in sections)
    return (
        "import json\nfrom pathlib import Path\nfrom tempfile import TemporaryDirectory\n\n"
        f"from playground.cli import run\n\nrecipes = [\n{told}]\n\n"
        "with TemporaryDirectory() as folder:\n    options = []\n"
        "    for number, recipe in enumerate(recipes):\n"
        '        file = Path(folder) / f"{number}.json"\n'
        '        file.write_text(json.dumps(recipe), "utf-8")\n'
        '        options += ["--recipe", str(file)]\n'
        "    code = run([\n" + listed.replace("    ", "        ") + "        *options,\n    ])\n"
        "raise SystemExit(code)\n"
    )


# the commands -----------------------------------------------------------------------------------------------


def _asked(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    words = [run.kind, run.question]
    for name in inputs.get("documents") or ():
        words += ["--document", name]
    pages = inputs.get("pages")
    return [*words, "--pages", ",".join(map(str, pages))] if pages else words


def _chunk(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    return ["chunk", inputs["path"]]


def _index(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    if not inputs.get("path"):
        raise UsageError(f"{run.question} was uploaded: where it lies is not known.", "Use: playground index FILE")
    return ["index", inputs["path"]]


def _sample(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    words = ["sample", run.question, "--repeat", str(inputs["repeat"])]
    return [*words, "--seeds", ",".join(map(str, inputs["seeds"]))] if inputs["seeds"] else words


def _read(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    recipe = run.known_recipe
    assert recipe is not None, "checked before"
    reader = recipe.choice("reader")
    turned = reader.params.model_dump(mode="json", exclude_defaults=True)
    knobs = ",".join(f"{name}={value}" for name, value in turned.items())
    words = [inputs["path"], "--reader", f"{reader.name}:{knobs}" if knobs else reader.name]
    degrade = ["--degrade", inputs["degrade"]] if inputs.get("degrade") else []
    if "pages" in inputs:
        return ["compare-readers", *words, "--pages", ",".join(map(str, inputs["pages"])), *degrade]
    truth = ["--truth", inputs["truth_file"]] if inputs.get("truth_file") else []
    return ["read", *words, "--page", str(inputs["page"]), *degrade, *truth, "--seconds", f"{inputs['seconds']:g}"]


def _evaluate(run: Run, inputs: Mapping[str, Any]) -> list[str]:
    if "corpus" in inputs:
        return ["evaluate", *(word for name in ("corpus", "queries", "qrels") for word in (f"--{name}", inputs[name]))]
    words = ["evaluate", inputs["questions"]]
    words += ["--budget", str(inputs["budget"])] if inputs.get("budget") else []
    return [*words, "--judge"] if inputs.get("judge") else words


_COMMANDS: Mapping[Kind, Command] = {
    "ask": _asked,
    "search": _asked,
    "chunk": _chunk,
    "index": _index,
    "sample": _sample,
    "read": _read,
    "evaluate": _evaluate,
}
