"""``search`` and ``ask``: passages, and answers that cite them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.engines.base import TokenEvent
from pipelines.errors import UsageError
from pipelines.events import Answered, AskEvent, Failed, Prompted, Retrieved
from pipelines.loading.page_numbers import page_numbers
from pipelines.retrieval.base import STAGES, Hit, Retrieval
from pipelines.runs.run import COMMAND_LINE, Begun, Kind
from playground.cli.console import Progress, Result, clean, one_line, table, warn
from playground.cli.options import Call, command
from playground.shapes import ask_json, search_json

if TYPE_CHECKING:
    from rich.console import Console


Documents = Annotated[
    list[str] | None,
    typer.Option("--document", help="Look in this document only; repeatable.", metavar="NAME", show_default=False),
]

Pages = Annotated[
    str | None,
    typer.Option("--pages", help="Look on these pages only: 1-3,8.", metavar="PAGES", show_default=False),
]

#: How each check of a quotation is said to people.
QUOTE_WORDS = {"exact": "quoted word for word", "close": "quoted closely", "none": "no quotation found"}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "search")(search)
    command(app, "ask")(ask)


def search(
    call: Call,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.")],
    document: Documents = None,
    pages: Pages = None,
) -> Result:
    """Find passages, with the rank and score of every stage.

    Example: playground search "warranty period" --set retriever.k=3
    """
    from pipelines.library import Library
    from playground.runs import outcomes

    _check(query, "query")
    with Library.open(settings=call.settings) as library, call.recording() as recorder:
        _prepare(library, call, document)
        began, where = monotonic(), page_numbers(pages or "")
        found = library.search(query, call.recipe, document or None, where)
        recorder.add(_begun("search", call, query, document, where), outcomes.of_search(found, monotonic() - began))
    return Result(search_json(found), lambda out: show_hits(out, found))


def ask(
    call: Call,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question about the documents.")],
    document: Documents = None,
    pages: Pages = None,
) -> Result:
    """Answer a question from the documents, with citations.

    Example: playground ask "How long is the warranty?" --document manual.pdf
    """
    from pipelines.library import Library

    _check(question, "question")
    with Library.open(settings=call.settings) as library, call.recording(library.engines) as recorder:
        _prepare(library, call, document)
        where = page_numbers(pages or "")
        events = library.ask(question, call.recipe, documents=document or None, pages=where)
        events = recorder.answering(_begun("ask", call, question, document, where), events)
        hits, answered, streamed = follow(events, live=not call.json)
    for note in answered.notes:
        warn(note)
    return Result(ask_json(answered, hits), lambda out: show_answer(out, answered, hits, streamed))


def _begun(kind: Kind, call: Call, question: str, documents: list[str] | None, pages: Sequence[int] | None) -> Begun:
    inputs = {"documents": documents or None, "pages": pages}
    return Begun(kind, call.recipe.to_json(), question, tuple(documents or ()), inputs, COMMAND_LINE)


def _check(text: str, what: str) -> None:
    if not text.strip():
        raise UsageError(f"The {what} is empty.", 'Write it in quotation marks: "…".')


def _prepare(library: Any, call: Call, documents: Sequence[str] | None) -> None:
    """Index what this recipe's collection lacks, with progress."""
    from playground.cli.documents import describe, tell

    with Progress() as progress:
        done = library.prepare(
            call.recipe,
            documents or None,
            on_progress=lambda event: progress.update(describe(event, event.file, event.files)),
        )
    for outcome in done:
        tell(outcome)


def follow(events: Iterator[AskEvent], live: bool) -> tuple[tuple[Hit, ...], Answered, bool]:
    """Read an answer's events to their end, printing the text as it comes when ``live``.

    Raises:
        PlaygroundError: the engine failed; what it said before that has been printed.
    """
    hits: tuple[Hit, ...] = ()
    streamed = False
    with Progress() as progress:
        for event in events:
            if isinstance(event, Retrieved):
                hits = event.hits
                progress.update("Passages found; preparing the answer…")
            elif isinstance(event, Prompted):
                progress.update(f"Waiting for {event.model or event.engine}…")
            elif isinstance(event, TokenEvent) and live:
                progress.clear()
                sys.stdout.write(clean(event.text))
                sys.stdout.flush()
                streamed = True
            elif isinstance(event, Answered):
                return hits, event, streamed
            elif isinstance(event, Failed):
                if streamed:
                    sys.stdout.write("\n")
                elif event.partial and live:
                    sys.stdout.write(f"{clean(event.partial)}\n")
                raise event.error
    raise RuntimeError("the answer ended without its last event")


# for people ----------------------------------------------------------------------------------------------


def page_of(hit: Hit) -> str:
    """The physical page, and the printed label where it says something else."""
    return f"p. {hit.page}" + (f" ({hit.page_label})" if hit.page_label != str(hit.page) else "")


def show_hits(out: Console, found: Retrieval) -> None:
    """A passage a row: its place, its scores under their names, how it begins."""
    if not found.hits:
        out.print("Nothing found.")
        return
    stages = [stage for stage in STAGES if any(hit.scores.get(stage) for hit in found.hits)]
    rows = [
        (hit.rank, *(_score(hit, stage) for stage in stages), hit.document, page_of(hit), _start_of(hit.text))
        for hit in found.hits
    ]
    out.print(table(("#", *stages, "document", "page", "passage"), rows, right=("#", *stages)))
    for one in found.written:
        out.print(_line(f"{one.kind} by {one.by}: {_start_of(one.text)}"), style="dim")
    out.print(_line(_seconds(found.seconds)), style="dim")


def _score(hit: Hit, stage: str) -> str:
    found = hit.scores.get(stage)
    return f"{found.score:.3f} #{found.rank}" if found else "–"


def _start_of(text: str, length: int = 160) -> str:
    text = one_line(text)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _seconds(seconds: Mapping[str, float]) -> str:
    return " · ".join(f"{stage} {value * 1000:.0f} ms" for stage, value in seconds.items())


def _line(text: str) -> Any:
    from rich.text import Text

    return Text(clean(text))


def show_answer(out: Console, answered: Answered, hits: Sequence[Hit], streamed: bool) -> None:
    """The answer unless it was streamed, its sources, who answered and how fast."""
    out.print(_line("" if streamed else answered.text))
    if answered.citations:
        out.print()
        cited = [(f"[{c.n}]", c.hit.document, page_of(c.hit), QUOTE_WORDS[c.check]) for c in answered.citations]
        out.print(table(("", "document", "page", ""), cited))
    elif hits:
        out.print(_line("\nIt cites no passage. These were found:"), style="yellow")
        found = [(f"[{hit.rank}]", hit.document, page_of(hit), _start_of(hit.text, 90)) for hit in hits]
        out.print(table(("", "document", "page", "passage"), found))
    out.print()
    out.print(_line(_who(answered)), style="dim")


def _who(answered: Answered) -> str:
    """Who answered, and the honest numbers."""
    stats = answered.stats
    if answered.engine == "none":
        return "Quotes from the passages; no model took part."
    words = [f"{answered.style} by {answered.model} ({answered.engine})"]
    if stats.load_s:
        words.append(f"load {stats.load_s:.1f} s")
    if stats.ttft_s is not None:
        words.append(f"first token {stats.ttft_s:.1f} s")
    if stats.prompt_tokens is not None:
        words.append(f"prompt {stats.prompt_tokens} tokens")
    if stats.tokens_per_s:
        words.append(f"{stats.tokens_per_s:.0f} tokens/s")
    if answered.confidence is not None:
        words.append(f"confidence {answered.confidence:.2f}")
    if answered.meter and answered.meter.left_out:
        words.append(f"left out: {', '.join(answered.meter.left_out)}")
    return " · ".join(words)
