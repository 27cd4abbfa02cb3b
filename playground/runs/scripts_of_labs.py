"""Scripts for runs that only a lab can make: with the library's own functions, and the command line's JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.errors import UsageError
from pipelines.recipe import Recipe
from pipelines.recipes.script import recipe_in_python
from pipelines.runs.run import Details, Kind, Run


@dataclass(frozen=True)
class Body:
    """What a script imports besides the library, and what it does with it."""

    imports: tuple[str, ...]
    lines: tuple[str, ...]  # inside ``with Library.open() as library:``


def with_library(run: Run, recipe: Recipe, details: Details, folder: str | None) -> str:
    """The script, from its imports on. Raises UsageError: the run needs an upload that is not kept."""
    body = _BODIES[run.kind](run, details.inputs)
    imports = sorted({"from pipelines import Library, Recipe", "from playground.cli.console import write_json",
                      *body.imports})  # fmt: skip
    inside = "".join(f"    {line}\n" for line in body.lines)
    opening = f"with Library.open({folder!r}) as library:\n" if folder else "with Library.open() as library:\n"
    return "\n".join(imports) + f"\n\nrecipe = {recipe_in_python(recipe.changed())}\n\n{opening}{inside}"


def _document(inputs: Mapping[str, Any]) -> tuple[str, str]:
    """(what is imported, the line that has the document)."""
    if inputs.get("document"):
        return "", f"document = library.document({inputs['document']!r})"
    return "from playground.lab.sheets import pasted_document", f"document = pasted_document({inputs['text']!r})"


def _ask(run: Run, inputs: Mapping[str, Any]) -> Body:
    turns = ", ".join(f"Message({role!r}, {text!r})" for role, text in inputs["history"])
    where = f"documents={inputs.get('documents')!r}, pages={inputs.get('pages')!r}"
    return Body(
        (
            "from pipelines.engines.base import Message",
            "from playground.cli.ask import follow",
            "from playground.shapes import ask_json",
        ),
        (
            f"history = [{turns}]",
            f"events = library.ask({run.question!r}, recipe, history=history, {where})",
            "hits, answered, _ = follow(events, live=False)",
            "write_json(ask_json(answered, hits))",
        ),
    )


def _search(run: Run, inputs: Mapping[str, Any]) -> Body:
    imported, document = _document(inputs)
    found = f"library.scratch.search({run.question!r}, recipe, [document])"
    imports = ("from playground.shapes import search_json", *([imported] if imported else []))
    return Body(imports, (document, f"write_json(search_json({found}))"))


def _chunk(run: Run, inputs: Mapping[str, Any]) -> Body:
    imported, document = _document(inputs)
    return Body(
        ("from pipelines.chunking.figures import counted_by", "from playground.shapes import chunk_json",
         *([imported] if imported else [])),
        (
            document,
            "made = library.scratch.cut(document, recipe)",
            'ruler = counted_by(recipe.choice("chunker"), library.scratch.embedder(recipe))',
            "chunks = [chunk_json(chunk, document, ruler) for chunk in made.chunks]",
            'write_json({"text_length": len(document.text), "chunks": chunks})',
        ),
    )  # fmt: skip


def _sample(run: Run, inputs: Mapping[str, Any]) -> Body:
    turns = ", ".join(f"Message({role!r}, {text!r})" for role, text in inputs["messages"])
    return Body(
        ("from pipelines.engines.base import Message", "from pipelines.engines.sampling import sampling_of",
         "from pipelines.samples import draw", "from playground.cli.sample_columns import Column"),
        (
            f"messages = [{turns}]",
            'engine, model = library.engines.required(recipe.choice("model"), "to draw from")',
            '*_, sample = draw(engine, model, messages, sampling_of(recipe.choice("sampling")))',
            'column = Column("", engine.name, engine.version, model, samples=(sample,))',
            'write_json({"columns": [column.to_json()]})',
        ),
    )  # fmt: skip


def _read(run: Run, inputs: Mapping[str, Any]) -> Body:
    name = inputs.get("document")
    if not name:
        raise UsageError("The picture of this run was uploaded and is not kept.", "Add it to the library first.")
    pages = inputs.get("pages") or [inputs["page"]]
    written = "reading_json(next(rows))" if len(pages) == 1 else '{"rows": [reading_json(row) for row in rows]}'
    return Body(
        ("from pipelines.evaluation.reading_runs import read_pages",
         "from pipelines.reading.degrade import Degradation", "from playground.shapes import reading_json"),
        (
            f"draw = lambda page, dpi: library.sheet({name!r}, page)",
            f"degradations = [Degradation.parse({inputs.get('degrade') or 'none'!r})]",
            f'rows = read_pages({pages!r}, [recipe.choice("reader")], degradations, draw, library.reading, {{}}, '
            f"seconds={inputs.get('seconds', 120)})",
            f"write_json({written})",
        ),
    )  # fmt: skip


def _evaluate(run: Run, inputs: Mapping[str, Any]) -> Body:
    if "set" not in inputs:
        raise UsageError("The questions of this run were in no set, and are not kept.", "Keep them as a set.")
    sets = "QuestionSets(library.settings.data_dir / 'questions')"
    samples = inputs["set"] == "samples"
    questions = "read_questions(folder() / 'questions.yaml')" if samples else f"{sets}.read({inputs['set']!r})"
    imports = (
        ("from pipelines.evaluation.questions import read_questions", "from sample_docs import folder")
        if samples
        else ("from pipelines.evaluation.question_sets import QuestionSets",)
    )
    return Body(
        ("from pipelines.evaluation.strategies import answerable, compare",
         "from playground.cli.evaluate_questions import row_json", *imports),
        (
            "here = {one.document for one in library.documents()}",
            f"questions = [one for one in answerable({questions}) if one.document in here]",
            "documents = {name: library.document(name) for name in {one.document for one in questions}}",
            "rows = compare(questions, documents, [recipe], library.scratch)",
            'write_json({"questions": len(questions), "rows": [row_json(row) for row in rows]})',
        ),
    )  # fmt: skip


_BODIES: Mapping[Kind, Callable[[Run, Mapping[str, Any]], Body]] = {
    "ask": _ask,
    "search": _search,
    "chunk": _chunk,
    "sample": _sample,
    "read": _read,
    "evaluate": _evaluate,
}
