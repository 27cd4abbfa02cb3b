"""pdfium, inside the parsing process: the picture of a page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, FileTooLarge, UsageError
from pipelines.loading.pdfium import REPAIR, Send, Shelf

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MAX_PIXELS = 30_000_000  # of a picture we make
MAX_SIDE = 20_000
MAX_IMAGE_PIXELS = 150_000_000  # of an image inside a page; an A3 scan at 600 dpi has 70 million
_FORM_DEPTH = 4


def send_picture(shelf: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``picture``: one frame whose body is the page as PNG, and its ``width``, ``height`` and ``dpi``.

    ``request`` has ``width_px`` or ``dpi``; a very large or very long page is drawn smaller.

    Raises:
        UsageError: no such page. FileTooLarge: an image on it is too large to unpack. DamagedFile.
    """
    import pypdfium2

    pdf, name, number = shelf.open(request), request["name"], request["page"]
    if not 1 <= number <= len(pdf):
        raise UsageError(f"{name} has no page {number}.", f"Its pages: 1 to {len(pdf)}.")
    try:
        pdf.init_forms()
        page = pdf[number - 1]
        _check_images(page, f"Page {number} of {name}")
        width, height = page.get_size()
        width_px = request["width_px"] if "width_px" in request else width * request["dpi"] / 72
        scaled = scale(width, height, width_px)
        bitmap = page.render(scale=scaled)
        file = io.BytesIO()
        bitmap.to_pil().save(file, "PNG", compress_level=3)
        made = {"page": number, "width": bitmap.width, "height": bitmap.height, "dpi": scaled * 72}
        bitmap.close()
        page.close()
    except pypdfium2.PdfiumError as error:
        raise DamagedFile(f"Page {number} of {name} cannot be drawn ({error}).", REPAIR) from error
    send(made, file.getvalue())


def scale(width: float, height: float, width_px: float) -> float:
    """Pixels a point, for a picture of a given width that stays within the limits of its size."""
    width, height = max(width, 1e-3), max(height, 1e-3)
    wanted = max(1, width_px) / width
    return min(wanted, sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / max(width, height))


def _check_images(page: PdfPage, where: str) -> None:
    """Refuse, before anything is unpacked, a page with an image too large for memory."""
    import pypdfium2
    import pypdfium2.raw as raw

    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_FORM_DEPTH):
        try:
            width, height = image.get_px_size()
        except pypdfium2.PdfiumError:  # an image without a size is not drawn
            continue
        if width * height > MAX_IMAGE_PIXELS:
            raise FileTooLarge(
                f"{where} holds an image of {width:,} × {height:,} pixels, too large to draw.",
                "Its text can still be searched; save the PDF with smaller images to see the page.",
            )
