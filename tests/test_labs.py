"""The newest state wins over what a page still believes."""

from playground.finding.state import Finding
from playground.lab.state import Lab
from playground.labs import Labs


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
