"""Drawings of the handbook: the cover's lantern fish and the craft from the side, with numbers."""

from __future__ import annotations

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from sample_docs.sources.typography import INK, PAPER, QUIET, tint

NIGHT = HexColor("#1c2b3a")
GREEN = HexColor("#2f7d5b")
SIGNAL = HexColor("#b5452c")
GLOW = HexColor("#f2c14e")


def cover(canvas: Canvas, width: float, height: float) -> None:
    """A night-blue page with rings of light around a small craft's lamp."""
    canvas.setFillColor(NIGHT)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    x, y = width * 0.665, height * 0.5
    for radius, share in ((190, 0.05), (140, 0.08), (96, 0.12), (58, 0.2), (28, 0.42)):
        canvas.setFillColor(_between(NIGHT, GLOW, share))
        canvas.circle(x, y, radius, stroke=0, fill=1)
    canvas.setFillColor(GLOW)
    canvas.circle(x, y, 7, stroke=0, fill=1)
    sea = height * 0.335
    canvas.setStrokeColor(PAPER)
    canvas.setLineWidth(2)
    canvas.line(x, y - 7, x, sea + 20)
    canvas.saveState()
    canvas.translate(x - 74, sea - 16)
    canvas.scale(0.62, 0.62)
    _hull(canvas, PAPER)
    canvas.roundRect(196, 57, 26, 15, 5, stroke=0, fill=1)  # camera
    canvas.setFillColor(NIGHT)
    canvas.circle(214, 65, 4, stroke=0, fill=1)
    canvas.setFillColor(SIGNAL)
    canvas.rect(66, 57, 14, 9, stroke=0, fill=1)  # isolator
    canvas.setFillColor(NIGHT)
    for port in range(3):
        canvas.circle(146 + 22 * port, 44, 4, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setFillColor(_between(NIGHT, GREEN, 0.55))
    canvas.rect(0, 0, width, sea, stroke=0, fill=1)
    canvas.setStrokeColor(_between(NIGHT, GLOW, 0.45))
    canvas.setLineWidth(1.6)
    for i, (dx, half) in enumerate(((0, 60), (-7, 44), (6, 52), (-2, 27), (4, 15))):
        canvas.line(x + dx - half, sea - 16 - 17 * i, x + dx + half, sea - 16 - 17 * i)


def _between(a: Color, b: Color, share: float) -> Color:
    pairs = ((a.red, b.red), (a.green, b.green), (a.blue, b.blue))
    return Color(*(p + (q - p) * share for p, q in pairs))


def _hull(canvas: Canvas, colour: Color) -> None:
    """The body of the craft, about 250 by 60 points, bow to the right."""
    canvas.setFillColor(colour)
    body = canvas.beginPath()
    body.moveTo(14, 58)
    body.lineTo(238, 58)
    body.curveTo(262, 56, 268, 40, 262, 30)
    body.curveTo(240, 8, 60, 0, 30, 12)
    body.curveTo(12, 20, 8, 44, 14, 58)
    body.close()
    canvas.drawPath(body, stroke=0, fill=1)


def side(canvas: Canvas, width: float, height: float) -> None:
    """The craft from the side, bow to the right, with seven numbered callouts."""
    canvas.saveState()
    canvas.translate((width - 262) / 2, 26)
    canvas.setFillColor(tint(GREEN, 0.12))
    canvas.rect(-(width - 262) / 2, -26, width, 60, stroke=0, fill=1)
    _hull(canvas, tint(NIGHT, 0.82))
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(2.4)
    canvas.line(112, 58, 112, 112)  # mast
    canvas.setFillColor(GLOW)
    canvas.circle(112, 116, 6, stroke=0, fill=1)
    canvas.setFillColor(tint(NIGHT, 0.5))
    canvas.roundRect(196, 58, 26, 15, 5, stroke=0, fill=1)  # camera
    canvas.setFillColor(PAPER)
    canvas.circle(215, 65.5, 4, stroke=0, fill=1)
    canvas.setFillColor(tint(GREEN, 0.75))
    canvas.rect(140, 22, 66, 32, stroke=0, fill=1)  # basket
    canvas.setStrokeColor(PAPER)
    canvas.setLineWidth(0.6)
    for i in range(1, 8):
        canvas.line(140 + i * 8.25, 22, 140 + i * 8.25, 54)
    canvas.setFillColor(tint(NIGHT, 0.55))
    canvas.rect(54, 26, 66, 24, stroke=0, fill=1)  # battery
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1.1)
    for angle in range(0, 180, 30):  # brushes
        canvas.saveState()
        canvas.translate(252, 22)
        canvas.rotate(angle)
        canvas.line(-17, 0, 17, 0)
        canvas.restoreState()
    canvas.setFillColor(INK)
    canvas.ellipse(10, -6, 46, 6, stroke=0, fill=1)  # thruster
    canvas.rect(26, 4, 5, 12, stroke=0, fill=1)
    canvas.setFillColor(SIGNAL)
    canvas.rect(66, 58, 13, 9, stroke=0, fill=1)  # isolator
    _callouts(canvas)
    canvas.restoreState()


def _callouts(canvas: Canvas) -> None:
    marks = (
        ("1", 119, 117, 166, 122),
        ("2", 220, 71, 262, 100),
        ("3", 266, 26, 290, 44),
        ("4", 176, 22, 196, -12),
        ("5", 88, 26, 106, -12),
        ("6", 12, 0, -30, 14),
        ("7", 70, 67, 34, 96),
    )
    canvas.setFont("Sans-Bold", 9)
    for number, x, y, tx, ty in marks:
        canvas.setStrokeColor(QUIET)
        canvas.setLineWidth(0.7)
        canvas.line(x, y, tx, ty)
        canvas.setFillColor(PAPER)
        canvas.setStrokeColor(INK)
        canvas.circle(tx, ty, 8, stroke=1, fill=1)
        canvas.setFillColor(INK)
        canvas.drawCentredString(tx, ty - 3.1, number)
