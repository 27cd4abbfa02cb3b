"""A recipe as a Python program: what differs from the standard recipe, one question, the passages found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from pprint import pformat
from typing import Any

#: Widest line of a long text in the program.
_WIDTH = 90

_PROGRAM = """\
# {title}
# It differs from the standard recipe in what stands below. One program at a time has the data folder open:
# close the app before you run this.
import sys

from pipelines import Library, Recipe

recipe = {recipe}
question = {question}

with Library.open({folder}) as library:{where}
    hits = library.search({arguments}).hits

sys.stdout.reconfigure(errors="replace")  # a console may lack letters
for hit in hits:
    start = " ".join(hit.text.split())[:100]
    print(f"{{hit.rank:>3}}  {{hit.document}}, p. {{hit.page}}:  {{start}}")
"""


def python_script(
    changed: Mapping[str, tuple[str, Mapping[str, Any]]],
    question: str,
    *,
    data_dir: Path | None = None,
    documents: Sequence[str] | None = None,
    name: str = "",
) -> str:
    """The program.

    Args:
        changed: Section -> its part and the knobs that differ from the part's defaults.
        question: What it asks.
        data_dir: Where the documents are; None: where the program's own settings say.
        documents: Those it searches; None: all.
        name: What the recipe is called.
    """
    called = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())  # it stands in a comment
    return _PROGRAM.format(
        title=f"The recipe “{called}” of the RAG playground." if called else "A recipe of the RAG playground.",
        recipe=recipe_in_python(changed),
        question=_literal(question, ""),
        folder="" if data_dir is None else repr(str(data_dir)),
        where="  # the data folder of PLAYGROUND_DATA_DIR, or the usual one" if data_dir is None else "",
        arguments="question, recipe" + ("" if documents is None else f", documents={list(documents)!r}"),
    )


def recipe_in_python(changed: Mapping[str, tuple[str, Mapping[str, Any]]]) -> str:
    """The expression that makes a recipe, from what :meth:`pipelines.recipe.Recipe.changed` says of it."""
    if not changed:
        return "Recipe()"
    steps = [f"    .with_({_arguments(section, *choice)})" for section, choice in changed.items()]
    return "\n".join(["(", "    Recipe()", *steps, ")"])


def _arguments(section: str, part: str, knobs: Mapping[str, Any]) -> str:
    words = [
        _quoted(section),
        _quoted(part),
        *(f"{field}={_literal(value, ' ' * 8)}" for field, value in knobs.items()),
    ]
    line = ", ".join(words)
    if "\n" not in line and len(line) <= _WIDTH:
        return line
    return "".join(f"\n        {word}," for word in words) + "\n    "


def _quoted(name: str) -> str:
    """A name as Python writes it, in the quotes this program uses."""
    return json.dumps(name, ensure_ascii=False)


def _literal(value: Any, indent: str) -> str:
    """A value as Python writes it; a long text in pieces below each other."""
    text = pformat(value, width=_WIDTH, sort_dicts=False)
    if not isinstance(value, str) or "\n" not in text:
        return text.replace("\n", f"\n{indent}")
    pieces = [line.strip() for line in text.removeprefix("(").removesuffix(")").split("\n")]
    return "\n".join(["(", *(f"{indent}    {piece}" for piece in pieces), f"{indent})"])
