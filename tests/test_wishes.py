"""A wish that a later one overtook leaves the page as it is."""

import gradio as gr

from playground.tabs.wishes import Wishes
from playground.tasks import Tasks

FORM = "the form as it was when the lab was opened"


def _opening(wishes, made):
    """As the labs do: what the form shows goes before the first update of the board."""
    first = [FORM]
    for update in wishes.redraw(
        "lab", made, ["state"], lambda flag: iter([["<p>A</p>", None], ["<p>A</p>", "<p>B</p>"]])
    ):
        yield [*first, *update]
        first = [gr.skip()]


def _wishes(tasks):
    return Wishes(tasks, kept=None, lab=None, moment=None, outputs=["state", "a", "b"], id_of=str)


def test_the_form_comes_before_the_first_update_of_the_board():
    updates = list(_opening(_wishes(Tasks()), 1000.0))
    assert [update[0] for update in updates] == [FORM, gr.skip(), gr.skip()]
    assert [update[2:] for update in updates[1:]] == [["<p>A</p>", gr.skip()], [gr.skip(), "<p>B</p>"]]


def test_a_strategy_picked_while_the_lab_opens_is_not_undone():
    tasks = Tasks()
    tasks.begin("lab", 1500.0)  # picked after the lab was opened, and served before
    assert list(_opening(_wishes(tasks), 1000.0)) == []
