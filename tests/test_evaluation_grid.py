"""Grids of recipes: which there are, what has no effect, what each is called."""

from __future__ import annotations

import pytest

from pipelines.errors import UsageError
from pipelines.evaluation.grid import grid, label
from pipelines.recipe import Recipe

DECIDING = ("embedder", "retriever", "reranker")


def test_a_grid_has_every_combination_in_the_order_given() -> None:
    made, _ = grid([Recipe()], ["retriever=hybrid,semantic", "retriever.k=3, 7"])
    assert [(r.retriever.name, r.retriever.params.k) for r in made] == [
        ("hybrid", 3),
        ("hybrid", 7),
        ("semantic", 3),
        ("semantic", 7),
    ]


def test_without_variations_the_bases_stand_for_themselves() -> None:
    bases = [Recipe(), Recipe().set(["retriever=keyword"])]
    assert grid(bases, []) == (bases, [])


@pytest.mark.parametrize(
    "wrong", ["retriever", "retriever=", "retriever.alpha=,", "retriver=a", "retriever.alpha=much"]
)
def test_a_wrong_variation_is_usage(wrong: str) -> None:
    with pytest.raises(UsageError):
        grid([Recipe()], [wrong])


def test_a_recipe_is_labelled_by_what_differs() -> None:
    made, _ = grid([Recipe()], ["retriever.alpha=0.25,0.75"])
    assert [label(recipe, made, DECIDING) for recipe in made] == ["hybrid(alpha=0.25)", "hybrid(alpha=0.75)"]


def test_a_label_leaves_out_what_all_have_and_tells_defaults_where_others_differ() -> None:
    turned = ["retriever.depth=50"]
    made, _ = grid([Recipe().set(turned)], ["retriever.k=3,5", "reranker=none"], turned)
    assert [label(recipe, made, DECIDING) for recipe in made] == ["hybrid(k=3)", "hybrid(k=5)"]
    parts, _ = grid([Recipe().set(turned)], ["retriever=keyword,hybrid"], turned)
    assert [label(recipe, parts, DECIDING) for recipe in parts] == ["keyword", "hybrid"]
    assert label(made[0], made[:1], DECIDING) == "hybrid(k=3, depth=50)"


def test_knobs_turned_for_all_hold_for_parts_put_in_anothers_place() -> None:
    turned = ["chunker.size=64", "chunker.overlap=0", "retriever.k=7"]
    base = Recipe().set(turned)
    made, notes = grid([base], ["chunker=sentence,hierarchical", "chunker.size=32,64"], turned)
    assert [(r.chunker.name, r.chunker.params.size, r.retriever.params.k) for r in made] == [
        ("sentence", 32, 7),
        ("sentence", 64, 7),
        ("hierarchical", 32, 7),
        ("hierarchical", 64, 7),
    ]
    assert notes == ["chunker.overlap: of no effect on hierarchical, which has no such knob."]


def test_a_knob_has_no_effect_on_parts_that_lack_it_and_equal_recipes_stand_once() -> None:
    made, notes = grid([Recipe()], ["retriever=keyword,hybrid,semantic", "retriever.fusion=relative,rrf"])
    assert [(one.retriever.name, getattr(one.retriever.params, "fusion", None)) for one in made] == [
        ("keyword", None),
        ("hybrid", "relative"),
        ("hybrid", "rrf"),
        ("semantic", None),
    ]
    assert notes == ["retriever.fusion: of no effect on keyword, semantic, which have no such knob."]


def test_a_knob_of_one_base_alone() -> None:
    made, notes = grid([Recipe(), Recipe().set(["retriever=keyword"])], ["retriever.alpha=0.2,0.8"])
    assert [one.retriever.name for one in made] == ["hybrid", "hybrid", "keyword"]
    assert len(notes) == 1


def test_values_and_bases_given_twice_are_one() -> None:
    made, notes = grid([Recipe(), Recipe()], ["retriever.k=3,3"])
    assert (len(made), notes) == (1, [])


def test_a_knob_that_no_recipe_has_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match="fusion") as caught:
        grid([Recipe()], ["retriever=keyword,semantic", "retriever.fusion=rrf"])
    assert "depth" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "split"),
    [
        ('null,["a","b"]', [None, ("a", "b")]),
        ('["},"],["x,y"]', [("},",), ("x,y",)]),
        ("],}", [("]",), ("}",)]),
        ("[,{", [("[",), ("{",)]),
    ],
)
def test_a_json_list_is_one_value(values: str, split: list[object]) -> None:
    recipes, _ = grid([Recipe()], [f"sampling.stop={values}"])
    assert [one.choice("sampling").params.stop for one in recipes] == split  # type: ignore[attr-defined]


def test_a_schema_is_one_value() -> None:
    schema = '{"type":"object","required":["a","b"]}'
    recipes, _ = grid([Recipe()], [f"sampling.format=null,{schema}"])
    assert [one.choice("sampling").params.format for one in recipes] == [None, schema]  # type: ignore[attr-defined]
