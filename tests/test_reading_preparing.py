"""What is done to a picture before Tesseract reads it, and the way back to the picture as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.reading.degrade import Degradation, degraded
from pipelines.reading.lines import Found, in_order, is_speck, parted
from pipelines.reading.preparing import Prepared, grain_of, levelled, prepared, slant_of
from pipelines.reading.units import units_apart
from tests.reading_means import means_for, picture, read, sheet


@pytest.fixture(scope="module")
def means():
    with means_for() as found:
        yield found


def grey(width: int = 900, height: int = 600) -> Image.Image:
    return Image.new("L", (width, height), 255)


def test_a_fine_clean_level_picture_is_left_alone():
    made = prepared(grey(), 200)
    assert (made.image.size, made.dpi, grain_of(made.image)) == ((900, 600), 200, 0)
    assert levelled(made, [((0, 100), (800, 101))]) is made


@pytest.mark.parametrize(("dpi", "size", "after"), [(100, 900, 200), (149, 3000, 298), (150, 900, 150)])
def test_coarse_pictures_are_doubled_by_their_dpi(dpi, size, after):
    made = prepared(grey(size, size), dpi)
    assert (made.dpi, made.image.width) == (after, size * after // dpi)


@pytest.mark.parametrize(("size", "times"), [(1399, 2), (1400, 1), (1, 2)])
def test_and_by_their_size_where_the_dpi_is_not_known(size, times):
    made = prepared(grey(size, 1), None)
    assert (made.dpi, made.image.width) == (None, size * times)


def test_grain_is_seen_and_smoothed_and_text_is_no_grain():
    noise = np.random.default_rng(1).standard_normal((400, 400)) * 10
    grainy = Image.fromarray(np.clip(200 + noise, 0, 255).astype(np.uint8))
    assert grain_of(grainy) == pytest.approx(10, rel=0.1)
    assert grain_of(prepared(grainy, 200).image) < 3
    assert grain_of(picture("Plain text", mode="L")) == 0
    assert grain_of(grey(1, 5)) == 0


def test_the_slant_is_that_of_the_longer_lines():
    long = [((0, 0), (1000, 30)), ((0, 90), (900, 117))]
    assert slant_of([*long, ((0, 0), (40, 9)), ((5, 5), (5, 900))]) == pytest.approx(0.03)
    assert slant_of([]) == slant_of([((5, 5), (5, 900))]) == 0


@pytest.mark.parametrize("slant", [0.001, 0.5])
def test_a_slant_too_small_or_too_steep_is_left(slant):
    made = prepared(grey(), 200)
    assert levelled(made, [((0, 0), (800, 800 * slant))]) is made


def test_a_slanted_line_is_level_afterwards_and_its_words_are_where_they_were():
    image = np.full((600, 900), 255, np.uint8)
    across = np.arange(100, 800)
    down = (200 + 0.05 * across).astype(int)
    for thick in range(4):
        image[down + thick, across] = 0
    before = prepared(Image.fromarray(image), 200)
    after = levelled(before, [((100, 205), (800, 240))])
    ys, xs = np.nonzero(np.asarray(after.image) < 128)
    assert ys.max() - ys.min() < 8
    end = (xs.max() - 1, ys.max() - 4, xs.max() + 1, ys.max())
    left, top, right, bottom = after.place(end)
    assert (left + right) / 2 * 900 == pytest.approx(800, abs=3)
    assert (top + bottom) / 2 * 600 == pytest.approx(241, abs=4)


@given(st.floats(0, 800), st.floats(0, 500), st.floats(1, 90))
def test_boxes_of_a_level_picture_are_shares_of_it(left, top, size):
    box = left, top, left + size, top + size
    shares = left / 900, top / 600, (left + size) / 900, (top + size) / 600
    assert Prepared(grey(), 900, 600, 200).place(box) == pytest.approx(shares, abs=1e-9)


# with Tesseract ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["dpi=70", "rotation=3", "blur=2,noise=30,jpeg=30"])
def test_poor_pictures_are_read_and_words_stand_on_the_picture_as_it_was(means, how):
    clean = sheet("Seven bells at dawn", size=(700, 220), height=50)
    poor = degraded(clean, Degradation.parse(how), means)
    last = read("tesseract", poor, means)[-1]
    assert last.text == "Seven bells at dawn"
    centres = [(word.box[0] + word.box[2]) / 2 for word in last.words]
    assert centres == sorted(centres)
    assert 0.1 < last.words[0].box[1] < last.words[0].box[3] < 0.45


@pytest.mark.parametrize("turned", [90, 180])
def test_a_page_turned_on_its_side_or_its_head_is_no_error(means, turned):
    page = degraded(sheet("Seven bells at dawn", size=(700, 220), height=50), Degradation(rotation=turned), means)
    for mode in ("auto", "upright"):
        assert read("tesseract", page, means, page_mode=mode)[-1].state == "done"


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (5, 4), (6000, 3000)])
def test_pictures_of_any_size_are_no_error(means, size):
    last = read("tesseract", sheet(size=size), means)[-1]
    assert (last.state, last.text) == ("done", "")


# words and lines ---------------------------------------------------------------------------------------


def word(text: str, left: float, right: float, top: float = 0, confidence: float = 0.9) -> Found:
    return Found(text, (left, top, right, top + 20), confidence)


def test_a_line_is_parted_where_more_than_a_space_is():
    line = [word("Rye", 0, 30), word("bread", 38, 80), word("3.40", 200, 240)]
    assert parted(line) == [line[:2], line[2:]]


def test_the_edge_of_a_picture_parts_a_line_and_is_left_out():
    left, edge, right = word("end", 0, 60), word("_", 65, 90, confidence=0.4), word("begin", 95, 150)
    assert parted([left, edge, right]) == [[left], [right]]
    sure = word("|", 65, 90, confidence=0.95)
    assert parted([left, sure, right]) == [[left, sure, right]]


@pytest.mark.parametrize(
    ("text", "confidence", "speck"), [("_", 0.7, True), ("---", 0.9, False), ("1", 0.1, False), ("—;", 0.5, True)]
)
def test_specks_are_unsure_marks_without_letter_or_digit(text, confidence, speck):
    assert is_speck(text, confidence) is speck


def test_lines_over_two_columns_are_read_column_by_column():
    rows = [[word(f"a{row}", 0, 290, 25 * row), word(f"b{row}", 330, 620, 25 * row)] for row in range(6)]
    order = [each.text for paragraph in in_order(rows) for line in paragraph for each in line]
    assert order == [f"{column}{row}" for column in "ab" for row in range(6)]


# numbers and their units -------------------------------------------------------------------------------


def inked(runs: list[tuple[int, int]]) -> Image.Image:
    """A picture with bars of ink, 30 high, in these columns."""
    pixels = np.full((40, 200), 255, np.uint8)
    for start, stop in runs:
        pixels[5:35, start:stop] = 0
    return Image.fromarray(pixels)


def parts(text: str, runs: list[tuple[int, int]]) -> list[tuple[str, float, float]]:
    found = units_apart(inked(runs), Found(text, (0, 3, 190, 37), 0.9))
    return [(part.text, part.box[0], part.box[2]) for part in found]


NEAR = [(10, 30), (34, 40), (44, 64), (68, 88)]


def test_a_unit_behind_a_gap_is_a_word_of_its_own():
    assert parts("1.62m", [*NEAR, (101, 140)]) == [("1.62", 10, 88), ("m", 101, 140)]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("1.62m", [*NEAR, (92, 140)]),  # no wider gap
        ("1.62m", [*NEAR[:3], (101, 140)]),  # two signs touch: which gap is which is not known
        ("1.62.", [*NEAR, (101, 140)]),  # no unit
        ("12345", [*NEAR, (101, 140)]),
        ("1m", [(10, 30), (36, 80)]),
    ],
)
def test_other_words_stay_whole(text, runs):
    assert parts(text, runs) == [(text, 0, 190)]


def test_a_word_without_a_size_stays_whole():
    assert len(units_apart(inked(NEAR), Found("9h", (5, 5, 5, 9), 0.9))) == 1
