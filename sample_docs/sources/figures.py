"""Vector figures as flowables: a drawing is a function of canvas, width and height."""

from __future__ import annotations

from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

Draw = Callable[[Canvas, float, float], None]


class Figure(Flowable):  # type: ignore[misc]
    """A drawing of fixed height; the origin is its lower left corner, units are points."""

    def __init__(self, draw: Draw, width: float, height: float) -> None:
        super().__init__()
        self._draw, self.width, self.height = draw, width, height

    def draw(self) -> None:
        """Called by reportlab."""
        self._draw(self.canv, self.width, self.height)


def figure(draw: Draw, height: float) -> Callable[[float], Figure]:
    """For ``Sheet.drawings``: the figure at the width of the column."""
    return lambda width: Figure(draw, width, height)
