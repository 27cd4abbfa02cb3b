"""What a stream sends: applied as Gradio's page does it, no update changes one that was sent before."""

from copy import deepcopy
from types import SimpleNamespace
from uuid import uuid4

import gradio as gr
from hypothesis import given
from hypothesis import strategies as st

from playground.streaming import Blocks

PAGE, TWO = Blocks(analytics_enabled=False), SimpleNamespace(outputs=[None, None])


def stream(updates):
    """What is sent for updates of two outputs."""
    run = uuid4().hex
    return [deepcopy(PAGE.handle_streaming_diffs(TWO, list(one), "session", run, False)) for one in updates]


def seen(sent):
    """The updates as the page has them once all have come: it applies edits to the very objects it has."""
    last, found = list(sent[0]), [list(sent[0])]
    for update in sent[1:]:
        last = [edited(old, edits) for old, edits in zip(last, update, strict=True)]
        found.append(list(last))
    return found


def edited(old, edits):
    for action, path, value in edits:
        if not path:
            old = value if action == "replace" else old + value
            continue
        inner = old
        for step in path[:-1]:
            inner = inner[step]
        if action == "delete":
            del inner[path[-1]]
        elif action == "append":
            inner[path[-1]] += value
        elif isinstance(inner, list) and action == "add":
            inner.insert(path[-1], value)
        else:
            inner[path[-1]] = value
    return old


def test_an_update_that_says_nothing_leaves_the_one_before_as_it_was():
    updates = [[gr.update(visible=True), {"id": "a", "shown": 3}], [gr.skip(), gr.skip()]]
    assert seen(stream(updates)) == updates


def test_a_text_grows_by_what_is_new():
    _, second = stream([["The tide", None], ["The tide turns.", None]])
    assert second == [[["append", [], " turns."]], []]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.lists(VALUES, min_size=2, max_size=2), min_size=1, max_size=5))
def test_every_update_stays_what_it_was(updates):
    assert seen(stream(updates)) == updates
