"""RapidOCR: PaddleOCR's models on ONNX Runtime; slower than Tesseract, far better on noise and photos."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from math import atan, cos, dist, sin
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pipelines.errors import BadParameter
from pipelines.reading.base import Box, Means
from pipelines.reading.columns import reading_order
from pipelines.reading.lines import is_speck
from pipelines.reading.preparing import slant_of
from pipelines.reading.recognising import Recogniser
from pipelines.registry import Need, PartParams, knob, part

if TYPE_CHECKING:
    from pipelines.loading.pdfium import Send
    from pipelines.reading.process import Kept

#: The one model whose files are in the package.
MODEL = "PP-OCRv6-small"

_ASKEW = 0.07  # radians from the page's slant at which a line stands askew
_LONG = 3.0  # length of a line whose slant is believed, in heights of it

#: Corners of a quadrilateral, from the top left, clockwise.
Quad = Sequence[Sequence[float]]


class RapidOCRParams(PartParams):
    """What RapidOCR is told of the page."""

    weights: str = knob(MODEL, "The model. Only this one is in the package; any other would be a download.", fold=True)
    long_side: int = knob(
        2000, "Longer side at which text is looked for, in pixels; small print wants more.",
        minimum=640, maximum=6000, step=40,
    )  # fmt: skip
    turned_lines: bool = knob(
        False, "Look for lines that stand on their head: for pages upside down; it may turn an upright one.", fold=True
    )
    least: float = knob(0.5, "Confidence below which a line is left out.", minimum=0, maximum=1, step=0.05, fold=True)


@part(
    "reader",
    "rapidocr",
    label="RapidOCR",
    params=RapidOCRParams,
    needs=(Need("pip install 'rag-playground[rapidocr]'", module="rapidocr"),),
    rank=30,
)
def rapidocr(params: RapidOCRParams, means: Means) -> Recogniser:
    """Neural OCR: strong on noise, photos and tables; slower, with its own order of lines put right by columns."""
    if params.weights != MODEL:
        raise BadParameter(
            f"RapidOCR has no model {params.weights!r} here: its files would have to be downloaded.",
            f"The one that comes with it: {MODEL}.",
        )
    request = {
        "long_side": params.long_side,
        "turned_lines": params.turned_lines,
        "least": params.least,
        "threads": means.settings.threads,
    }
    return Recogniser("rapidocr", "pipelines.reading.rapidocr:send_read", means, request)


# in the reading process --------------------------------------------------------------------------------


def send_read(kept: Kept, request: Mapping[str, Any], send: Send) -> None:
    """Read one picture and send what :mod:`pipelines.reading.recognising` says."""
    import numpy as np
    from rapidocr import RapidOCR

    from pipelines.reading.picture_files import opened_png

    threads, side = request["threads"], request["long_side"]
    engine, load_s = kept.engine("rapidocr", (threads, side), lambda: _loaded(RapidOCR, threads, side))
    started = time.perf_counter()
    image = opened_png(request["body"]).convert("RGB")
    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # blue first, as OpenCV has it
    words = {"return_word_box": True, "return_single_char_box": True}
    turned = request["turned_lines"]
    found = engine(pixels, use_det=True, use_cls=turned, use_rec=True, text_score=0.0, **words)
    lines = _lines(found, request["least"]) if len(found) else []
    blocks, guessed = _blocks(lines, image.size)
    notes = ["Where words stand within some lines is estimated from their length."] if guessed else []
    seconds = time.perf_counter() - started
    send({"blocks": blocks, "seconds": seconds, "load_s": load_s, "engine": _version(), "notes": notes})


def _loaded(make: Any, threads: int, side: int) -> Any:
    """The engine with its models in memory: it would load them at the first picture."""
    import os

    import numpy as np

    sessions: Any = import_module("rapidocr.inference_engine.onnxruntime.main")
    sessions.SessionOptions = _patient
    onnx = "EngineConfig.onnxruntime."
    engine = make(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": side,
            f"{onnx}intra_op_num_threads": threads or os.cpu_count() or 1,
            f"{onnx}inter_op_num_threads": 1,
        }
    )
    blank = np.full((64, 64, 3), 255, np.uint8)
    engine(blank, use_det=False, use_cls=True, use_rec=True)
    engine(blank, use_det=True)
    return engine


def _patient() -> Any:
    """Options whose threads sleep while they wait; spinning, they take three times as long on a busy machine.

    RapidOCR has no setting for it.
    """
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _version() -> str:
    from importlib.metadata import version

    return f"rapidocr {version('rapidocr')}, {MODEL}"


def _lines(found: Any, least: float) -> list[tuple[str, float, Quad, Any]]:
    """Text, confidence, corners and characters of each line that is sure enough."""
    characters = found.word_results if len(found.word_results or ()) == len(found.txts) else [()] * len(found.txts)
    lines = zip(found.txts, found.scores, found.boxes.tolist(), characters, strict=True)
    return [line for line in lines if line[0].strip() and line[1] >= least and not is_speck(line[0], line[1])]


def _blocks(lines: Sequence[tuple[str, float, Quad, Any]], size: tuple[int, int]) -> tuple[list[Any], bool]:
    """Lines in reading order, parted into words; and whether places of words had to be guessed."""
    width, height = size
    order = order_of([quad for _, _, quad, _ in lines])
    guessed = False
    blocks: list[Any] = []
    for paragraph in order:
        rows = []
        for row in paragraph:
            words = []
            for text, score, quad, characters in (lines[index] for index in row):
                placed = words_by_characters(text, characters)
                guessed = guessed or placed is None
                for word, box, confidence in placed or words_by_length(text, around(quad), score):
                    left, top, right, bottom = box
                    place = left / width, top / height, right / width, bottom / height
                    words.append((word, place, confidence))
            rows.append(words)
        blocks.append(rows)
    return blocks, guessed


def order_of(quads: Sequence[Quad]) -> list[list[list[int]]]:
    """Paragraphs of rows of lines; what stands askew on the page, such as a stamp, is read after all the rest."""
    page = _slant_of(quads)
    level = [at for at, quad in enumerate(quads) if abs(_slant_of([quad]) - page) < _ASKEW or not _is_long(quad)]
    askew = sorted(set(range(len(quads))) - set(level))
    groups = [group for group in (level, askew) if group]
    return [
        [[group[at] for at in row] for row in paragraph]
        for group in groups
        for paragraph in reading_order(straightened([quads[at] for at in group]))
    ]


def straightened(quads: Sequence[Quad]) -> list[Box]:
    """Boxes of lines turned by the page's own slant, so that rows and columns are rows and columns."""
    slant = _slant_of(quads)
    across, down = cos(slant), sin(slant)
    return [around([(x * across + y * down, y * across - x * down) for x, y in quad]) for quad in quads]


def _slant_of(quads: Sequence[Quad]) -> float:
    """The slant of lines by their upper edges, in radians."""
    return atan(slant_of([(left, right) for left, right, *_ in quads]))


def _is_long(quad: Quad) -> bool:
    """Whether a line is long enough for its slant to be known."""
    start, end, under, _ = quad
    return dist(start, end) >= _LONG * dist(end, under)


def around(quad: Quad) -> Box:
    """The upright box of a quadrilateral."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)


def words_by_characters(text: str, characters: Sequence[Any]) -> list[tuple[str, Box, float]] | None:
    """Words of a line from its characters' places; None where they are not the characters of the line.

    Args:
        text: The line.
        characters: (character, confidence, corners) of all that is not a space.
    """
    if "".join(str(one[0]) for one in characters) != "".join(text.split()):
        return None
    words: list[tuple[str, Box, float]] = []
    at = 0
    for word in text.split():
        own, count = [], 0
        while count < len(word):
            own.append(characters[at])
            count += len(characters[at][0])
            at += 1
        points = [point for one in own for point in one[2]]
        words.append((word, around(points), fmean(float(one[1]) for one in own)))
    return words


def words_by_length(text: str, box: Box, confidence: float) -> list[tuple[str, Box, float]]:
    """Words of a line, each given its share of the line's width by its characters."""
    left, top, right, bottom = box
    step = (right - left) / max(1, len(text))
    words: list[tuple[str, Box, float]] = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        words.append((word, (left + at * step, top, left + (at + len(word)) * step, bottom), confidence))
        at += len(word)
    return words
