"""Pages, pictures, readers and truths as ``read`` and ``compare-readers`` name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PlaygroundError, UsageError
from pipelines.recipe import Recipe

if TYPE_CHECKING:
    from pipelines.evaluation.reading_runs import Draw
    from pipelines.reading.base import Means, Sheet
    from pipelines.reading.degrade import Degradation
    from pipelines.recipe import Choice
    from pipelines.settings import Settings

_PDF = b"%PDF-"


@contextmanager
def means_of(settings: Settings) -> Iterator[Means]:
    """What readers work with; their processes end with the block."""
    from pipelines.engines import Engines
    from pipelines.reading.base import Means
    from pipelines.reading.worker import ReadingWorker

    with closing(Engines(settings)) as engines, closing(ReadingWorker.from_settings(settings)) as worker:
        yield Means(settings, engines, worker)


def drawing(path: Path, password: str | None, means: Means) -> Draw:
    """Draws pages of a file; the last ones drawn are kept.

    Args:
        path: A PDF, told by its first bytes, or a picture: that one keeps its own pixels.
        password: Of the PDF.
        means: Whose processes draw.
    """
    from pipelines.reading.pictures import open_picture, sheet_of

    is_pdf = _is_pdf(path)
    kept: dict[tuple[int, float], Sheet] = {}

    def draw(page: int, dpi: float) -> Sheet:
        key = (page, dpi if is_pdf else 0)
        if key not in kept:
            made = sheet_of(path, page, dpi, password, means) if is_pdf else open_picture(path, None, means, page=page)
            if any(page != known for known, _ in kept):
                kept.clear()
            kept[key] = made
        return kept[key]

    return draw


def pages_of_file(text: str, path: Path, password: str | None, means: Means) -> list[int]:
    """Pages as typed, "1-3,7", or "all" that a file has; a picture has one. Raises UsageError."""
    from pipelines.evaluation.reading_runs import pages_of
    from pipelines.reading.pictures import pages_in

    if text.strip() != "all":
        return pages_of(text)
    return list(range(1, pages_in(path, password, means) + 1)) if _is_pdf(path) else [1]


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return _PDF in file.read(1024)


def reader_of(text: str, base: Recipe | None = None) -> Choice:
    """A reader as typed: "tesseract", or with knobs "tesseract:page_mode=block,language=deu".

    Raises:
        UsageError: no such reader, knob or value.
    """
    name, _, knobs = text.partition(":")
    turned = [f"reader.{one}" for one in re.split(r",(?=\s*\w+\s*=)", knobs) if one.strip()]
    return (base or Recipe()).set([f"reader={name.strip()}", *turned]).choice("reader")


def degradations_of(texts: Sequence[str]) -> list[Degradation]:
    """Degradations as typed, each once; none typed: the page as it is. Raises UsageError."""
    from pipelines.reading.degrade import Degradation

    return list(dict.fromkeys(Degradation.parse(text) for text in texts or ["none"]))


def truths_in(path: Path, pages: Sequence[int]) -> dict[int, str]:
    """A file with what the pages say: one page, or several with a form feed between.

    Raises:
        UsageError: it has another number of pages. PlaygroundError: it is not text.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlaygroundError(f"{path} cannot be read as text.", "Save it as plain text in UTF-8.") from error
    texts = text.split("\f") if len(pages) > 1 else [text]
    if len(texts) == len(pages) + 1 and not texts[-1].strip():  # some programs end the last page with one too
        texts.pop()
    if len(texts) != len(pages):
        raise UsageError(
            f"{path} holds the text of {len(texts)} page{'s' * (len(texts) != 1)}, and {len(pages)} are compared.",
            "Write the pages into it in the order of --pages, with a form feed (\\f) between two.",
        )
    return dict(zip(pages, texts, strict=True))
