"""Drawings of the annual report: the cover's harbour and the chart of monthly generation."""

from __future__ import annotations

from math import cos, pi, sin

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from sample_docs.sources.typography import HAIRLINE, INK, QUIET

DEEP = HexColor("#0f3b4c")
SEA = HexColor("#1d6076")
FOAM = HexColor("#7fb3bd")
LAMP = HexColor("#e0a43a")
DUSK = HexColor("#f3ead9")

MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
TIDAL = (1550, 1560, 1530, 1500, 1540, 1620, 1600, 1570, 1520, 1510, 1560, 1580)  # sum 18,640
WIND = (860, 720, 640, 590, 650, 880, 1120, 1290, 1340, 1380, 1290, 1160)  # sum 11,920
OTHER = (380, 440, 490, 510, 500, 440, 380, 330, 290, 280, 310, 350)  # sum 4,700, kelp and solar


def monthly(canvas: Canvas, width: float, height: float) -> None:
    """Stacked bars, one a month; its words in the order in which they are read."""
    left, bottom, top = 33.0, 18.0, height - 24
    scale = (top - bottom) / 4000
    canvas.setFont("Sans-Regular", 8.4)
    x = left
    for colour, name in ((DEEP, "Tidal"), (FOAM, "Wind"), (LAMP, "Kelp and solar")):
        canvas.setFillColor(colour)
        canvas.rect(x, height - 10, 7, 7, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.drawString(x + 11, height - 9.5, name)
        x += 26 + canvas.stringWidth(name, "Sans-Regular", 8.4)
    for tick in range(4000, -1, -1000):
        y = bottom + tick * scale
        canvas.setStrokeColor(INK if tick == 0 else HAIRLINE)
        canvas.setLineWidth(0.8 if tick == 0 else 0.4)
        canvas.line(left, y, width, y)
        canvas.setFillColor(QUIET)
        canvas.drawRightString(left - 5, y - 2.5, f"{tick:,}")
    pitch = (width - left) / 12
    for i, month in enumerate(MONTHS):
        x, y = left + (i + 0.5) * pitch - 8, bottom
        for colour, series in ((DEEP, TIDAL), (FOAM, WIND), (LAMP, OTHER)):
            canvas.setFillColor(colour)
            canvas.rect(x, y, 16, series[i] * scale, stroke=0, fill=1)
            y += series[i] * scale
        canvas.setFillColor(QUIET)
        canvas.drawCentredString(x + 8, bottom - 11, month)


def _swell(canvas: Canvas, width: float, level: float, wave: tuple[float, float, float], colour: Color) -> None:
    """One band of sea: everything below a sine of (height, length, phase)."""
    height, length, phase = wave
    path = canvas.beginPath()
    path.moveTo(0, 0)
    x = 0.0
    while x < width + 4:
        path.lineTo(x, level + height * sin(2 * pi * x / length + phase))
        x += 4
    path.lineTo(x, 0)
    path.close()
    canvas.setFillColor(colour)
    canvas.drawPath(path, stroke=0, fill=1)


def _turbine(canvas: Canvas, x: float, foot: float, size: float, turn: float) -> None:
    canvas.setStrokeColor(SEA)
    canvas.setLineWidth(size / 26)
    canvas.line(x, foot, x, foot + size)
    canvas.setLineWidth(size / 20)
    for blade in range(3):
        angle = turn + blade * 2 * pi / 3
        canvas.line(x, foot + size, x + 0.62 * size * cos(angle), foot + size + 0.62 * size * sin(angle))


def _lighthouse(canvas: Canvas, x: float, foot: float) -> None:
    canvas.setFillColor(HexColor("#f6dfaa"))
    beam = canvas.beginPath()
    beam.moveTo(x, foot + 121)
    beam.lineTo(x - 470, foot + 186)
    beam.lineTo(x - 470, foot + 90)
    beam.close()
    canvas.drawPath(beam, stroke=0, fill=1)
    canvas.setFillColor(DEEP)
    canvas.ellipse(x - 74, foot - 46, x + 66, foot + 9, stroke=0, fill=1)  # the rock
    tower = canvas.beginPath()
    for i, (dx, dy) in enumerate(((-15, 0), (15, 0), (9, 108), (-9, 108))):
        (tower.moveTo if i == 0 else tower.lineTo)(x + dx, foot + dy)
    tower.close()
    canvas.drawPath(tower, stroke=0, fill=1)
    canvas.rect(x - 13, foot + 108, 26, 3.5, stroke=0, fill=1)
    canvas.setFillColor(LAMP)
    canvas.rect(x - 6.5, foot + 111.5, 13, 17, stroke=0, fill=1)
    canvas.setFillColor(DEEP)
    roof = canvas.beginPath()
    roof.moveTo(x - 11, foot + 128.5)
    roof.lineTo(x + 11, foot + 128.5)
    roof.lineTo(x, foot + 143)
    roof.close()
    canvas.drawPath(roof, stroke=0, fill=1)
    canvas.setFillColor(DUSK)
    for dy in (30, 70):
        canvas.rect(x - 2.5, foot + dy, 5, 11, stroke=0, fill=1)


def cover(canvas: Canvas, width: float, height: float) -> None:
    """The harbour at dusk, over the whole page."""
    canvas.setFillColor(DUSK)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#f8f2e6"))
    canvas.circle(148, 430, 62, stroke=0, fill=1)
    _lighthouse(canvas, 452, 266)
    for x, size, turn in ((96, 62, 0.3), (168, 82, 1.1), (252, 70, 1.9), (346, 50, 0.5)):
        _turbine(canvas, x, 248, size, turn)
    _swell(canvas, width, 262, (7, 310, 0.6), HexColor("#8fbcc4"))
    _swell(canvas, width, 214, (10, 420, 2.2), HexColor("#4f8fa0"))
    _swell(canvas, width, 158, (12, 360, 4.0), SEA)
    _swell(canvas, width, 96, (13, 500, 5.4), DEEP)
