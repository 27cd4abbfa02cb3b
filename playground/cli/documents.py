"""``index`` and ``documents``: put files into the library, list them, take them out."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.events import Indexed, IndexProgress
from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, clean, problem, table, warn
from playground.cli.exits import describe_fault
from playground.cli.options import Call, Password, command
from playground.shapes import documents_json

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.library import Library
    from pipelines.recipe import Recipe


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "index")(index)
    group = typer.Typer()
    command(group)(documents)
    command(group, "remove")(remove)
    app.add_typer(group, name="documents")


def index(
    call: Call,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files and folders: PDF, Markdown, plain text.")],
    password: Password = None,
) -> Result:
    """Add files to the library: read, cut, embed, store. What is known already is not done again.

    Example: playground index reports/ notes.md
    """
    from pipelines.library import Library
    from playground.runs import outcomes

    files, missed = find_files(paths)
    indexed: list[Indexed] = []
    for given, reason in missed:
        problem(reason)
        indexed.append(Indexed(Path(given).name or given, "", "failed", reason))
    if files:
        with Library.open(settings=call.settings) as library, call.recording() as recorder:
            for number, path in enumerate(files, 1):
                run = recorder.begin(_begun(path, call, password))
                with Progress() as progress:
                    report = reporter(progress, number, len(files))
                    outcome = add(library, path, call.recipe, password, report)
                recorder.end(run, outcomes.of_indexed(outcome))
                indexed.append(outcome)
                tell(outcome)
    failed = any(outcome.status == "failed" for outcome in indexed)
    return Result(documents_json(indexed), lambda out: show(out, indexed), int(failed))


def _begun(path: Path, call: Call, password: str | None) -> Begun:
    inputs = {"path": str(path.resolve()), "encrypted": password is not None}
    return Begun("index", call.recipe.to_json(), path.name, (path.name,), inputs, COMMAND_LINE)


def add(
    library: Library, path: Path, recipe: Recipe, password: str | None, report: Callable[[IndexProgress], None]
) -> Indexed:
    """Add one file. Whatever happens to it, also what nobody foresaw, its neighbours go on."""
    try:
        return library.add(path, recipe, password=password, on_progress=report)
    except Exception as error:
        return Indexed(path.name, "", "failed", describe_fault(error), getattr(error, "fix", ""))


def documents(call: Call) -> Result:
    """List the documents of the library.

    Example: playground documents --json
    """
    from pipelines.library import Library

    with Library.open(settings=call.settings) as library:
        return _listing(library.documents(call.recipe))


def remove(call: Call, name: Annotated[str, typer.Argument(metavar="NAME", help="As listed.")]) -> Result:
    """Take a document out of the library; the file it came from stays where it is.

    Example: playground documents remove report.pdf
    """
    from pipelines.library import Library

    with Library.open(settings=call.settings) as library:
        library.remove(name)
        return _listing(library.documents(call.recipe))


# finding files -------------------------------------------------------------------------------------------


def find_files(paths: Iterable[str]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Files named, those of folders and patterns, each once; and (path, reason) where there was none."""
    from pipelines.loading.kinds import MARKDOWN, TEXT

    suffixes = ({".pdf"} | MARKDOWN | TEXT) - {""}
    found: dict[Path, Path] = {}
    missed = []
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            files = [file for file in sorted(_walk(path)) if file.suffix.lower() in suffixes]
            if not files:
                missed.append((given, f"{given}: no PDF, Markdown or text file in this folder."))
        elif not path.exists() and glob.has_magic(given):
            files = [Path(name) for name in sorted(glob.glob(given, recursive=True)) if Path(name).is_file()]
            if not files:
                missed.append((given, f"{given}: no file fits this pattern. Check the folder you are in."))
        elif not path.exists():
            files = []
            missed.append((given, f"{given}: there is no such file or folder. Check the spelling."))
        else:
            files = [path]
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values()), missed


def _walk(folder: Path) -> Iterator[Path]:
    """Files of a folder and its folders; hidden ones are passed over."""
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


# telling -------------------------------------------------------------------------------------------------


def reporter(progress: Progress, number: int, files: int) -> Callable[[IndexProgress], None]:
    """A listener that shows where one file of several stands."""
    return lambda event: progress.update(describe(event, number, files))


def describe(event: IndexProgress, number: int, files: int) -> str:
    """One line: "[2/5] report.pdf · embedding 120 of 300 · 21/s · 9 s left"."""
    words = [f"{event.document} · {event.stage} {event.done} of {event.total}"]
    if event.rate:
        words.append(f"{event.rate:.0f}/s")
    if event.seconds_left is not None:
        words.append(f"{event.seconds_left:.0f} s left")
    place = f"[{number}/{files}] " if files > 1 else ""
    return place + " · ".join(words)


def tell(outcome: Indexed) -> None:
    """A line on stderr for what a person should know of one file."""
    reason = outcome.reason or "could not be read."
    named = reason if outcome.document in reason else f"{outcome.document}: {reason}"
    if outcome.status == "failed":
        problem(f"{named} {outcome.fix}")
    elif outcome.status == "needs_ocr":
        warn(f"{outcome.document}: no page has text, so nothing can be found in it. It needs OCR.")


def show(out: Console, outcomes: list[Indexed]) -> None:
    """A table of documents, a line each."""
    if not outcomes:
        out.print("No documents yet. Add some: playground index PATH")
        return
    headers = ("document", "status", "pages", "words", "chunks", "health", "seconds")
    rows = [
        (o.document, o.status.replace("_", " "), o.pages, f"{o.words:,}", o.chunks, health(o), f"{o.seconds:.1f}")
        for o in outcomes
    ]
    out.print(table(headers, rows, right=("pages", "words", "chunks", "seconds")))


def health(outcome: Indexed) -> str:
    """What to know before trusting answers from a document, in a few words."""
    if outcome.status == "failed":
        return clean(outcome.reason)
    words = []
    if outcome.status == "needs_ocr":
        words.append("needs OCR")
    elif outcome.pages_without_text:
        words.append(f"{outcome.pages_without_text} pages without text")
    if outcome.garbled_pages:
        words.append(f"{outcome.garbled_pages} pages garbled")
    if outcome.encrypted:
        words.append("encrypted")
    return ", ".join(words) or "good"


def _listing(found: list[Indexed]) -> Result:
    return Result(documents_json(found), lambda out: show(out, found))
