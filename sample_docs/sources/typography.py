"""Fonts, colours and paragraph styles.

The fonts are Adobe's Source Serif and Source Sans (SIL Open Font License 1.1: embedding is allowed),
taken from the packages ``font-source-serif-pro`` and ``font-source-sans-pro``, so that the documents
look the same whichever machine builds them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

INK = HexColor("#1d2329")
QUIET = HexColor("#66717a")
HAIRLINE = HexColor("#c9d0d4")
PAPER = HexColor("#ffffff")

_FACES = {
    "Regular": "Regular",
    "Italic": "It",
    "Bold": "Semibold",  # softer than the true bold beside body text
    "BoldItalic": "SemiboldIt",
    "Light": "Light",
    "Black": "Bold",
}


@cache
def register_fonts() -> None:
    """Make ``Serif`` and ``Sans`` (with <b> and <i>) and their single faces known to reportlab."""
    for family, package, stem in (
        ("Serif", "font_source_serif_pro", "SourceSerifPro"),
        ("Sans", "font_source_sans_pro", "SourceSansPro"),
    ):
        folder = files(package) / "files"
        for face, suffix in _FACES.items():
            pdfmetrics.registerFont(TTFont(f"{family}-{face}", str(folder / f"{stem}-{suffix}.ttf")))
        pdfmetrics.registerFontFamily(
            f"{family}-Regular",
            normal=f"{family}-Regular",
            bold=f"{family}-Bold",
            italic=f"{family}-Italic",
            boldItalic=f"{family}-BoldItalic",
        )


def style(name: str, font: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    """A paragraph style; sizes and leading in points."""
    more.setdefault("textColor", INK)
    more.setdefault("allowWidows", 0)
    more.setdefault("allowOrphans", 0)
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, **more)


def tint(colour: Color, share: float) -> Color:
    """The colour on white paper at that share of its strength (0 to 1)."""
    mix = [1 - share * (1 - part) for part in (colour.red, colour.green, colour.blue)]
    return Color(*mix)
