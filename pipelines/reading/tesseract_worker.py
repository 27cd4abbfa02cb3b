"""What Tesseract does in the reading process: a picture prepared, read, looked at again, set in order."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.reading.lines import Found, in_order, is_speck
from pipelines.reading.preparing import Baseline, Prepared, levelled, prepared
from pipelines.reading.second_look import completed
from pipelines.reading.units import units_apart

if TYPE_CHECKING:
    from PIL.Image import Image
    from tesserocr import PyTessBaseAPI

    from pipelines.loading.pdfium import Send
    from pipelines.reading.process import Kept

#: Name -> Tesseract's page segmentation mode.
MODES = {"auto": 3, "upright": 1, "column": 4, "block": 6, "line": 7, "sparse": 11}

#: Modes in which a page may have columns and tables: their order is made of where lines stand, as of RapidOCR's lines.
_UNORDERED = {MODES["auto"], MODES["upright"], MODES["sparse"]}

#: Modes in which a page is looked at again.
_AGAIN = (MODES["block"], MODES["sparse"])


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
    mode, dpi, least = request["mode"], request["dpi"], request["least"]
    picture = Prepared(image, image.width, image.height, dpi)
    if request["prepare"]:
        picture = prepared(image, dpi)
        if mode != MODES["upright"]:  # which turns the picture itself
            _show(api, picture, mode)
            picture = levelled(picture, _baselines(api))
    paragraphs, level = _recognised(api, picture, mode, least)
    if level and mode in _UNORDERED:
        lines = _lines(paragraphs)
        if request["second_look"] and mode == MODES["auto"]:
            for other in _AGAIN:
                lines = completed(lines, _lines(_recognised(api, picture, other, least)[0]))
        paragraphs = in_order(lines)
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


def _recognised(api: PyTessBaseAPI, picture: Prepared, mode: int, least: float) -> tuple[list[list[list[Found]]], bool]:
    """Paragraphs of lines of words that are sure, in Tesseract's own order; whether most lines stand upright."""
    _show(api, picture, mode)
    api.Recognize()
    paragraphs, level = _paragraphs(api)
    api.Clear()
    return [[line for line in paragraph if _is_sure(line, least)] for paragraph in paragraphs], level


def _lines(paragraphs: Sequence[Sequence[list[Found]]]) -> list[list[Found]]:
    return [line for paragraph in paragraphs for line in paragraph]


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
