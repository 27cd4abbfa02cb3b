"""What each strategy does that the others do not, on cases worked by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipelines.chunking.base import Bench, Span
from pipelines.chunking.cluster import best_groups
from pipelines.chunking.sections import sections
from pipelines.loading.document import Document, Heading, Health, Page
from pipelines.loading.plain import markdown_headings
from tests.test_chunking import Letters, chunks, document, spans


def texts(doc: Document, found: list[Span]) -> list[str]:
    return [doc.text[s.start : s.end] for s in found]


def markdown(text: str) -> Document:
    page = Page(1, "1", 0, len(text), 0, 0)
    return Document("id", "a.md", "markdown", text, (page,), Health(1, 9), tuple(markdown_headings(text)))


# headings -----------------------------------------------------------------------------------------------

GUIDE = "Before all.\n\n# Crabs\n\n## Shore crab\n\nIt bites.\n\n## Spider crab\n\nIt hides. It waits.\n"


@pytest.mark.parametrize("name", ["markdown", "structure"])
def test_a_section_is_a_chunk_and_a_bare_heading_stays_with_what_follows(name):
    doc = markdown(GUIDE)
    assert texts(doc, spans(name, doc, size=200)) == [
        "Before all.",
        "# Crabs\n\n## Shore crab\n\nIt bites.",
        "## Spider crab\n\nIt hides. It waits.",
    ]


@pytest.mark.parametrize("name", ["markdown", "structure"])
def test_depth_says_which_headings_cut(name):
    doc = markdown(GUIDE)
    assert len(spans(name, doc, size=200, depth=1)) == 2


def test_markdown_looks_for_its_marks_in_any_text():
    doc = document("# One\n\nText.\n\n# Two\n\nMore.")
    assert texts(doc, spans("markdown", doc)) == ["# One\n\nText.", "# Two\n\nMore."]


def test_a_long_section_is_cut_at_sentences_and_never_over_its_border():
    doc = markdown("# A\n\nOne is here. Two is here. Three is here.\n\n# B\n\nFour.")
    found = texts(doc, spans("structure", doc, size=32, unit="characters"))
    assert found == ["# A\n\nOne is here. Two is here.", "Three is here.", "# B\n\nFour."]


def test_the_number_of_a_heading_belongs_to_its_section():
    text = "Intro.\n2 Methods\nWe sailed.\n3.1. Results\nFish."
    found = sections(text, [Heading("Methods", 1, 1, 9), Heading("Results", 2, 1, text.index("Results"))], 6)
    assert [text[s.start : s.end] for s in found] == ["Intro.\n", "2 Methods\nWe sailed.\n", "3.1. Results\nFish."]


def test_structure_without_headings_is_sentences_and_says_so():
    doc = document("One. Two.")
    bench = Bench(Letters())
    from pipelines import registry

    part = registry.get("chunker", "structure")
    assert part.build(doc, part.make_params(), bench) == [Span(0, 9)]
    assert "No outline" in bench.notes[0]


# pages --------------------------------------------------------------------------------------------------


def test_a_page_is_a_chunk():
    doc = document("First page. Really.", "Second page.")
    assert texts(doc, spans("page", doc)) == ["First page. Really.", "Second page."]


def test_form_feeds_are_pages_too():
    text = "One.\fTwo. Still two.\fThree."
    doc = Document("id", "a.txt", "text", text, (Page(1, "1", 0, len(text), 0, 0),), Health(1, 5))
    assert texts(doc, spans("page", doc)) == ["One.", "Two. Still two.", "Three."]


# searched and read --------------------------------------------------------------------------------------


def test_a_sentence_is_searched_and_its_neighbours_are_read():
    doc = document("One. Two. Three. Four. Five.")
    found = chunks("window", doc, neighbours=1)
    assert texts(doc, [c.span for c in found]) == ["One.", "Two.", "Three.", "Four.", "Five."]
    assert texts(doc, [c.read for c in found])[:3] == ["One. Two.", "One. Two. Three.", "Two. Three. Four."]


def test_children_know_their_parents():
    doc = document("Aa aa. Bb bb. Cc cc. Dd dd. Ee ee.")
    found = chunks("hierarchical", doc, size=8, factor=2, levels=3, unit="characters")
    assert texts(doc, [c.span for c in found]) == ["Aa aa.", "Bb bb.", "Cc cc.", "Dd dd.", "Ee ee."]
    assert [(doc.text[p.span.start : p.span.end], p.children) for p in found[2].parents] == [
        ("Cc cc. Dd dd.", 2),
        ("Aa aa. Bb bb. Cc cc. Dd dd.", 2),
    ]
    assert [p.children for p in found[4].parents] == [1, 1]


# meaning ------------------------------------------------------------------------------------------------

RAIN = "It rains iii. It iii rains iii. "
CATS = "A cat aaaa ate. An aaaa cat sat aaa. "


@pytest.mark.parametrize("breaks", ["percentile", "deviation"])
def test_semantic_breaks_where_the_subject_changes(breaks):
    doc = document(RAIN + CATS + RAIN)
    found = texts(doc, spans("semantic", doc, breaks=breaks, percentile=60, deviations=0.5, buffer=0))
    assert found == [RAIN.strip(), CATS.strip(), RAIN.strip()]


def test_semantic_to_a_size_breaks_as_little_as_it_must():
    doc = document(RAIN + CATS)
    whole = len(doc.text)
    assert len(spans("semantic", doc, breaks="target", size=whole + 1, unit="characters")) == 1
    halves = spans("semantic", doc, breaks="target", size=len(CATS) + 4, unit="characters", buffer=0)
    assert texts(doc, halves) == [RAIN.strip(), CATS.strip()]


def test_cluster_groups_what_belongs_together():
    doc = document(RAIN + CATS + RAIN)
    found = texts(doc, spans("cluster", doc, size=60, least=0, unit="characters"))
    assert found == [RAIN.strip(), CATS.strip(), RAIN.strip()]


def slow_groups(vectors, sizes, limit):
    """Every way to cut a short list, and the one with the greatest reward."""
    count = len(sizes)
    alike = vectors @ vectors.T
    mean = alike[np.triu_indices(count, 1)].mean()
    best = None
    for mask in range(2 ** (count - 1)):
        borders = [0, *(i + 1 for i in range(count - 1) if mask >> i & 1), count]
        runs = list(pairwise(borders))
        if any(b - a > 1 and sum(sizes[a:b]) > limit for a, b in runs):
            continue
        reward = sum(alike[i, j] - mean for a, b in runs for i in range(a, b) for j in range(i + 1, b))
        if best is None or reward > best[0] + 1e-9:
            best = (reward, runs)
    return best


@pytest.mark.parametrize("seed", range(25))
def test_clusters_are_the_best_of_all_groupings(seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(9, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sizes = random.integers(5, 40, 9).tolist()
    reward, _ = slow_groups(vectors, sizes, 80)
    alike = vectors @ vectors.T
    mean = alike[np.triu_indices(9, 1)].mean()
    runs = best_groups(vectors, sizes, 80)
    assert [a for a, _ in runs] == [0, *(b for _, b in runs[:-1])]
    assert all(b - a == 1 or sum(sizes[a:b]) <= 80 for a, b in runs)
    found = sum(alike[i, j] - mean for a, b in runs for i in range(a, b) for j in range(i + 1, b))
    assert found == pytest.approx(reward)


# headers ------------------------------------------------------------------------------------------------


def test_a_header_is_searched_and_is_not_text():
    from pipelines.chunking import cut
    from pipelines.chunking.nodes import to_nodes
    from pipelines.recipe import choose

    doc = markdown(GUIDE)
    made = cut(doc, choose("chunker", {"name": "structure", "params": {"header": True}}), Bench(Letters()))
    assert made.chunks[2].header == "a › Crabs › Spider crab"
    node = to_nodes(doc, made)[2]
    assert node.text == "## Spider crab\n\nIt hides. It waits."
    assert node.get_content(metadata_mode="embed") == f"a › Crabs › Spider crab\n\n{node.text}"
    assert node.get_content(metadata_mode="llm") == node.text


def test_a_long_header_leaves_room_for_the_text():
    from pipelines.chunking import cut
    from pipelines.recipe import choose

    text = f"# {'Very long title ' * 60}\n\n" + "The quay was rebuilt. " * 100
    doc = markdown(text)
    chosen = choose("chunker", {"name": "markdown", "params": {"header": True, "size": 254}})
    made = cut(doc, chosen, Bench(Letters()))
    ruler = Letters().ruler
    for chunk, pieces in zip(made.chunks, made.pieces, strict=True):
        assert all(ruler.count(f"{chunk.header}\n\n{text[p.start : p.end]}") <= 254 for p in pieces)
