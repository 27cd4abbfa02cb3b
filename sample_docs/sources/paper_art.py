"""Drawings of the paper: rays of sound under an inversion, and one night of index and visibility."""

from __future__ import annotations

from math import exp
from random import Random

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from sample_docs.sources.typography import HAIRLINE, INK, QUIET, tint

WINE = HexColor("#7a2e3a")
SLATE = HexColor("#3c5a73")


def rays(canvas: Canvas, width: float, height: float) -> None:
    """A bell buoy, the harbour wall, straight rays that escape and bent rays that come back."""
    sea, left, right = 16.0, 22.0, width - 26
    canvas.setFillColor(tint(SLATE, 0.16))
    canvas.rect(0, 0, width, sea, stroke=0, fill=1)
    canvas.setFillColor(tint(WINE, 0.07))
    canvas.rect(0, sea + 52, width, height - sea - 60, stroke=0, fill=1)
    canvas.setLineWidth(0.8)
    for lift in (20, 38, 58):
        path = canvas.beginPath()
        path.moveTo(left, sea + 10)
        path.lineTo(left + 118, sea + 10 + lift * 1.25)
        canvas.setStrokeColor(QUIET)
        canvas.setDash(2.5, 2.5)
        canvas.drawPath(path)
        canvas.setDash()
        bent = canvas.beginPath()
        bent.moveTo(left, sea + 10)
        bent.curveTo(left + 70, sea + 12 + lift * 1.2, right - 80, sea + 12 + lift * 1.2, right + 8, sea + 14)
        canvas.setStrokeColor(WINE)
        canvas.drawPath(bent)
    canvas.setFillColor(INK)
    buoy = canvas.beginPath()
    buoy.moveTo(left - 9, sea - 3)
    buoy.lineTo(left + 9, sea - 3)
    buoy.lineTo(left, sea + 15)
    buoy.close()
    canvas.drawPath(buoy, stroke=0, fill=1)
    canvas.rect(right + 8, 0, width - right - 8, sea + 13, stroke=0, fill=1)
    canvas.setFont("Sans-Italic", 8.4)
    canvas.setFillColor(WINE)
    canvas.drawString(left + 132, height - 19, "warm air")
    canvas.setFillColor(SLATE)
    canvas.drawString(left + 102, 5, "cold sea")


def night(canvas: Canvas, width: float, height: float) -> None:
    """Fog index (left axis, dB) and visibility (right axis, km) from midnight to six."""
    left, right, bottom, top = 22.0, width - 24, 16.0, height - 18

    def x(hour: float) -> float:
        return left + (right - left) * hour / 6

    def y(share: float) -> float:
        return bottom + (top - bottom) * share

    canvas.setFont("Sans-Regular", 7.8)
    canvas.setFillColor(WINE)
    canvas.drawString(0, height - 8, "Fog index, dB")
    canvas.setFillColor(SLATE)
    canvas.drawRightString(width, height - 8, "Visibility, km")
    canvas.setLineWidth(0.4)
    for tick in range(10, -1, -2):
        canvas.setStrokeColor(INK if tick == 0 else HAIRLINE)
        canvas.line(left, y(tick / 10), right, y(tick / 10))
        canvas.setFillColor(WINE)
        canvas.drawRightString(left - 4, y(tick / 10) - 2.6, str(tick))
        canvas.setFillColor(SLATE)
        canvas.drawString(right + 4, y(tick / 10) - 2.6, str(tick * 2))
    canvas.setFillColor(INK)
    for oclock in range(7):
        canvas.drawCentredString(x(oclock), bottom - 11, f"{oclock:02}:00")

    chance = Random(1811)
    index, sight = canvas.beginPath(), canvas.beginPath()
    for step in range(181):
        hour = step / 30
        level = 0.8 + 7.0 / (1 + exp(-(hour - 2.19) * 3.1)) + chance.uniform(-0.35, 0.35)
        far = 0.35 + 15.5 / (1 + exp((hour - 3.42) * 7.2)) + chance.uniform(-0.3, 0.3) * (hour < 3.4)
        (index.moveTo if step == 0 else index.lineTo)(x(hour), y(level / 10))
        (sight.moveTo if step == 0 else sight.lineTo)(x(hour), y(far / 20))
    canvas.setLineWidth(0.7)
    canvas.setStrokeColor(QUIET)
    canvas.setDash(2, 2)
    canvas.line(left, y(0.45), right, y(0.45))
    canvas.line(x(2.17), bottom, x(2.17), top)
    canvas.line(x(3.87), bottom, x(3.87), top)
    canvas.setDash()
    for path, colour in ((sight, SLATE), (index, WINE)):
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(1.3)
        canvas.drawPath(path)
    canvas.setFillColor(QUIET)
    canvas.drawCentredString(x(3.02), top - 9, "102 min")
    canvas.drawString(right - 52, y(0.45) - 9, "threshold")
