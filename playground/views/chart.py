"""Small line charts: something measured against something turned, a line a setting, a dot a measurement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from playground.views.html import el, tip

#: Size in the chart's own units, with room for its axes.
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 300, 150, 38, 12, 12, 24


@dataclass(frozen=True)
class Line:
    """One setting: its name, the class that colours it, its points in the order of x, and what lies behind them.

    A band is (x, from, to).
    """

    name: str
    class_: str
    points: Sequence[tuple[float, float]]
    dots: Sequence[tuple[float, float]] = ()
    band: Sequence[tuple[float, float, float]] = ()


def chart(
    name: str,
    why: str,
    over: str,
    lines: Sequence[Line],
    ticks: Sequence[float],
    read: Callable[[float], str],
    top: float | None = None,
    at: Callable[[float], str] = "{:g}".format,
) -> Markup:
    """A figure with its title, and its numbers in words for those who hear it.

    Args:
        name: What is measured, with its direction.
        why: What that means.
        over: What is turned.
        lines: Drawn over each other.
        ticks: Values of x that are named; the axis goes from the first to the last, down where less is worse.
        read: How a value is told.
        top: The greatest value of y; None: of what is drawn.
        at: How a value of x is told.
    """
    measured = [value for line in lines for _, value in (*line.points, *line.dots)]
    measured += [value for line in lines for _, *ends in line.band for value in ends]
    most = top or max(measured, default=0) or 1

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - ticks[0]) / ((ticks[-1] - ticks[0]) or 1)

    def y(value: float) -> str:
        return f"{_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(1.0, value / most)):.1f}"

    axes = [
        el("path", d=f"M{_LEFT} {_TOP}V{y(0)}H{_WIDTH - _RIGHT}", class_="axis"),
        *[el("text", read(part * most), x=_LEFT - 5, y=float(y(part * most)) + 3, class_="y") for part in (0, 0.5, 1)],
        *[el("text", at(tick), x=f"{x(tick):.1f}", y=_HEIGHT - 9, class_="x") for tick in ticks],
    ]
    drawn = [_line(line, x, y, lambda where, v: f"{over} {at(where)}: {read(v)}") for line in lines]
    words = "; ".join(f"{one.name} {', '.join(f'{read(v)} at {at(x)}' for x, v in one.points)}" for one in lines)
    return el(
        "figure",
        el("figcaption", tip(name, why), el("span", f" over {over}", class_="facts")),
        el("svg", axes, drawn, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="chart", role="img",
           aria_label=f"{name} over {over}: {words}"),
    )  # fmt: skip


def _line(
    line: Line, x: Callable[[float], float], y: Callable[[float], str], tell: Callable[[float, float], str]
) -> Markup:
    way = "L".join(f"{x(at):.1f} {y(value)}" for at, value in line.points)
    upper = [f"{x(at):.1f} {y(high)}" for at, _, high in line.band]
    lower = [f"{x(at):.1f} {y(low)}" for at, low, _ in reversed(line.band)]
    big = [_dot(x(at), y(v), 3.5, f"{line.name}{tell(at, v)}") for at, v in line.points]
    small = [_dot(x(at), y(v), 2, f"{line.name}{tell(at, v)}", "one") for at, v in line.dots]
    return el(
        "g",
        el("path", d=f"M{'L'.join(upper + lower)}Z", class_="band") if line.band else None,
        el("path", d=f"M{way}", class_="way") if way else None,
        small,
        big,
        class_=line.class_,
    )


def _dot(x: float, y: str, radius: float, title: str, class_: str | None = None) -> Markup:
    return el("circle", el("title", title), cx=f"{x:.1f}", cy=y, r=radius, class_=class_)
