"""How handlers are wired to the page."""

import gradio as gr
import pytest

from pipelines.errors import UsageError
from playground.tabs.shell import wire


def wired(handler, outputs):
    """A handler as Gradio calls it."""
    with gr.Blocks() as page:
        button, panels = gr.Button(), [gr.HTML() for _ in range(outputs)]
        wire([button.click], handler, [], panels)
    (found,) = page.fns.values()
    return found.fn


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_generator_ends_with_an_update_that_changes_nothing(outputs):
    """Gradio sends the last update again when a generator ends, over whatever another handler drew meanwhile."""

    def handler():
        yield "drawn" if outputs == 1 else ["drawn"] * outputs

    first, last = wired(handler, outputs)()
    nothing = gr.skip()
    assert (first, last) == (("drawn", nothing) if outputs == 1 else (["drawn"] * outputs, [nothing] * outputs))


def test_what_a_person_can_mend_is_shown_as_a_message():
    def handler():
        yield "drawn"
        raise UsageError("<b>No</b> such page.")

    drawing = wired(handler, 1)()
    assert next(drawing) == "drawn"
    with pytest.raises(gr.Error, match="&lt;b&gt;No"):
        next(drawing)
