"""Forms drawn from Params: every knob of every part comes back from its form as it went in."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import registry
from pipelines.registry import Need, Part, PartParams, knob
from playground import forms
from playground.forms import controls, from_form, menu, to_form

PARTS = [pytest.param(p, id=f"{p.section}-{p.name}") for p in registry.parts()]


class Params(PartParams):
    share: float = knob(0.5, "A share.", minimum=0, maximum=1, step=0.05, source="a paper")
    size: int = knob(200, "A size.", minimum=16, maximum=2000)
    language: Literal["english", "german"] = knob("english", "A language.")
    exact: bool = knob(True, "A switch.", fold=True)
    seed: int | None = knob(None, "A seed.", minimum=0, maximum=10)
    stop: tuple[str, ...] | None = knob(None, "Texts.")
    template: str = knob("a\nb", "A text.")
    method: Literal["a", "b"] | None = knob(None, "A choice or none.")


def part(**more):
    return Part("retriever", "test", "Test", "", Params, lambda: None, **more)


def control(name):
    return next(c for c in controls(part()) if c.field == name)


def test_kinds_bounds_and_words():
    found = {c.field: c for c in controls(part())}
    assert list(found) == list(Params.model_fields)
    kinds = {name: c.kind for name, c in found.items()}
    assert kinds == {
        "share": "slider", "size": "integer", "language": "choice", "exact": "switch", "seed": "integer",
        "stop": "lines", "template": "text", "method": "choice",
    }  # fmt: skip
    share = found["share"]
    assert (share.minimum, share.maximum, share.step, share.fold) == (0, 1, 0.05, False)
    assert share.info == "A share. Source: a paper."
    assert found["exact"].fold
    assert found["language"].choices == ("english", "german")
    assert [name for name, c in found.items() if c.optional] == ["seed", "stop", "method"]
    assert "model’s own" in found["seed"].info


@pytest.mark.parametrize(
    ("name", "shown", "value"),
    [
        ("size", 300.0, 300),
        ("size", None, 200),  # an emptied box is the default, where nothing is not allowed
        ("share", 0.25, 0.25),
        ("seed", None, None),
        ("seed", 7.0, 7),
        ("seed", 0, 0),
        ("stop", "", None),
        ("stop", "END\n\nSTOP", ["END", "STOP"]),
        ("template", "", ""),
        ("method", None, None),
        ("exact", False, False),
    ],
)
def test_from_form(name, shown, value):
    found = from_form(control(name), shown)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("found", PARTS)
def test_every_part_survives_its_form(found):
    defaults = found.make_params()
    values = {c.field: from_form(c, to_form(c, getattr(defaults, c.field))) for c in controls(found)}
    assert found.make_params(values) == defaults


@pytest.mark.parametrize("found", PARTS)
def test_every_knob_explains_itself_and_is_drawn(found):
    import gradio as gr

    defaults = found.make_params()
    with gr.Blocks(analytics_enabled=False):
        for c in controls(found):
            assert c.description, f"{c.field} has no description"
            component = forms.draw(c, getattr(defaults, c.field))
            assert component.elem_id == f"{found.section}-{found.name}-{c.field}"


@given(
    share=st.floats(0, 1), size=st.integers(16, 2000), seed=st.none() | st.integers(0, 10), exact=st.booleans(),
    stop=st.none() | st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), min_size=1), min_size=1),
)  # fmt: skip
def test_any_values_survive_the_form(**values):
    params = part().make_params(values)
    back = {c.field: from_form(c, to_form(c, getattr(params, c.field))) for c in controls(part())}
    assert part().make_params(back) == params


def test_a_part_that_lacks_something_says_what_installs_it(monkeypatch):
    lacking = part(needs=(Need("pip install nosuch", module="no_such_module"),))
    monkeypatch.setattr(registry, "parts", lambda section: [lacking, part()])
    assert menu("retriever") == [("Test — needs: pip install nosuch", "test"), ("Test", "test")]


@pytest.mark.parametrize("section", ["chunker", "reader", "retriever", "reranker"])
def test_parts_that_share_a_knob_show_it_in_one_way(section):
    """A lab's column has one field a name, whichever part it stands for."""
    known = {}
    for part in registry.parts(section):
        for one in forms.controls(part):
            first = known.setdefault(one.field, one)
            assert one.kind == first.kind, f"{one.field}: {part.name} and {first.part}"
