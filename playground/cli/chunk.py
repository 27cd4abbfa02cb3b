"""``chunk``: how a file would be cut, without a library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.runs.run import COMMAND_LINE, Begun
from playground.cli.console import Progress, Result, one_line, table, warn
from playground.cli.options import Call, Password, command
from playground.shapes import chunk_json

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.chunking import Cut
    from pipelines.embedding.base import Embedder, TokenRuler, Vectors
    from pipelines.loading.document import Document


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "chunk")(chunk)


def chunk(
    call: Call,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A PDF, Markdown or text file.")],
    password: Password = None,
) -> Result:
    """Show how a file is cut. No library is opened, nothing is indexed.

    Example: playground chunk notes.md --chunker recursive --set chunker.size=120
    """
    from pipelines import registry
    from pipelines.chunking import Bench, cut
    from pipelines.chunking.figures import counted_by
    from pipelines.loading import load
    from playground.runs import outcomes

    recipe, settings = call.recipe, call.settings
    embedder = registry.get("embedder", recipe.embedder.name).build(recipe.embedder.params, settings)
    with Progress() as progress:
        document: Document = load(
            path,
            password=password,
            settings=settings,
            on_progress=lambda done, total: progress.update(f"{path.name} · page {done} of {total}"),
        )
        progress.update(f"{path.name} · cutting")
        made = cut(document, recipe.chunker, Bench(embedder, embed=partial(_embed, embedder, progress, path.name)))
    for note in (*document.health.notes, *made.notes):
        warn(f"{document.name}: {note}")
    ruler = counted_by(recipe.chunker, embedder)
    data = cut_json(document, made, ruler)
    with call.recording() as recorder:
        inputs = {"path": str(path.resolve()), "document_id": document.id, "encrypted": password is not None}
        begun = Begun("chunk", recipe.to_json(), "", (document.name,), inputs, COMMAND_LINE)
        recorder.add(begun, outcomes.of_chunks(data["text_length"], data["chunks"], made.seconds))
    return Result(data, lambda out: show(out, data["chunks"], f"{recipe.chunker} · {ruler.name}"))


def _embed(embedder: Embedder, progress: Progress, name: str, texts: Sequence[str]) -> Vectors:
    """Vectors for the strategies that need them."""
    return embedder.embed(
        texts, on_progress=lambda done: progress.update(f"{name} · sentence {done} of {len(texts)} embedded")
    )


def cut_json(document: Document, made: Cut, ruler: TokenRuler) -> dict[str, Any]:
    """The shape of ``chunk``."""
    return {"text_length": len(document.text), "chunks": [chunk_json(chunk, document, ruler) for chunk in made.chunks]}


def show(out: Console, chunks: Sequence[dict[str, Any]], how: str) -> None:
    """A chunk a row, and their sizes in one line."""
    from rich.text import Text

    rows = [
        (number, f"{c['start']}–{c['end']}", ", ".join(map(str, c["pages"])), c["tokens"], _shortened(c["text"]))
        for number, c in enumerate(chunks, 1)
    ]
    if rows:
        out.print(table(("#", "characters", "pages", "tokens", "text"), rows, right=("#", "tokens")))
    sizes = sorted(c["tokens"] for c in chunks)
    spread = f" of {sizes[0]} to {sizes[-1]} tokens, {sizes[len(sizes) // 2]} in the middle" if sizes else ""
    out.print(Text(f"{len(chunks)} chunks{spread} · {how}", style="dim"))
    read = [c["read"]["tokens"] for c in chunks if "read" in c] or [
        c["parents"][0]["tokens"] for c in chunks if "parents" in c
    ]
    if read:
        out.print(Text(f"Searched as above; read with {min(read)} to {max(read)} tokens around them", style="dim"))


def _shortened(text: str, length: int = 100) -> str:
    """Both ends of a chunk: where cuts fell is what one wants to see."""
    line = one_line(text)
    half = length // 2
    return line if len(line) <= length else f"{line[:half].rstrip()} … {line[-half:].lstrip()}"
