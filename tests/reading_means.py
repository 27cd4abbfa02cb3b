"""What tests of readers share: means with their processes, pages of text drawn by Pillow, how near a text is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.engines.detect import Engines
from pipelines.reading.base import Means, Sheet, Transcript
from pipelines.reading.read import read_page
from pipelines.reading.worker import ReadingWorker
from pipelines.recipe import choose
from pipelines.settings import Settings

SAMPLES = Path(__file__).parent.parent / "sample_docs"


@contextmanager
def means_for(settings: Settings | None = None, **limits: float) -> Iterator[Means]:
    """Means whose processes end with the block; ``limits`` are those of the process."""
    settings = settings or Settings(ollama_host="127.0.0.1:9")
    engines = Engines(settings)
    with ReadingWorker(**limits) if limits else ReadingWorker.from_settings(settings) as worker:
        yield Means(settings, engines, worker)
    engines.close()


def picture(text: str = "", size: tuple[int, int] = (400, 120), mode: str = "RGB", height: int = 40):
    """A Pillow picture, black on white."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black", font=ImageFont.load_default(size=height))
    return image.convert(mode)


def encoded(image, kind: str = "PNG", **how) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def sheet(text: str = "", **how) -> Sheet:
    """A sheet as :func:`pipelines.reading.pictures.open_picture` gives it."""
    image = picture(text, **how)
    return Sheet(encoded(image), image.width, image.height, "drawn.png")


def read(reader: str, page: Sheet, means: Means, *, seconds: float = 60, cancel=None, **params) -> list[Transcript]:
    """Every transcript of a reading, in order."""
    choice = choose("reader", {"name": reader, "params": params})
    return list(read_page(choice, page, means, seconds=seconds, cancel=cancel))


def plain(text: str) -> str:
    """White space made one, words broken at a line's end joined, quotes and dashes made plain."""
    joined = re.sub(r"-\n+(?=[a-z])", "", text).translate(str.maketrans("“”’‘–−℃", "\"\"''--C"))
    return re.sub(r"\s+", " ", joined).strip()


def error_rate(truth: str, text: str) -> float:
    """Character errors by characters of the truth."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(plain(truth), plain(text)) / max(1, len(plain(truth)))
