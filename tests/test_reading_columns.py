"""Lines in no order become a page that is read as a person reads it."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reading.columns import Box, reading_order
from pipelines.reading.rapidocr import order_of, straightened, words_by_characters, words_by_length
from pipelines.reading.typesetting import typeset

HEIGHT = 10.0


def line(left: float, row: float, right: float, height: float = HEIGHT) -> Box:
    """A line at a row, rows being 12 apart."""
    top = row * 12
    return (left, top, right, top + height)


def column(left: float, right: float, rows: range) -> list[Box]:
    return [line(left, row, right - (7 * row) % 30) for row in rows]


def flat(boxes: list[Box]) -> list[int]:
    return [index for paragraph in reading_order(boxes) for row in paragraph for index in row]


def test_nothing_has_no_order():
    assert reading_order([]) == []


def test_one_column_is_read_from_the_top_wherever_it_began():
    boxes = column(0, 200, range(9))
    shuffled = random.Random(3).sample(boxes, len(boxes))
    assert [shuffled[index] for index in flat(shuffled)] == boxes


def test_two_columns_are_read_one_after_the_other():
    left, right = column(0, 200, range(12)), column(220, 420, range(12))
    mixed = [box for pair in zip(left, right, strict=True) for box in pair]
    assert [mixed[index] for index in flat(mixed)] == left + right


def test_three_columns():
    columns = [column(start, start + 200, range(8)) for start in (0, 220, 440)]
    mixed = [box for row in zip(*columns, strict=True) for box in row]
    assert [mixed[index] for index in flat(mixed)] == [box for each in columns for box in each]


def test_a_title_over_two_columns_comes_first_and_a_note_under_them_last():
    title, note = line(60, 0, 360), line(0, 16, 420)
    left, right = column(0, 200, range(2, 14)), column(220, 420, range(2, 14))
    boxes = [*right, note, *left, title]
    assert [boxes[index] for index in flat(boxes)] == [title, *left, *right, note]


def test_paragraphs_that_end_side_by_side_do_not_cut_the_columns():
    rows = [*range(5), *range(7, 12)]
    left = [line(0, row, 195) for row in rows]
    right = [line(220, row, 415) for row in rows]
    boxes = [box for pair in zip(left, right, strict=True) for box in pair]
    assert [boxes[index] for index in flat(boxes)] == left + right


def test_a_running_head_of_two_parts_is_a_row_of_its_own():
    head = [line(0, 0, 120), line(300, 0, 420)]
    left, right = column(0, 200, range(3, 12)), column(220, 420, range(3, 12))
    boxes = [*right, head[1], *left, head[0]]
    assert [boxes[index] for index in flat(boxes)] == [*head, *left, *right]


def test_a_right_column_that_begins_above_the_left_one_still_comes_second():
    left, right = column(0, 200, range(4, 12)), column(220, 420, range(12))
    boxes = [*right, *left]
    assert [boxes[index] for index in flat(boxes)] == left + right


def test_a_table_is_read_row_by_row():
    rows = [[line(0, row, 90 + 10 * (row % 3)), line(160, row, 185), line(240, row, 265)] for row in range(8)]
    boxes = [box for row in rows for box in row]
    shuffled = random.Random(5).sample(boxes, len(boxes))
    assert [shuffled[index] for index in flat(shuffled)] == boxes


def test_a_numbered_list_keeps_its_numbers():
    boxes = [box for row in range(6) for box in (line(0, row, 8), line(20, row, 200))]
    assert flat(boxes) == list(range(12))


def test_a_table_inside_a_column_of_text():
    left = [line(0, row, 195) for row in range(14)]
    text = [line(220, row, 415) for row in range(8)]
    table = [box for row in range(8, 14) for box in (line(220, row, 280), line(320, row, 345), line(390, row, 415))]
    boxes = random.Random(7).sample([*left, *text, *table], 32 + 8)
    assert [boxes[index] for index in flat(boxes)] == [*left, *text, *table]


def test_what_stands_above_may_share_a_gap_with_the_first_row_and_not_with_the_columns():
    # the longest run of strips with one gutter is cut first; from the top, the short line would begin another one
    date = line(250, 0, 300)
    left, right = [line(0, 4, 90), *column(0, 200, range(5, 14))], column(220, 420, range(4, 14))
    boxes = [date, *right, *left]
    assert [boxes[index] for index in flat(boxes)] == [date, *left, *right]


def test_a_wrapped_cell_is_read_with_its_cell():
    # rows 2 apart, lines of a cell 1 apart: |code|meaning over two lines|what to do|
    head = [(line(0, row, 40), line(80, row, 180), line(220, row, 400)) for row in (0, 2, 5, 7)]
    wrapped = line(80, 3, 120)
    boxes = [*(box for row in head for box in row), wrapped]
    read = [boxes[index] for index in flat(boxes)]
    assert read == [*head[0], head[1][0], head[1][1], wrapped, head[1][2], *head[2], *head[3]]


def test_two_wrapped_cells_of_a_row_are_read_one_after_the_other():
    head = [(line(0, row, 40), line(80, row, 180), line(220, row, 400)) for row in (0, 2, 5, 7)]
    rest = line(80, 3, 120), line(220, 3, 300)
    boxes = [*(box for row in head for box in row), *rest]
    read = [boxes[index] for index in flat(boxes)]
    assert read[3:8] == [head[1][0], head[1][1], rest[0], head[1][2], rest[1]]


def test_lines_equally_far_apart_are_rows_of_their_own():
    # a receipt: what is said of a good stands under it, and is no part of its cell
    goods = [(line(0, row, 90), line(300, row, 330)) for row in (0, 1, 3, 4)]
    said = line(10, 2, 80)
    boxes = [said, *(box for row in goods for box in row)]
    assert [boxes[index] for index in flat(boxes)] == [*goods[0], *goods[1], said, *goods[2], *goods[3]]


def test_a_large_number_stands_before_the_two_lines_beside_it():
    boxes = [line(100, 0, 300), line(100, 1, 260), (0, 1, 80, 21), line(0, 4, 300), line(0, 5, 300), line(0, 6, 290)]
    assert flat(boxes) == [2, 0, 1, 3, 4, 5]


def test_a_gap_begins_a_paragraph():
    assert reading_order([line(0, 0, 99), line(0, 1, 99), line(0, 3, 99)]) == [[[0], [1]], [[2]]]


BOXES = st.lists(
    st.tuples(*[st.floats(0, 500, allow_nan=False)] * 2, *[st.floats(0, 120, allow_nan=False)] * 2).map(
        lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
    ),
    max_size=40,
)


@given(BOXES)
@settings(max_examples=150, deadline=None)
def test_every_line_has_one_place(boxes):
    assert sorted(flat(boxes)) == list(range(len(boxes)))


@given(st.randoms(use_true_random=False), st.integers(2, 30), st.floats(0.2, 9), st.floats(-900, 900))
@settings(max_examples=40, deadline=None)
def test_the_order_does_not_depend_on_how_lines_were_given_nor_on_scale_or_place(rng, rows, scale, shift):
    boxes = column(0, 200, range(rows)) + column(220, 420, range(rows))
    expected = [boxes[index] for index in flat(boxes)]
    moved = {tuple(side * scale + shift for side in box): box for box in boxes}
    given_ = list(moved)
    rng.shuffle(given_)
    assert [moved[given_[index]] for index in flat(given_)] == expected


def test_a_slanted_page_is_put_straight_first():
    boxes = column(0, 200, range(12)) + column(220, 420, range(12))
    slant = 0.05
    quads = [
        [(x - slant * y, y + slant * x) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
        for left, top, right, bottom in boxes
    ]
    assert list(flat(straightened(quads))) == list(range(24))


def quad(box: Box, slant: float = 0.0) -> list[tuple[float, float]]:
    """The corners of a line, turned about the page's corner."""
    left, top, right, bottom = box
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [(x - slant * y, y + slant * x) for x, y in corners]


def test_a_stamp_askew_is_read_after_the_page():
    text = [quad(line(0, row, 300)) for row in range(8)]
    stamp = [quad((150, 15 + 12 * row, 250, 25 + 12 * row), -0.14) for row in range(2)]
    page = [*text[:3], *stamp, *text[3:]]
    order = [index for paragraph in order_of(page) for row in paragraph for index in row]
    assert order == [0, 1, 2, *range(5, 10), 3, 4]


def test_a_short_word_is_not_askew_and_an_empty_page_has_no_order():
    page = [quad(line(0, row, 300)) for row in range(3)]
    page[1] = quad(line(0, 1, 20), 0.14)
    assert [index for paragraph in order_of(page) for row in paragraph for index in row] == [0, 1, 2]
    assert order_of([]) == []


# words -------------------------------------------------------------------------------------------------


def test_words_of_a_line_by_its_characters():
    at = [("a", 0.5, [[0, 0], [1, 0], [1, 2], [0, 2]]), ("b", 1.0, [[1, 0], [2, 0], [2, 2], [1, 2]])]
    assert words_by_characters("ab", at) == [("ab", (0, 0, 2, 2), 0.75)]
    assert words_by_characters("a b", at) == [("a", (0, 0, 1, 2), 0.5), ("b", (1, 0, 2, 2), 1.0)]
    assert words_by_characters("abc", at) is None


def test_words_of_a_line_by_their_length():
    assert words_by_length("aa a", (0, 0, 8, 1), 0.9) == [("aa", (0, 0, 4, 1), 0.9), ("a", (6, 0, 8, 1), 0.9)]


TEXTS = st.text(max_size=6)
FOUND = st.tuples(TEXTS, st.tuples(*[st.floats(-1, 2)] * 4), st.none() | st.floats(0, 1))


@given(st.lists(st.lists(st.lists(FOUND, max_size=4), max_size=4), max_size=4))
@settings(deadline=None)
def test_words_are_where_the_text_says(blocks):
    text, words = typeset(blocks)
    assert all(text[word.start : word.start + len(word.text)] == word.text for word in words)
    assert " ".join(word.text for word in words).split() == text.split()
    assert all(0 <= side <= 1 for word in words for side in word.box)
    assert text == text.strip()


def test_words_lines_and_blocks_stand_apart():
    box = (0, 0, 1, 1)
    text, _ = typeset([[[("a", box, 1), ("b", box, 1)], [("c", box, 1)]], [], [[("", box, 1)]], [[("d", box, None)]]])
    assert text == "a b\nc\n\nd"
