"""Several pages of the reading lab: readers by levels of degradation, and how levels are typed and drawn."""

from __future__ import annotations

import pytest

from pipelines.errors import PlaygroundError
from playground.reading import levels, several
from playground.reading.state import Many
from playground.views import several as several_view
from tests.reading_lab import SCAN, SESSION, lab_of, opened


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("reading")) as made:
        yield made


# several pages ----------------------------------------------------------------------------------------


def read_several(services, lab, seconds=240):
    several.start(services, SESSION, lab)
    services.measurements.settle(lab.work("many"), seconds)
    return several.several(services, lab)


def test_pages_by_readers_by_strengths(services):
    lab = lab_of(many=Many(pages="5-6", worse="none; blur=3"))
    found = read_several(services, lab)
    assert (found.state, len(found.rows), found.total) == ("done", 8, 8)
    assert [row.page for row in found.of(1, 0)] == [5, 6]
    assert all(row.metrics.cer == 0 for row in found.of(0, 1)), "the text layer knows nothing of blur"
    sharp, blurred = ([row.metrics.cer for row in found.of(1, at)] for at in (0, 1))
    assert max(sharp) < min(blurred)
    markup = several_view.several(found)
    assert markup.count('class="chart"') == 3
    assert "blur 3: " in markup
    assert "blur=3" in markup
    assert "Medians of 2 pages" in markup


def test_a_page_without_truth_is_read_and_not_measured(services):
    found = read_several(services, lab_of(SCAN, many=Many(pages="1", worse="none")))
    assert found.without_truth == (1,)
    assert [row.metrics for row in found.rows] == [None, None]
    assert "Without a text layer" in several_view.several(found)


def test_levels_that_do_several_things_at_once_are_steps(services):
    lab = lab_of(many=Many(pages="5", worse="none; blur=3; dpi=100,blur=2", without=(0,)))
    found = read_several(services, lab)
    assert [(str(row.reader), str(row.degradation)) for row in found.rows] == [
        ("tesseract", "none"), ("tesseract", "blur=3"), ("tesseract", "dpi=100,blur=2"),
    ]  # fmt: skip
    errors = [found.of(0, at)[0].metrics.cer for at in range(3)]
    assert max(errors[:2]) < errors[2], "both at once are worse than one"
    markup = several_view.several(found)
    assert "<b>3</b> dpi=100,blur=2</li>" in markup
    assert "level 3: " in markup
    assert "col-b" in markup
    assert "col-a" not in markup, "a reader keeps the letter of its column"


def test_a_run_is_stopped_and_keeps_what_it_read(services):
    lab = lab_of(many=Many(pages="5", worse="none; blur=1"))
    several.start(services, SESSION, lab)
    services.measurements.halt(lab.work("many"))
    assert several.several(services, lab).state == "stopped"


@pytest.mark.parametrize(
    ("typed", "name", "places"),
    [
        ("none; blur=1; blur=2", "blur", (0, 1, 2)),
        ("none; dpi=150; dpi=70", "dpi", (200, 150, 70)),
        ("noise=8; noise=8,jpeg=40; noise=8,jpeg=10", "jpeg", (100, 40, 10)),
        ("none; blur=2; blur=1", "level", (1, 2, 3)),
        ("none; dpi=100; dpi=100,blur=1", "level", (1, 2, 3)),
        ("noise=8; noise=16,seed=1", "level", (1, 2)),
        ("none", "level", (1,)),
    ],
)
def test_the_axis_of_levels(typed, name, places):
    axis = levels.axis_of(levels.levels_of(typed))
    assert (axis.name, axis.places) == (name, places)
    assert axis.scaled == (name != "level")


def test_every_preset_of_levels_can_be_run():
    for _, typed in levels.PRESETS:
        assert 3 <= len(levels.levels_of(typed)) <= 4
        assert levels.levels_of(typed)[0].neutral


@pytest.mark.parametrize(
    ("many", "said"),
    [
        (Many(pages="x"), "not a list of pages"),
        (Many(pages="1-99"), "too many"),
        (Many(worse="much"), "is no degradation"),
        (Many(worse=" ; "), "1 to 8 levels"),
        (Many(worse="blur=99"), "blur=99"),
        (Many(worse="; ".join(f"blur={n}" for n in range(9))), "1 to 8 levels"),
        (Many(without=(0, 1)), "No reader is chosen"),
    ],
)
def test_what_cannot_be_run_is_said(services, many, said):
    with pytest.raises(PlaygroundError, match=said):
        several.start(services, SESSION, lab_of(many=many))


def test_a_page_beyond_the_last_ends_the_run_with_a_message(services):
    found = read_several(services, lab_of(many=Many(pages="5,900", worse="none")))
    assert found.state == "failed"
    assert len(found.rows) == 2, "what was read is kept"
    assert "has no page 900" in several_view.several(found)
