"""Inside the reading process: any picture file as a plain PNG. Sizes are looked at before anything is unpacked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, FileTooLarge, UnsupportedFile, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.loading.pdfium import Send

MAX_PIXELS = 30_000_000  # of a picture a reader gets; A4 at 500 dpi has 24 million
MAX_UNPACKED = 500_000_000  # bytes of a picture while it is opened; RGB takes four a pixel

#: What Pillow may open. Not EPS or WMF, which it hands to other programs.
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000", "PPM", "AVIF")
_KINDS = "PNG, JPEG, TIFF, WebP, BMP, GIF, JPEG 2000, AVIF or PPM"

#: Bytes a pixel at the worst moment, by Pillow's mode; any other takes four.
_BYTES = {"1": 2, "L": 1, "P": 5, "PA": 8, "I;16": 3, "I;16B": 3, "I": 8, "F": 8}

_LEAST_DPI = 100  # 72 and 96 stand in files that know nothing of any paper
_MOST_DPI = 2400


def send_opened(kept: Any, request: Mapping[str, Any], send: Send) -> None:
    """Picture ``request["page"]`` of a file, upright, grey or RGB, on white, not too large.

    Raises:
        UnsupportedFile, DamagedFile, FileTooLarge, UsageError.
    """
    name, notes = request["name"], list[str]()
    image = _opened(request["body"], name)
    _turn_to(image, request["page"], name, notes)
    whole = image.size
    _check_size(image, name)
    dpi = _dpi(image)
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedFile(f"{name} is cut off or damaged ({error}).", "Save or scan it anew.") from error
    image = _upright(_smaller(_plain(image, notes), whole, notes), notes)
    if dpi is not None:
        if max(dpi) > 1.2 * min(dpi):
            image = _square(image, dpi, notes)
        dpi_made: float | None = max(dpi) * max(image.size) / max(whole)
    else:
        dpi_made = None
    send_png(send, image, dpi_made, notes)


def send_fitted(kept: Any, request: Mapping[str, Any], send: Send) -> None:
    """A PNG of ours, its longer side at most ``request["long_side"]`` pixels."""
    from PIL import Image

    image = opened_png(request["body"])
    share = request["long_side"] / max(image.size)
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    dpi = request["dpi"] and request["dpi"] * share
    send_png(send, image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3), dpi, ())


def opened_png(png: bytes) -> Image:
    """A picture that this process made before."""
    from PIL import Image

    image = Image.open(io.BytesIO(png), formats=("PNG",))
    image.load()
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def send_png(send: Send, image: Image, dpi: float | None, notes: Any) -> None:
    """One frame: the size, the dpi, the notes; its body the picture."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=2)
    made = {"width": image.width, "height": image.height, "dpi": dpi, "notes": list(notes)}
    send(made, file.getvalue())


def _opened(data: bytes, name: str) -> Image:
    """The file, its header read."""
    from PIL import Image, UnidentifiedImageError

    Image.init()  # all formats: the usual ones alone lack TIFF and WebP
    Image.MAX_IMAGE_PIXELS = None  # sizes are checked here, by what they would take
    if not data:
        raise DamagedFile(f"{name} is empty.", "Choose another file.")
    try:
        return Image.open(io.BytesIO(data), formats=[kind for kind in FORMATS if kind in Image.OPEN])
    except UnidentifiedImageError as error:
        raise _not_a_picture(data, name) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedFile(f"{name} is a damaged picture ({error}).", "Save or scan it anew.") from error


def _not_a_picture(data: bytes, name: str) -> UnsupportedFile:
    if data[:1024].lstrip().startswith(b"%PDF"):
        return UnsupportedFile(f"{name} is a PDF, not a picture.", "Add it as a document, and choose one of its pages.")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return UnsupportedFile(f"{name} is a HEIC picture, which is not read here.", "Export it as JPEG.")
    return UnsupportedFile(f"{name} is not a picture that can be read.", f"Save it as {_KINDS}.")


def _turn_to(image: Image, page: int, name: str, notes: list[str]) -> None:
    """Go to one of the pictures of a file."""
    frames = getattr(image, "n_frames", 1)
    if not 1 <= page <= frames:
        raise UsageError(f"{name} has no picture {page}.", f"Its pictures: 1 to {frames}.")
    if frames > 1:
        notes.append(f"The file holds {frames} pictures; this is number {page}.")
        if page > 1:
            image.seek(page - 1)


def _check_size(image: Image, name: str) -> None:
    """Refuse what would take too much memory; a large JPEG is opened at a fraction of its size."""
    width, height = image.size
    if width < 1 or height < 1:
        raise DamagedFile(f"{name} has no pixels ({width} × {height}).", "Save or scan it anew.")
    if width * height > MAX_PIXELS and image.format in ("JPEG", "MPO") and not image.info.get("progressive"):
        share = (MAX_PIXELS / (width * height)) ** 0.5
        image.draft(None, (round(width * share), round(height * share)))
    pixels = image.size[0] * image.size[1]
    if pixels * _BYTES.get(image.mode, 4) > MAX_UNPACKED:
        most = MAX_UNPACKED / _BYTES.get(image.mode, 4) / 1e6
        raise FileTooLarge(
            f"{name} has {width:,} × {height:,} pixels, too many to open here (up to {most:,.0f} million of its kind).",
            "Save it smaller, or cut it into pages: 200 to 300 dpi are enough to read.",
        )


def _dpi(image: Image) -> tuple[float, float] | None:
    """Dots an inch in both directions, where the file says something believable."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if _LEAST_DPI <= max(across, down) <= _MOST_DPI and min(across, down) > 0 else None


def _plain(image: Image, notes: list[str]) -> Image:
    """Any mode as L, RGB or RGBA."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image.convert("RGBA") if image.mode != "RGBA" and "transparency" in image.info else image
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image)
    transparent = image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info
    if image.mode == "CMYK":
        notes.append("Printing colours (CMYK) were made RGB.")
    return image.convert("RGBA" if transparent else "RGB")


def _eight_bits(image: Image) -> Image:
    """Deep grey by its own range: 10, 12, 14 or 16 bits; numbers with a point, by their least and greatest."""
    import numpy as np
    from PIL import Image as images

    values = np.asarray(image)
    if values.dtype.kind == "f":
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        return images.fromarray((np.nan_to_num((values - low) / ((high - low) or 1)) * 255).astype(np.uint8))
    bits = max(8, int(values.max()).bit_length() + 1 & ~1)
    return images.fromarray((np.clip(values, 0, None) >> (bits - 8)).astype(np.uint8))


def _smaller(image: Image, whole: tuple[int, int], notes: list[str]) -> Image:
    """At most MAX_PIXELS, and on white paper."""
    from PIL import Image as images

    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        share = (MAX_PIXELS / pixels) ** 0.5
        size = max(1, int(image.width * share)), max(1, int(image.height * share))
        image = image.resize(size, images.Resampling.BOX)
    if image.size != whole:
        large, small = (f"{width:,} × {height:,}" for width, height in (whole, image.size))
        notes.append(f"The picture has {large} pixels; it was made {small}.")
    if image.mode == "RGBA":
        if image.getchannel("A").getextrema()[0] != 255:
            notes.append("What is transparent was put on white.")
        paper = images.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image


def _upright(image: Image, notes: list[str]) -> Image:
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned is image or image.getexif().get(0x0112, 1) == 1:
        return image
    notes.append("The picture was turned as its camera says (EXIF).")
    return turned


def _square(image: Image, dpi: tuple[float, float], notes: list[str]) -> Image:
    """Pixels of a fax are not square: stretch to the finer direction."""
    across, down = dpi
    size = round(image.width * max(dpi) / across), round(image.height * max(dpi) / down)
    if size[0] * size[1] > MAX_PIXELS:
        return image
    notes.append(f"Its pixels are not square ({across:.0f} × {down:.0f} dpi): it was stretched.")
    return image.resize(size)
