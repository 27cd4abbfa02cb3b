"""A second look: which words of another reading take the place of those of the first, worked by hand."""

from pipelines.reading.lines import Found
from pipelines.reading.second_look import completed


def line(*words, top=0, height=10):
    """Words as (text, left, confidence), six pixels a character."""
    return [Found(text, (left, top, left + 6 * len(text), top + height), sure) for text, left, sure in words]


def texts(lines):
    return [" ".join(word.text for word in line) for line in lines]


def test_what_the_first_missed_is_added():
    first = [line(("Generation", 0, 0.9))]
    other = [line(("Generation", 0, 0.95), ("2", 400, 0.9))]
    assert texts(completed(first, other)) == ["Generation", "2"]


def test_what_is_not_sure_or_no_word_is_not_added():
    first = [line(("Generation", 0, 0.9))]
    for text, sure in (("2", 0.6), ("--", 0.99), ("A", 0.99)):
        assert completed(first, [line((text, 400, sure))]) == first


def test_surer_words_take_the_place_of_doubted_ones_and_of_no_others():
    first = [line(("4", 0, 0.9), ("2?", 8, 0.5), ("18", 21, 0.9), ("members", 200, 0.95))]
    other = [line(("4,218", 0, 0.9)), line(("numbers", 200, 0.99))]
    assert texts(completed(first, other)) == ["members", "4,218"]


def test_whole_words_take_the_place_of_their_sure_fragments():
    first = [line(("12.", 0, 0.97)), line(("75", 24, 0.93)), line(("-40", 100, 0.74))]
    other = [line(("12.75", 0, 0.96)), line(("3.40", 94, 0.96))]
    assert texts(completed(first, other)) == ["12.75", "3.40"]
    assert completed(first, [line(("12.75", 0, 0.85))]) == first, "not where they might be wrong"
    over_columns = [line(("a", 0, 0.96), ("line", 12, 0.96), ("over", 42, 0.96), ("columns", 72, 0.96))]
    columns = [line(("line", 12, 0.96)), line(("columns", 72, 0.96))]
    assert completed(columns, over_columns) == columns


def test_words_that_are_hardly_surer_stay_out():
    first = [line(("fear", 0, 0.6))]
    assert completed(first, [line(("year", 0, 0.7))]) == first
    assert texts(completed(first, [line(("year", 0, 0.75))])) == ["year"]


def test_half_a_word_takes_no_place():
    first = [line(("(thousand", 0, 0.5), ("crowns)", 60, 0.6))]
    assert completed(first, [line(("crowns)", 60, 0.99))]) != first, "its own place it takes"
    assert completed([line(("thousandcrowns", 0, 0.5))], [line(("crowns", 48, 0.99))]) == [
        line(("thousandcrowns", 0, 0.5))
    ]


def test_words_beneath_each_other_are_not_in_each_others_place():
    first = [line(("upper", 0, 0.4))]
    assert texts(completed(first, [line(("lower", 0, 0.9), top=9)])) == ["upper", "lower"]


def test_nothing_and_nothing():
    assert completed([], []) == []
    assert texts(completed([], [line(("alone", 0, 0.9))])) == ["alone"]
