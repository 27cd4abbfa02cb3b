"""What vision models are asked, by family: some were trained on one sentence and read nothing at another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_PLAIN = (
    "Write down all text of this page, word for word, in reading order. Keep its spelling, numbers and line breaks. "
    "Add nothing, explain nothing, leave nothing out."
)
_MARKDOWN = (
    "Write down all text of this page as Markdown, word for word, in reading order: headings with #, lists with -, "
    "tables as Markdown tables. Add nothing, explain nothing, use no code fence."
)


@dataclass(frozen=True)
class Preset:
    """A prompt, the models it is for, and how their answer becomes text."""

    prompt: str
    models: str = ""  # a pattern for names; none: any model
    clean: Callable[[str], str] | None = None
    note: str = ""  # what the cleaning did


def without_doctags(answer: str) -> str:
    """Text of DocTags, the markup of granite-docling; a table's row is a line, its cells a bar apart.

    The tags are those of docling-core's ``types/doc/tokens.py``.
    """
    text = re.sub(r"<loc_\d+>", "", answer)
    text = re.sub(r"<(?:fcel|ecel|ched|rhed|srow|lcel|ucel|xcel)>", " | ", text)
    text = re.sub(r"<nl>|</(?!doctag)[a-z_0-9]+>", "\n", text)
    text = re.sub(r"</?[a-z_0-9]+>|</?[a-z_0-9]*$", "", text)
    lines = (line.strip().removeprefix("| ").strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


PRESETS: Mapping[str, Preset] = {
    "plain": Preset(_PLAIN),
    "markdown": Preset(_MARKDOWN),
    "granite-docling": Preset(
        "Convert this page to docling.",
        r"granite-docling|smoldocling",
        without_doctags,
        "The model's tags (DocTags) were taken out of its answer.",
    ),
    "deepseek-ocr": Preset("Free OCR.", r"deepseek-ocr"),
    "glm-ocr": Preset("Text Recognition:", r"glm-ocr"),
}


def preset_name(name: str, model: str) -> str:
    """Which preset a name means for a model; "auto": the one made for its family, else the plain one."""
    if name != "auto":
        return name
    made = (known for known, one in PRESETS.items() if one.models and re.search(one.models, model, re.IGNORECASE))
    return next(made, "plain")


def preset_for(name: str, model: str) -> Preset:
    """The preset that a name means for a model; see :func:`preset_name`."""
    return PRESETS[preset_name(name, model)]
