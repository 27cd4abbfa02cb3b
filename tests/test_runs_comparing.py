"""Two runs compared, and one made again: worked by hand."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from pipelines.recipe import Recipe
from pipelines.runs.comparing import compare, passages, words
from pipelines.runs.numbers import NUMBERS, in_order, key_numbers, number
from pipelines.runs.reproducing import verdict
from pipelines.runs.run import Details, Run
from playground.runs.words import difference, told
from playground.views import run_pair, shared

TEXTS = st.text(alphabet="ab \n", max_size=40)


def hit(document, start, rank, score=1.0, **ranks):
    scores = {stage: {"rank": place, "score": 0.5} for stage, place in ranks.items()}
    place = {"document": document, "page": 1, "start": start, "end": start + 10, "text": f"{document} {start}"}
    return {"rank": rank, "score": score, "scores": {"semantic": None, **scores}, **place}


def run(recipe=None, numbers=None, **more):
    return Run("1", "ask", 0.0, "done", recipe=(recipe or Recipe()).to_json(), numbers=numbers or {}, **more)


def test_words_that_only_one_says_are_told_apart():
    found = [(piece.side, piece.text) for piece in words("the red lamp is on", "the green lamp is on now")]
    assert found == [("both", "the"), ("left", "red"), ("right", "green"), ("both", "lamp is on"), ("right", "now")]
    assert words("", "") == ()
    assert [piece.side for piece in words("a b", "a  b")] == ["both"]  # white space is no difference


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_their_comparison(left, right):
    pieces = words(left, right)
    sides = {"left": left, "right": right}
    for side, text in sides.items():
        assert " ".join(piece.text for piece in pieces if piece.side in ("both", side)).split() == text.split()


def test_a_text_too_long_is_not_compared():
    assert words("a " * 20_001, "a") is None


def test_passages_keep_their_ranks_in_both():
    left = [hit("a.pdf", 0, 1, semantic=1), hit("a.pdf", 50, 2, semantic=4)]
    right = [hit("b.pdf", 0, 1, semantic=2), hit("a.pdf", 0, 2, semantic=1)]
    found = passages(left, right)
    assert [(one.document, one.start) for one in found] == [("a.pdf", 0), ("b.pdf", 0), ("a.pdf", 50)]
    assert found[0].left == {"semantic": 1, "hits": 1}
    assert found[0].right == {"semantic": 1, "hits": 2}
    assert found[1].left == {"hits": None}


def test_what_differs_is_named_and_nothing_else():
    recipe = Recipe().with_("retriever", k=3)
    one = (
        run(numbers={"ttft_s": 1.0, "hits": 5}, question="Who?"),
        Details({"pages": [1]}, {"answer": "No."}, {"app": "1"}),
    )
    two = run(recipe, {"ttft_s": 2.0}, question="Who?"), Details({"pages": None}, {"answer": "No."}, {"app": "2"})
    found = compare(one, two)
    assert found.recipe == {"retriever.k": (5, 3)}
    assert found.inputs == {"pages": ([1], None)}
    assert found.versions == {"app": ("1", "2")}
    assert found.numbers == (("ttft_s", 1.0, 2.0), ("hits", 5, None))
    assert found.same_text


def test_a_recipe_of_another_app_is_compared_without_it():
    broken = run(question="x")
    gone = Run("2", "ask", 0.0, "done", recipe=json.dumps({"chunker": {"name": "gone", "params": {}}}))
    assert compare((broken, Details()), (gone, Details())).recipe == {}
    assert gone.known_recipe is None


def test_the_direction_decides_what_is_better():
    assert difference("ttft_s", 1.0, 0.5) == ("−0.50 s", "better")
    assert difference("ttft_s", 1.0, 0.8) == ("−0.20 s", ""), "within what times vary"
    assert difference("tokens_per_s", 10, 20) == ("+10.0 tokens/s", "better")
    assert difference("recall@5", 0.5, 0.4) == ("−10.0 points", "worse")
    assert difference("hits", 5, 3) == ("−2", "")
    assert difference("cer", 0.02, 0.02) == ("same", "")


def test_numbers_have_units_and_metrics_are_shares():
    assert told("prompt_tokens", 1204) == "1,204 tokens"
    assert told("ndcg@10", 0.8214, named=True) == "ndcg@10 82.1 %"
    assert told("seconds", 0) == "under 1 ms"
    assert told("p95_ms", 12) == "12 ms"
    assert number("recall@5").better == "higher"
    assert in_order({"recall@5", "hits", "seconds"}) == ["seconds", "hits", "recall@5"]
    assert key_numbers("ask", {"citations": 1, "ttft_s": 2}) == ["ttft_s", "citations"]
    assert all(known.means.endswith(".") for known in NUMBERS.values())


def test_reproduced_is_the_same_passages_scores_and_words():
    before = {"hits": [hit("a.pdf", 0, 1, 0.5)], "answer": "Yes."}
    assert verdict("ask", before, before).same
    assert verdict("search", before, {"hits": [hit("a.pdf", 0, 1, 0.5 + 1e-9)]}).same
    assert not verdict("search", before, {"hits": [hit("a.pdf", 0, 1, 0.51)]}).same
    assert not verdict("search", before, {"hits": []}).same
    assert "but another answer" in verdict("ask", before, {**before, "answer": "No."}).said
    assert "by chance" in verdict("ask", before, {**before, "answer": "No."}, seeded=False).said
    moved = {"hits": [hit("a.pdf", 9, 1, 0.5)], "answer": "Yes."}
    assert "Other passages" in verdict("ask", before, moved).said


def test_reproduced_is_told_of_every_kind():
    assert verdict("chunk", {"chunks": [{"start": 0}]}, {"chunks": [{"start": 0}]}).same
    assert not verdict("chunk", {"chunks": [{"start": 0}]}, {"chunks": []}).same
    columns = {"columns": [{"samples": [{"text": "a"}, {"text": "b"}]}]}
    assert verdict("sample", columns, columns).same
    assert not verdict("sample", columns, {"columns": [{"samples": [{"text": "a"}]}]}).same
    rows = {"rows": [{"metrics": {"recall": {"mean": 0.5}}}]}
    assert verdict("evaluate", rows, rows).same
    assert not verdict("evaluate", rows, {"rows": [{"metrics": {"recall": {"mean": 0.6}}}]}).same
    assert verdict("read", {"text": "x"}, {"text": "x"}).same
    assert not verdict("read", {"rows": [{"text": "x"}]}, {"rows": [{"text": "y"}]}).same


def test_a_page_opens_without_the_app():
    sides = [(run(question=f"<b>{letter}</b>"), Details(outputs={"answer": f"<i>{letter}</i>"})) for letter in "AB"]
    for page in (shared.page(*sides[0]), shared.pair_page(*sides)):
        assert page.startswith("<!doctype html>\n<html")
        assert "<b>A</b>" not in page
        assert "<i>A</i>" not in page
        assert not re.search(r"<script|https?://|url\(|@import|src=", page)


def test_what_is_empty_in_both_is_no_difference():
    left, right = run(question="Who?"), run(question="Who?")
    sides = [(left, Details(inputs={"documents": [], "pages": [1]})), (right, Details(inputs={"documents": None}))]
    told = str(run_pair.strip(left, right, compare(*sides)))
    assert "documents" not in told
    assert "pages: " in told
    assert told.count(" – ") == 1
