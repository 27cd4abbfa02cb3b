"""The newest state wins over what a page still believes."""

from playground.finding.state import Finding
from playground.lab.state import Lab
from playground.labs import Labs
from playground.reading.state import Reading


def test_a_second_act_does_not_undo_the_first():
    labs, page = Labs(), Finding().keep()
    labs.keep(labs.now(Finding, page).to(shown=4))
    labs.keep(labs.now(Finding, page).to(asked="What?"))  # sent before the first answer came back
    now = labs.now(Finding, page)
    assert (now.shown, now.asked) == (4, "What?")


def test_two_acts_at_once_undo_nothing_of_each_other():
    labs, page = Labs(), Finding().keep()
    one, other = labs.now(Finding, page), labs.now(Finding, page)  # both handlers have read the state
    first = labs.keep(one.to(shown=4))
    both = labs.keep(other.to(asked="What?"))
    assert (both.shown, both.asked) == (4, "What?")
    again = labs.keep(first.to(shown=2))  # made of the one before
    assert (again.shown, again.asked) == (2, "What?")
    assert labs.now(Finding, page) == again
    assert again.revision == 3


def test_a_state_too_old_to_compare_counts_as_it_is():
    labs, lab = Labs(), Finding()
    old = labs.now(Finding, lab.keep())
    for n in range(40):
        labs.keep(labs.now(Finding, lab.keep()).to(asked=str(n)))
    assert labs.keep(old.to(shown=4)).shown == 4


def test_labs_and_pages_are_kept_apart():
    labs, lab = Labs(), Lab()
    other = Finding(id=lab.id)
    labs.keep(lab.to(shown=3))
    assert labs.now(Finding, other.keep()) == other
    assert labs.now(Lab, Lab().keep()).shown == 2


def test_a_page_is_believed_after_a_restart():
    known = Lab(shown=4).keep()
    assert Labs().now(Lab, known).shown == 4


def test_of_two_turns_of_a_slider_the_later_one_counts_whichever_comes_first():
    labs, page = Labs(), Reading().keep()
    first, later = labs.now(Reading, page), labs.now(Reading, page)  # both handlers have read the state
    labs.keep(later.to(degrade={"blur": 3}), made=200.0)
    kept = labs.keep(first.to(degrade={"blur": 1}), made=100.0)
    assert kept.degrade.blur == 3
    late = labs.now(Reading, page)  # a handler that had not even begun
    assert labs.keep(late.to(degrade={"blur": 2}), made=150.0).degrade.blur == 3
    assert labs.keep(labs.now(Reading, page).to(degrade={"blur": 4}), made=300.0).degrade.blur == 4


def test_an_older_act_still_changes_what_no_later_one_did():
    labs, page = Labs(), Reading().keep()
    late = labs.now(Reading, page)
    labs.keep(labs.now(Reading, page).to(degrade={"blur": 3}), made=200.0)
    kept = labs.keep(late.to(shown=4, degrade={"blur": 1}), made=100.0)
    assert (kept.shown, kept.degrade.blur) == (4, 3)
