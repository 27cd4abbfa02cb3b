"""The letter: typed, signed, stamped, then scanned. One picture on one page, and no text layer.

Its true text is ``text/scanned-letter.transcript``: three lines of letterhead, the typed lines as they stand,
three lines of the stamp. The letter is set as a vector page, drawn to pixels, and then aged: paper,
folds, holes, speckle, a page laid a little askew on the glass.
"""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import numpy as np
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from sample_docs.sources.book import Edition, describe, steady_canvas
from sample_docs.sources.flow import TEXT
from sample_docs.sources.typography import register_fonts

NAME = "scanned-letter.pdf"
DPI = 200
SEED = 1987
STAMP = HexColor("#7a2f57")
PEN = HexColor("#27356b")
Grey = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _type(canvas: Canvas, lines: list[str], chance: Random) -> None:
    """Typewritten lines: every key strikes a little high or low, harder or softer."""
    left, y, pitch, leading = 92.0, A4[1] - 158, 7.2, 14.6
    for line in lines:
        for column, letter in enumerate(line):
            shade = chance.uniform(0.08, 0.3)
            canvas.setFillColor(Color(shade, shade, shade + 0.03))
            canvas.setFont("Courier-Bold" if chance.random() < 0.8 else "Courier", 12)
            canvas.drawString(left + column * pitch + chance.gauss(0, 0.13), y + chance.gauss(0, 0.22), letter)
        y -= leading


def _head(canvas: Canvas, lines: list[str]) -> None:
    canvas.setFillColor(HexColor("#1f3a34"))
    canvas.setFont("Serif-Bold", 23)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 70, lines[0])
    canvas.setFont("Serif-Regular", 11.5)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 90, lines[1])
    canvas.setFont("Serif-Italic", 10)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 105, lines[2])
    canvas.setStrokeColor(HexColor("#1f3a34"))
    canvas.setLineWidth(0.9)
    canvas.line(92, A4[1] - 118, A4[0] - 92, A4[1] - 118)


def _stamp(canvas: Canvas, lines: list[str]) -> None:
    canvas.saveState()
    canvas.translate(448, 112)
    canvas.rotate(9)
    canvas.setStrokeColor(STAMP)
    canvas.setFillColor(STAMP)
    canvas.setLineWidth(2)
    canvas.roundRect(-68, -33, 136, 66, 6)
    canvas.setLineWidth(0.7)
    canvas.roundRect(-64, -29, 128, 58, 4)
    for text, font, size, y in zip(
        lines, ("Sans-Bold", "Sans-Black", "Sans-Bold"), (11, 15, 11), (12, -6, -22), strict=True
    ):
        canvas.setFont(font, size)
        canvas.drawCentredString(0, y, text)
    canvas.restoreState()


def _sign(canvas: Canvas, x: float, y: float) -> None:
    """A fountain pen in a hurry: curves through (dx1, dy1, dx2, dy2, dx, dy) steps."""
    canvas.setStrokeColor(PEN)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    strokes: tuple[tuple[float, float, tuple[tuple[float, ...], ...]], ...] = (
        (0, -6, ((8, 10, 16, 34, 20, 36), (3, 0, 0, -24, 6, -38))),
        (4, 8, ((8, 3, 16, 4, 26, 4),)),
        (34, 30, ((14, 3, 34, 5, 52, 3),)),
        (58, 32, ((-3, -14, -8, -28, -6, -34), (3, -6, 8, 14, 14, 14), (6, 0, -2, -13, 5, -13), (7, 0, 8, 13, 13, 12),
                  (4, -1, 0, -12, 6, -12), (7, 0, 4, 12, 10, 11), (5, -1, 2, -11, 7, -10), (9, 2, 16, 6, 27, 4))),
        (132, 28, ((-4, -16, -7, -30, -6, -40),)),
        (156, 34, ((-5, -18, -9, -32, -9, -42),)),
        (124, 8, ((12, 4, 24, 4, 34, 6), (10, 2, 18, -9, 24, -8), (8, 1, 2, 10, 12, 8), (14, -4, 30, -10, 52, -2))),
        (-10, -11, ((60, 8, 150, -4, 214, 8),)),
    )  # fmt: skip
    for width, (dx, dy, curves) in zip((1.5, 1.1, 1.6, 1.3, 1.5, 1.4, 1.2, 0.9), strokes, strict=True):
        canvas.setLineWidth(width)
        path = canvas.beginPath()
        px, py = x + dx, y + dy
        path.moveTo(px, py)
        for x1, y1, x2, y2, x3, y3 in curves:
            path.curveTo(px + x1, py + y1, px + x2, py + y2, px + x3, py + y3)
            px, py = px + x3, py + y3
        canvas.drawPath(path)


def _page() -> Image.Image:
    """The letter as it left the typewriter, twice as fine as the scan."""
    lines = (TEXT / "scanned-letter.transcript").read_text(encoding="utf-8").splitlines()
    typed = lines[4:-4]
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    _head(canvas, lines[:3])
    _type(canvas, typed, Random(SEED))
    closing = next(i for i, line in enumerate(typed) if line.strip() == "Yours faithfully,")
    _sign(canvas, 262, A4[1] - 158 - (closing + 2.5) * 14.6)
    _stamp(canvas, lines[-3:])
    canvas.save()
    page = pypdfium2.PdfDocument(buffer.getvalue())[0]
    picture: Image.Image = page.render(scale=DPI / 72 * 2).to_pil()
    return picture.convert("RGB")


def _clouds(shape: tuple[int, int], cells: int, noise: np.random.RandomState) -> Grey:
    """Soft blotches between -1 and 1: coarse noise, enlarged."""
    coarse = Image.fromarray(noise.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float64)


def _scan(page: Image.Image) -> Image.Image:
    """What the office copier made of it."""
    noise = np.random.RandomState(SEED)  # its stream is frozen, unlike the newer generators'
    width, height = round(A4[0] / 72 * DPI), round(A4[1] / 72 * DPI)
    ink = page.filter(ImageFilter.GaussianBlur(1.1)).resize((width, height), Image.Resampling.BOX)
    strength = 1 - np.asarray(ink, dtype=np.float64) / 255
    wear = 0.86 + 0.1 * _clouds((height, width), 60, noise) + 0.16 * noise.standard_normal((height, width))
    strength *= np.clip(wear, 0.25, 1)[..., None]

    paper = np.empty((height, width, 3))
    paper[:] = (241, 234, 217)
    paper += (3.2 * _clouds((height, width), 9, noise) + 1.6 * _clouds((height, width), 140, noise))[..., None]
    rows = np.arange(height)
    for fold in (0.338, 0.669):  # folded twice for the envelope
        distance = rows - fold * height
        crease = -13 * np.exp(-((distance / 1.6) ** 2)) + 5 * np.exp(-(((distance - 5) / 5) ** 2))
        paper += crease[:, None, None]
    sheet = Image.fromarray(np.clip(paper * (1 - strength), 0, 255).astype(np.uint8))
    _blemishes(sheet, Random(SEED))

    bed = Image.new("RGB", (width, height), (203, 200, 192))
    mask = Image.new("L", (width, height), 255).rotate(0.85, Image.Resampling.BICUBIC, translate=(9, 6))
    shadow = mask.filter(ImageFilter.GaussianBlur(9)).point(lambda v: 255 - v // 3)
    bed = Image.composite(bed, Image.new("RGB", bed.size, (120, 117, 110)), shadow)
    turned = sheet.rotate(0.85, Image.Resampling.BICUBIC, translate=(9, 6))
    bed.paste(turned, (0, 0), mask)
    pixels = np.asarray(bed.filter(ImageFilter.GaussianBlur(0.45)), dtype=np.float64)
    light = 1 - 0.05 * (np.linspace(-1, 1, width)[None, :] ** 2) - 0.04 * np.linspace(0, 1, height)[:, None]
    grain = 2.4 * noise.standard_normal((height, width))
    return Image.fromarray(np.clip(pixels * light[..., None] + grain[..., None], 0, 255).astype(np.uint8))


def _blemishes(sheet: Image.Image, chance: Random) -> None:
    """Two punched holes, dust, and the mark of a paper clip."""
    draw = ImageDraw.Draw(sheet, "RGBA")
    width, height = sheet.size
    for y in (0.365, 0.635):
        x, r = 0.047 * width, 0.0142 * width
        draw.ellipse(
            (x - r, y * height - r, x + r, y * height + r), fill=(176, 171, 160, 255), outline=(120, 114, 104, 255)
        )
    for _ in range(130):
        x, y, r = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(0.3, 1.3)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(90, 80, 66, chance.randint(40, 150)))
    for inset in (0, 7):
        box = (0.115 * width + inset, -30, 0.115 * width + 34 - inset, 78 - inset * 2)
        draw.rounded_rectangle(box, radius=17 - inset, outline=(150, 98, 58, 70), width=3)


def build(folder: Path) -> None:
    """Write the scan into the folder."""
    register_fonts()
    jpeg = io.BytesIO()
    _scan(_page()).save(jpeg, "JPEG", quality=58, subsampling=2, optimize=True, dpi=(DPI, DPI))
    jpeg.seek(0)
    canvas = steady_canvas(str(folder / NAME), pagesize=A4)
    edition = Edition("Letter HM/87/203", "Harbour Office, Port Ellory", "Scanned from paper", ("scan",))
    describe(canvas, edition)
    canvas.drawImage(ImageReader(jpeg), 0, 0, *A4)
    canvas.save()
