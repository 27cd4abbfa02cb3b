"""Pictures made worse on purpose, the same way each time: what a poor scan does to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipelines.errors import BadParameter
from pipelines.reading.base import Means, Sheet
from pipelines.reading.pictures import DPI
from pipelines.registry import PartParams, knob

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.loading.pdfium import Send
    from pipelines.loading.process import Flag


class Degradation(PartParams):
    """What is done to a picture, in this order; the defaults do nothing."""

    rotation: float = knob(0, "Degrees the page is turned, clockwise, on white.", minimum=-180, maximum=180, step=0.5)
    dpi: int | None = knob(
        None, "Pixels an inch: fewer make the picture smaller; never larger.", minimum=20, maximum=600, step=10
    )
    blur: float = knob(0, "Blur: sigma of a Gaussian, in pixels of the picture then.", minimum=0, maximum=20, step=0.25)
    contrast: float = knob(
        1,
        "Contrast about the page's mean grey: below 1 is a faded page, 1 leaves it.",
        minimum=0.02,
        maximum=3,
        step=0.05,
    )
    noise: float = knob(0, "Noise: standard deviation in grey levels of 255.", minimum=0, maximum=128, step=2)
    jpeg: int | None = knob(None, "Quality of a JPEG made and opened again.", minimum=1, maximum=95, step=5)
    seed: int = knob(0, "Which noise.", minimum=0, fold=True)

    @property
    def neutral(self) -> bool:
        """Whether it leaves every picture as it is; a seed alone does nothing."""
        return self.model_copy(update={"seed": 0}) == Degradation()

    def __str__(self) -> str:
        """As :meth:`parse` takes it; "none" where it does nothing."""
        changed = self.model_dump(exclude_defaults=True)
        return ",".join(f"{name}={value:g}" for name, value in changed.items()) or "none"

    @classmethod
    def parse(cls, text: str) -> Degradation:
        """A degradation of "dpi=100,blur=1"; "none" or nothing does nothing.

        Raises:
            BadParameter: an unknown word, or a value out of its bounds; the message names it.
        """
        values: dict[str, str] = {}
        for word in (word.strip() for word in text.split(",")):
            name, equals, value = (piece.strip() for piece in word.partition("="))
            if word in ("", "none"):
                continue
            if name not in cls.model_fields or not equals:
                raise BadParameter(
                    f"{word!r} is no degradation.", f"Write NAME=VALUE, a comma between: {', '.join(cls.model_fields)}."
                )
            values[name] = value
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise BadParameter(f"{name}={values[name]} is not possible: {first['msg']}.", _bounds(name)) from error


def degraded(sheet: Sheet, degradation: Degradation, means: Means, *, cancel: Flag | None = None) -> Sheet:
    """The picture a reader gets, exactly.

    Args:
        sheet: The picture; where its dpi is not known, 200 is taken.
        degradation: What is done to it. One that does nothing gives the sheet itself back.
        means: Whose process does it.
        cancel: When set, the process is ended.

    Raises:
        DamagedFile, ParsingTimeout, Cancelled.
    """
    dpi = sheet.dpi or DPI
    if degradation.model_copy(update={"seed": 0, "dpi": None}) == Degradation() and (degradation.dpi or dpi) >= dpi:
        return sheet
    request = {"name": sheet.name, "degradation": degradation.model_dump(), "dpi": dpi}
    header, png = means.worker.ask("pipelines.reading.degrade:send_degraded", request, sheet.png, cancel=cancel)
    return replace(sheet, png=png, width=header["width"], height=header["height"], dpi=header["dpi"])


def _bounds(name: str) -> str:
    schema = Degradation.model_json_schema()["properties"][name]
    low_high = [schema, *schema.get("anyOf", ())]
    low = next((one["minimum"] for one in low_high if "minimum" in one), "…")
    high = next((one["maximum"] for one in low_high if "maximum" in one), "…")
    return f"Allowed: {low} to {high}."


# in the reading process --------------------------------------------------------------------------------


def send_degraded(kept: Any, request: Mapping[str, Any], send: Send) -> None:
    """One frame: the picture made worse."""
    from pipelines.reading.picture_files import opened_png, send_png

    wanted = Degradation.model_validate(request["degradation"])
    image, dpi = _scaled(_turned(opened_png(request["body"]), wanted.rotation), wanted.dpi, request["dpi"])
    for step in (_blurred, _contrasted, _noisy, _compressed):
        image = step(image, wanted)
    send_png(send, image, dpi, ())


def _turned(image: Image, degrees: float) -> Image:
    from PIL import Image as images

    if not degrees % 360:
        return image
    white = 255 if image.mode == "L" else (255, 255, 255)
    return image.rotate(-degrees, images.Resampling.BICUBIC, expand=True, fillcolor=white)


def _scaled(image: Image, dpi: int | None, known: float) -> tuple[Image, float]:
    from PIL import Image as images

    if dpi is None or dpi >= known:
        return image, known
    size = max(1, round(image.width * dpi / known)), max(1, round(image.height * dpi / known))
    return image.resize(size, images.Resampling.LANCZOS), float(dpi)


def _blurred(image: Image, wanted: Degradation) -> Image:
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(wanted.blur)) if wanted.blur else image


def _contrasted(image: Image, wanted: Degradation) -> Image:
    from PIL import ImageEnhance

    return ImageEnhance.Contrast(image).enhance(wanted.contrast) if wanted.contrast != 1 else image


def _noisy(image: Image, wanted: Degradation) -> Image:
    """The same grey noise on all colours, as of a scanner's sensor."""
    import numpy as np
    from PIL import Image as images

    if not wanted.noise:
        return image
    values = np.asarray(image, np.float32)
    noise = np.random.default_rng(wanted.seed).standard_normal((image.height, image.width), np.float32)
    noise *= wanted.noise
    values = values + (noise if values.ndim == 2 else noise[:, :, None])
    return images.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _compressed(image: Image, wanted: Degradation) -> Image:
    import io

    from PIL import Image as images

    if wanted.jpeg is None:
        return image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=wanted.jpeg)
    made = images.open(file)
    made.load()
    return made
