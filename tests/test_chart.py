"""Line charts: where points stand, what is told to those who hear them."""

from __future__ import annotations

import re

from playground.views.chart import Line, chart


def drawn(lines, ticks=(0, 1, 2), **more):
    return str(chart("CER ↓", "why", "blur", lines, ticks, lambda value: f"{value:.2f}", **more))


def test_points_stand_between_the_axes_and_the_greatest_at_the_top():
    html = drawn([Line("A", "col-a", [(0, 0.0), (1, 1.0), (2, 4.0)])])
    (way,) = re.findall(r'd="M([^"V]+)" class="way"', html)
    points = [tuple(map(float, one.split())) for one in way.split("L")]
    assert points == [(38, 126), (163, 97.5), (288, 12)]


def test_the_axis_is_to_scale():
    html = drawn([Line("A", "col-a", [(0, 0.0), (0.5, 1.0), (2, 0.0)])], ticks=(0, 0.5, 2))
    assert re.findall(r'cx="([\d.]+)"', html) == ["38.0", "100.5", "288.0"]


def test_what_is_turned_goes_down_where_that_is_the_order_given():
    html = drawn([Line("A", "col-a", [(200, 0.1), (100, 0.2)])], ticks=(200, 100))
    assert html.index(">200</text>") < html.index(">100</text>")
    assert 'cx="38.0"' in html


def test_more_than_the_top_stays_inside_and_the_words_tell_it():
    html = drawn([Line("A ", "col-a", [(0, 3.0)], dots=[(0, 2.0)])], top=1.0)
    assert 'cy="12.0"' in html
    assert "CER ↓ over blur: A  3.00 at 0" in html
    assert html.count('class="one"') == 1


def test_nothing_measured_is_an_empty_chart_and_names_are_escaped():
    html = drawn([Line("<b>", "col-a", [])])
    assert 'class="way"' not in html
    assert "<b>" not in html
