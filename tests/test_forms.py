"""Forms drawn from Params: every knob of every part comes back from its form as it went in."""

import json
from typing import Literal

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from pipelines import registry
from pipelines.errors import UsageError
from pipelines.recipe import choose
from pipelines.registry import Need, Part, PartParams, knob
from playground import forms
from playground.forms import controls, from_form, menu, to_form
from playground.tabs.knob_form import KnobForm
from playground.views.knobs import Remark

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
        "share": "slider", "size": "integer", "language": "choice", "exact": "switch", "seed": "slider",
        "stop": "lines", "template": "text", "method": "choice",
    }  # fmt: skip
    share = found["share"]
    assert (share.minimum, share.maximum, share.step, share.fold) == (0, 1, 0.05, False)
    assert share.info == "A share. Source: a paper."
    assert found["exact"].fold
    assert found["language"].choices == ("english", "german")
    assert [name for name, c in found.items() if c.optional] == ["seed", "stop", "method"]
    assert [found[name].nothing for name in ("share", "seed")] == ["", "none"]
    assert [found[name].whole for name in ("share", "size", "seed", "exact")] == [False, True, True, False]
    temperature = controls(registry.get("sampling", "default"))[0]
    assert (temperature.kind, temperature.nothing) == ("slider", "default")
    assert "model’s own" in temperature.info


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


def form_of(found, **more):
    """The form of a part's section, and the part with its defaults."""
    first = choose(found.section, found.name)
    return KnobForm(found.section, "here", first, "A label", **more), first


@pytest.mark.parametrize("found", PARTS)
def test_every_knob_explains_itself_and_is_drawn(found):
    form, first = form_of(found)
    told = json.loads(form.value(first))
    assert (told["name"], list(told["fields"])) == (found.name, [c.field for c in controls(found)])
    for c in controls(found):
        assert c.description, f"{c.field} has no description"
        assert set(c.only) <= set(told["fields"]), f"{c.field} depends on what is not there"
        assert f'id="here-{c.field}"' in told["markup"]
        assert f'name="{c.field}"' in told["markup"]
        assert str(escape(c.info)) in told["markup"]


@pytest.mark.parametrize("found", PARTS)
def test_what_a_form_shows_it_reads(found):
    form, first = form_of(found)
    if not found.available:
        with pytest.raises(UsageError, match="not installed"):
            form.read(form.value(first), first)
        return
    assert form.read(form.value(first), first) == first
    assert form.after(first, first) == gr.skip()


def said(form, choice, **fields):
    """The form's value after a person turned knobs."""
    told = json.loads(form.value(choice))
    return json.dumps({**told, "fields": {**told["fields"], **fields}})


def test_a_form_reads_what_was_turned_and_refuses_what_cannot_be():
    form, first = form_of(registry.get("retriever", "hybrid"))
    turned = form.read(said(form, first, k=7, alpha=0.25, threshold=None), first)
    assert (turned.params.k, turned.params.alpha, turned.params.threshold) == (7, 0.25, None)
    with pytest.raises(UsageError, match="k"):
        form.read(said(form, first, k=0), first)


def test_another_part_keeps_the_knobs_that_were_turned():
    form, first = form_of(registry.get("retriever", "hybrid"))
    turned = form.read(said(form, first, k=7, alpha=0.25), first)
    told = json.loads(form.value(turned))
    other = form.read(json.dumps({**told, "name": "keyword"}), turned)
    assert (other.name, other.params.k) == ("keyword", 7)
    shown = json.loads(form.after(other, turned))
    assert shown["name"] == "keyword"
    assert "alpha" not in shown["fields"]


def test_knobs_left_out_stay_as_they_are():
    form, first = form_of(registry.get("sampling", "default"), without=("num_ctx",))
    assert "num_ctx" not in json.loads(form.value(first))["fields"]
    wide = choose("sampling", {"name": "default", "params": {"num_ctx": 512}})
    assert form.read(said(form, wide, top_k=5), wide).params.model_dump(exclude_defaults=True) == {
        "num_ctx": 512, "top_k": 5,
    }  # fmt: skip


def test_what_stands_in_and_what_is_ignored_is_said():
    form, first = form_of(registry.get("sampling", "default"))
    remarks = {"top_k": Remark(standing=40, origin="model file"), "min_p": Remark(ignored="<b>too old</b>")}
    markup = json.loads(form.value(first, remarks))["markup"]
    assert 'placeholder="40"' in markup
    assert "Now 40, from the model file." in markup
    assert 'data-standing="40"' in markup
    assert "Ignored: &lt;b&gt;too old&lt;/b&gt;" in markup
    assert markup.count(" disabled") == 2, "the slider and the number of one knob"


def test_hostile_values_are_no_markup_of_the_form():
    form, _ = form_of(registry.get("prompt", "default"))
    hostile = "</textarea><script>alert(1)</script>{passages} {question}"
    value = form.value(choose("prompt", {"name": "default", "params": {"user": hostile}}))
    assert "<" not in value, "Gradio looks for scripts in values"
    told = json.loads(value)
    assert told["fields"]["user"] == hostile
    assert "alert" not in told["markup"]


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
