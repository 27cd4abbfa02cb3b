"""What is searched is not always what is read: windows, long chunks, parents."""

from __future__ import annotations

import pytest

from pipelines import Recipe
from pipelines.retrieval.candidates import Candidate
from pipelines.retrieval.widen import merge, passages
from pipelines.stores.payload import searched_text
from tests.test_library import open_library

CRABS = (
    "# Crabs\n\nThe shore crab bites. It lives under stones. Its shell is green. "
    "Herons eat it.\n\n"
    "# Ships\n\nThe ferry sails at seven. Fares are two crowns. Dogs travel free. Bring your own rope.\n"
)


def place(start, end, **more):
    return {"doc_id": "d", "start": start, "end": end, **more}


def ranked(*names):
    return [Candidate(name, 1 / n, {}) for n, name in enumerate(names, 1)]


def test_pieces_of_one_passage_are_one_hit_at_the_best_rank():
    payloads = {"a": place(0, 10, read=[0, 30]), "b": place(40, 50), "c": place(10, 30, read=[0, 30])}
    found = passages(ranked("c", "b", "a"), payloads)
    assert [(one.candidate.id, one.read, one.found) for one in found] == [
        ("c", (0, 30), ((10, 30), (0, 10))),
        ("b", (40, 50), ((40, 50),)),
    ]


def test_what_was_deleted_meanwhile_drops_out():
    assert [one.candidate.id for one in passages(ranked("a", "b"), {"b": place(0, 5)})] == ["b"]


def test_nodes_of_other_programs_stay_apart():
    assert len(passages(ranked("a", "b"), {"a": {}, "b": {}})) == 2


PARENTED = {
    name: place(at * 10, at * 10 + 9, parents=[[at // 3 * 30, at // 3 * 30 + 29, 3], [0, 59, 2]])
    for at, name in enumerate("abcdef")
}


@pytest.mark.parametrize(
    ("found", "share", "read"),
    [
        ("ad", 0.5, [(0, 9), (30, 39)]),  # a third of each: neither is read whole
        ("adb", 0.5, [(0, 29), (30, 39)]),  # two thirds of the first; a half of the whole is not more than a half
        ("dabe", 0.5, [(0, 59)]),  # both parents, so theirs too
        ("abc", 1.0, [(0, 9), (10, 19), (20, 29)]),
        ("da", 0.3, [(0, 59)]),
    ],
)
def test_a_parent_is_read_when_most_of_its_pieces_are_found(found, share, read):
    assert [one.read for one in merge(passages(ranked(*found), PARENTED), share)] == read


def test_a_parent_takes_the_place_of_its_best_piece():
    merged = merge(passages(ranked("d", "a", "b"), PARENTED), 0.5)
    assert [(one.candidate.id, one.read, one.found) for one in merged] == [
        ("d", (30, 39), ((30, 39),)),
        ("a", (0, 29), ((0, 9), (10, 19))),
    ]


def test_headers_are_searched_by_their_words_too():
    payload = {"_node_content": '{"text": "It bites."}', "header": "Guide › Crabs"}
    assert searched_text(payload) == "Guide › Crabs\n\nIt bites."


# the whole way, on real parts ---------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path) as opened:
        yield opened


def search(library, question, *knobs, k=1):
    recipe = Recipe().set([*knobs, f"retriever.k={k}"])
    library.add_text("coast.md", CRABS)
    return library.search(question, recipe)


def test_a_sentence_is_found_and_its_window_is_read(library):
    hit = search(library, "When does the ferry sail?", "chunker=window", "chunker.neighbours=1").hits[0]
    assert CRABS[slice(*hit.matched[0])] == "The ferry sails at seven."
    assert hit.text == CRABS[hit.start : hit.end]
    assert hit.text.startswith("# Ships")
    assert hit.text.endswith("Fares are two crowns.")
    assert hit.to_json()["matched"] == [list(hit.matched[0])]


def test_a_parent_is_read_instead_of_its_pieces(library):
    knobs = ("chunker=hierarchical", "chunker.size=12", "chunker.factor=4")
    found = search(library, "Where do crabs live and what do they look like, bite, eat?", *knobs, k=4)
    longest = max(found.hits, key=lambda hit: hit.end - hit.start)
    assert len(longest.matched) > 1
    assert longest.text == CRABS[longest.start : longest.end]


def test_a_long_chunk_is_searched_in_parts_and_read_whole(library):
    text = "Nothing happens here at all. " * 60 + "The lighthouse keeper is called Edda. " + "More of the same. " * 60
    library.add_text("long.txt", text)
    recipe = Recipe().set(["chunker=page", "chunker.size=8000", "retriever.k=5"])
    (hit,) = library.search("What is the lighthouse keeper called?", recipe).hits
    assert hit.text == text.strip()
    assert "Edda" in text[slice(*hit.matched[0])]
    assert hit.matched[0][1] - hit.matched[0][0] < len(text) / 2
    listed = next(d for d in library.documents(recipe) if d.document == "long.txt")
    assert listed.chunks == 1
    assert "longer than the embedding model reads" in listed.reason


def test_the_header_helps_to_find(library):
    knobs = ("chunker=markdown", "chunker.size=8", "retriever=keyword")
    bare = search(library, "ships rope", *knobs, "chunker.header=false", k=9)
    led = search(library, "ships rope", *knobs, "chunker.header=true", k=9)
    assert len(led.hits) > len(bare.hits)
    assert led.hits[0].text.startswith("Bring your own rope")
    assert "Ships" not in led.hits[0].text


def test_quotes_from_a_window_are_words_of_the_document(library):
    from pipelines.events import Answered

    library.add_text("coast.md", CRABS)
    recipe = Recipe().set(["answer=quotes", "chunker=window"])
    *_, last = library.ask("When does the ferry sail?", recipe)
    assert isinstance(last, Answered)
    assert all(CRABS[q.start : q.end] == q.text for c in last.citations for q in c.quotes)
    assert "seven" in last.text


def test_the_old_library_still_opens(tmp_path):
    with open_library(tmp_path) as first:
        first.add_text("coast.md", CRABS)
    with open_library(tmp_path) as second:
        assert second.search("ferry", Recipe().set(["chunker=window"])).hits
