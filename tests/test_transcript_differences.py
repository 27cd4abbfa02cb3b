"""What one transcript says otherwise than another: by hand, and by the laws."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evaluation.normalising import BARE
from pipelines.evaluation.transcript_alignment import align
from pipelines.evaluation.transcript_differences import Differences, differences
from pipelines.evaluation.transcript_words import KINDS, words_in

PAGE = """The invoice of 12 March 2024 was written by Anna Keller.
It comes to €1,284.50 and was paid late.

Every evening at nine the lamp of the pilot station was lit.
The keeper wrote the wind and the swell into his book.
Nobody read it for a hundred years."""

WORDS = st.lists(st.sampled_from("the cat sat on a mat by sea 12 13 Anna".split()), max_size=40)


def told(found: Differences) -> list[tuple[str, str, str, str]]:
    return [(item.how, item.kind, item.left, item.right) for item in found.items]


# by hand -----------------------------------------------------------------------------------------------


def test_equal_texts_do_not_differ() -> None:
    found = differences(PAGE, PAGE)
    assert (found.items, found.moved, found.skipped, found.extra) == ((), (), (), ())
    assert found.same_words == found.left_words == found.right_words == len(PAGE.split())


def test_an_edit_of_one_digit_is_one_item_and_the_first() -> None:
    read = PAGE.replace("1,284.50", "1,234.50").replace("station", "statlon").replace("late.", "LATE")
    assert told(differences(PAGE, read)) == [
        ("changed", "number", "€1,284.50", "€1,234.50"),
        ("changed", "word", "station", "statlon"),
        ("changed", "form", "late.", "LATE"),
    ]


def test_numbers_dates_and_names_come_first_and_keep_the_order_of_the_text() -> None:
    read = PAGE.replace("written", "writen").replace("Keller", "Kellner").replace("12 March", "17 March")
    read = read.replace("€1,284.50", "€1,284.5O").replace("nine", "9")
    kinds = [item.kind for item in differences(PAGE, read).items]
    assert kinds == sorted(kinds, key=KINDS.index) == ["number", "number", "date", "name", "word"]


def test_a_sign_a_unit_and_a_separator_are_no_matter_of_form() -> None:
    left = "It fell to -5 degrees , 12% of 1,000 at $3 a piece"
    right = "It fell to 5 degrees, 12 of 1.000 at 3 a piece"
    assert [(item.left, item.right) for item in differences(left, right).items if item.kind == "number"] == [
        ("-5", "5"),
        ("12%", "12"),
        ("1,000", "1.000"),
        ("$3", "3"),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("paid on 3 May", "date"),
        ("on Friday we", "date"),
        ("by 2024-05-31 at", "date"),
        ("by 31.05.2024 at", "date"),
        ("they may go", "word"),
        ("see Keller there", "name"),
        ("over. Then it", "word"),
        ("about 31.5 degrees", "number"),
        ("at 10:30 we", "number"),
    ],
)
def test_kinds_by_hand(text: str, kind: str) -> None:
    assert words_in(text)[-2].kind == kind


def test_places_and_context_are_those_of_the_texts_as_read() -> None:
    left, right = "## **The** exam-\nple of 12 boats", "The example of 17\nboats"
    (item,) = differences(left, right).items
    assert left[slice(*item.left_span)] == "12"
    assert right[slice(*item.right_span)] == "17"
    assert (item.before, item.after) == ("The example of", "boats")


def test_words_joined_or_parted_are_one_difference_of_form() -> None:
    found = differences("the data base of this house", "the database of thishouse")
    assert told(found) == [("changed", "form", "data base", "database"), ("changed", "form", "this house", "thishouse")]


def test_a_line_left_out_and_a_line_invented_are_told() -> None:
    read = PAGE.replace("The keeper wrote the wind and the swell into his book.\n", "") + "\nTotal 44 whales."
    found = differences(PAGE, read)
    assert told(found) == [
        ("added", "number", "", "Total 44 whales."),
        ("missing", "word", "The keeper wrote the wind and the swell into his book.", ""),
    ]
    assert [line.text for line in found.skipped] == ["The keeper wrote the wind and the swell into his book."]
    assert [line.text for line in found.extra] == ["Total 44 whales."]
    assert [(stray.text, stray.kind) for stray in found.only_right] == [
        ("44", "number"),
        ("Total", "word"),
        ("whales.", "word"),
    ]
    missing = found.items[1]
    assert read[: missing.right_span[0]].endswith("station was lit.")


def test_a_block_that_stands_elsewhere_was_moved_and_is_neither_missing_nor_added() -> None:
    first, second = PAGE.split("\n\n")
    found = differences(PAGE, f"{second}\n\n{first}")
    assert found.items == ()
    (moved,) = found.moved
    assert moved.text == " ".join(first.split())
    assert f"{second}\n\n{first}"[slice(*moved.right_span)] == first


def test_misreadings_in_a_moved_block_are_found_at_both_its_ends_too() -> None:
    first, second = PAGE.split("\n\n")
    read = first.replace("The invoice of 12", "Tne invoice of 17").replace("1,284", "1,234").replace("late", "1ate")
    found = differences(PAGE, f"{second}\n\n{read}")
    assert [(item.left, item.right) for item in found.items] == [
        ("€1,284.50", "€1,234.50"),
        ("late.", "1ate."),
        ("12", "17"),
        ("The", "Tne"),
    ]
    assert [block.text for block in found.moved] == [" ".join(first.split())]


def test_four_words_elsewhere_are_too_few_to_be_a_block() -> None:
    found = differences("Four small words here. " + PAGE, PAGE + " Four small words here.")
    assert found.moved == ()
    assert [item.how for item in found.items] == ["missing", "added"]


def test_frequent_words_are_not_junk() -> None:
    left = " ".join(f"the lamp {n}" for n in range(300))  # difflib would drop "the" and "lamp"
    found = differences(left, left.replace("lamp 77 ", "lump 77 "))
    assert told(found) == [("changed", "word", "lamp", "lump")]


def test_what_does_not_count_is_not_told() -> None:
    assert differences("“Total: It was.”", "total it was", BARE).items == ()


def test_texts_of_nothing() -> None:
    assert differences("", "").items == ()
    assert told(differences("", "three words here")) == [("added", "word", "", "three words here")]
    assert told(differences("three words here", "")) == [("missing", "word", "three words here", "")]


# laws --------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(WORDS, WORDS, st.integers(0, 40))
def test_every_word_is_told_exactly_once(left: list[str], right: list[str], cut: int) -> None:
    right = left[cut:] + right + left[:cut]  # with blocks that moved
    found = align(left, right)
    mine = [i for i, _ in found.same] + [i for p in found.changed for i in range(p.i1, p.i2)] + list(found.missing)
    theirs = [j for _, j in found.same] + [j for p in found.changed for j in range(p.j1, p.j2)] + list(found.added)
    assert sorted(mine) == list(range(len(left)))
    assert sorted(theirs) == list(range(len(right)))
    assert all(left[i] == right[j] for i, j in found.same)
    assert all(left[p.i1 : p.i2] != right[p.j1 : p.j2] for p in found.changed)


@given(WORDS, WORDS)
def test_places_hold_the_words_that_differ(left: list[str], right: list[str]) -> None:
    mine, theirs = " ".join(left), "\n".join(right)
    for item in differences(mine, theirs).items:
        assert mine[slice(*item.left_span)] == item.left
        assert " ".join(theirs[slice(*item.right_span)].split()) == item.right


@given(st.integers(0, 10_000), st.integers(5, 60), st.integers(5, 60))
def test_two_blocks_that_changed_places_are_one_move(seed: int, first: int, second: int) -> None:
    words = [f"w{n}" for n in range(first + second)]
    random.Random(seed).shuffle(words)
    found = align(words, words[first:] + words[:first])
    assert (found.changed, found.missing, found.added) == ((), (), ())
    assert [pair.i2 - pair.i1 for pair in found.moved] == [min(first, second)]


@given(st.integers(0, 10_000), st.integers(0, 199))
def test_one_digit_edited_anywhere_is_one_item(seed: int, at: int) -> None:
    chance = random.Random(seed)
    words = [chance.choice("the lamp was lit by Anna at nine".split()) for _ in range(200)]
    words[at] = "1,284.50"
    edited = [*words[:at], "1,234.50", *words[at + 1 :]]
    assert told(differences(" ".join(words), " ".join(edited)))[0] == ("changed", "number", "1,284.50", "1,234.50")
    assert len(differences(" ".join(words), " ".join(edited)).items) == 1
