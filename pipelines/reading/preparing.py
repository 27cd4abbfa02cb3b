"""What is done to a picture before Tesseract reads it, and where its words then stand in the picture as it was.

Tesseract wants about 300 dots an inch, level lines and smooth paper. Measured on the sample pages: half of the errors
of a page at 100 dpi go by doubling it, nine of ten of a grainy page by smoothing, and a page that is two degrees askew
loses whole paragraphs unless it is put level first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, cos, degrees, sin
from statistics import median
from typing import TYPE_CHECKING

from pipelines.reading.base import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_LOW = 150  # dots an inch below which a picture is doubled
_SMALL = 1400  # the longer side, in pixels, below which it is doubled where its dots an inch are not known
_GRAIN = 2.0  # grey levels of noise from which a picture is smoothed
_SMOOTH = 1.25  # sigma of the Gaussian that smooths it, in pixels
_LEVEL, _STEEP = 0.003, 0.3  # slants between these are put level: less is no harm, more is another way up

#: A line's baseline: its left end and its right end, each (x, y) in pixels.
Baseline = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Prepared:
    """A picture as it is read."""

    image: Image
    width: float  # of the picture as it was, in pixels of this one
    height: float
    dpi: float | None
    slant: float = 0.0  # how far its lines sank from left to right, by their length, before it was put level

    def place(self, box: Sequence[float]) -> Box:
        """Where a box of this picture, in pixels, stands in the picture as it was, in shares of it."""
        angle = atan(self.slant)
        x = (box[0] + box[2] - self.image.width) / 2  # of the box's middle, from the picture's
        y = (box[1] + box[3] - self.image.height) / 2
        x, y = x * cos(angle) - y * sin(angle), y * cos(angle) + x * sin(angle)
        x, y = x + self.width / 2, y + self.height / 2
        across, down = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
        return (x - across) / self.width, (y - down) / self.height, (x + across) / self.width, (y + down) / self.height


def prepared(image: Image, dpi: float | None) -> Prepared:
    """A picture in grey, smoothed where it is grainy, doubled where it is coarse.

    Args:
        image: Grey or RGB.
        dpi: Pixels an inch of the paper, where known.
    """
    from PIL import Image as images
    from PIL import ImageFilter

    image = image.convert("L")
    if grain_of(image) >= _GRAIN:
        image = image.filter(ImageFilter.GaussianBlur(_SMOOTH))
    if dpi < _LOW if dpi else max(image.size) < _SMALL:
        image, dpi = image.resize((2 * image.width, 2 * image.height), images.Resampling.LANCZOS), dpi and 2 * dpi
    return Prepared(image, image.width, image.height, dpi)


def levelled(picture: Prepared, baselines: Sequence[Baseline]) -> Prepared:
    """A picture turned so that the lines whose baselines are given are level; the same one where they are."""
    from PIL import Image as images

    slant = slant_of(baselines)
    if not _LEVEL <= abs(slant) <= _STEEP:
        return picture
    turned = picture.image.rotate(degrees(atan(slant)), images.Resampling.BICUBIC, expand=True, fillcolor=255)
    return Prepared(turned, picture.width, picture.height, picture.dpi, slant)


def slant_of(baselines: Sequence[Baseline]) -> float:
    """How far lines sink from left to right, by their length: the median of the longer lines, which know it best."""
    lengths = [right[0] - left[0] for left, right in baselines]
    least = max(lengths, default=0) / 2
    slants = [
        (right[1] - left[1]) / length
        for (left, right), length in zip(baselines, lengths, strict=True)
        if length > 0 and length >= least
    ]
    return median(slants) if slants else 0.0


def grain_of(image: Image) -> float:
    """Noise of a grey picture: its standard deviation in grey levels, 0 for drawn pages.

    The median of the differences between neighbours across and down, as of Immerkær (1996): edges and slow changes of
    light do not count.
    """
    import numpy as np

    if min(image.size) < 2:
        return 0.0
    values = np.asarray(image, np.int16)
    steps = values[1:, 1:] - values[:-1, 1:] - values[1:, :-1] + values[:-1, :-1]
    return float(np.median(np.abs(steps))) / 0.6745 / 2
