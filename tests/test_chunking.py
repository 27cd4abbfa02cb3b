"""Every chunker keeps the same promises, on easy and on odd texts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import registry
from pipelines.chunking import Cut, cut
from pipelines.chunking.base import Bench, Chunk, Span
from pipelines.chunking.blocks import list_items
from pipelines.chunking.measure import Measure
from pipelines.chunking.nodes import to_nodes
from pipelines.chunking.packing import pack
from pipelines.chunking.sentences import sentence_spans
from pipelines.embedding.rulers import CharacterRuler, Cl100kRuler
from pipelines.embedding.wordpiece import WordPieceRuler
from pipelines.loading.document import PAGE_BREAK, Document, Heading, Health, Page
from pipelines.loading.plain import markdown_headings
from pipelines.recipe import choose


@dataclass
class Letters:
    """A stand-in for an embedding model, for speed: how often each of a few letters occurs. Same text, same vector."""

    id: str = "none"
    label: str = "none"
    dimensions: int = 8
    window: int = 254

    def __post_init__(self):
        self.ruler = WordPieceRuler("tokens")

    def embed(self, texts, kind="document", on_progress=None):
        assert all(self.ruler.count(text) <= self.window for text in texts), "over the window"
        rows = np.array([[1 + text.count(c) for c in "aeirt .\n"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def document(*pages: str, headings=()) -> Document:
    text, ranges = "", []
    for number, page in enumerate(pages, 1):
        text += PAGE_BREAK if number > 1 else ""
        ranges.append(Page(number, str(number), len(text), len(text) + len(page), 600, 800))
        text += page
    return Document("id", "a.pdf", "pdf", text, tuple(ranges), Health(len(pages), len(text.split())), tuple(headings))


CHUNKERS = [part.name for part in registry.parts("chunker")]


def fields_of(name: str) -> set[str]:
    return set(registry.get("chunker", name).params.model_fields)


UNITS = ["tokens", "cl100k", "characters"]
ODD = {
    "repeated": "It rains. " * 400,
    "one word": "Harbour",
    "no space": "x" * 25_000,
    "chinese": "港口很大。船只很多！你看到了吗？" * 60,
    "hebrew": "הנמל גדול מאוד. יש בו אוניות רבות. " * 60,
    "emoji": "👩‍🚀🚢 sails. 🌊🌊🌊! " * 80,
    "form feeds": "One page.\fAnother page.\f\fA third.",
    "white space": " \n\t \n ",
    "empty": "",
    "accents": "e\u0301 a\u0300 " * 200,
    "controls": "a\x00b\x07c " * 100,
    "table": "Year | Tonnes | Ships\n2019 | 1,204 | 88\n" * 60,
}


def chunks(name: str, doc: Document, **params) -> list[Chunk]:
    chosen = registry.get("chunker", name)
    known = {field: value for field, value in params.items() if field in chosen.params.model_fields}
    return [Chunk.of(piece) for piece in chosen.build(doc, chosen.make_params(known), Bench(Letters()))]


def spans(name: str, doc: Document, **params) -> list[Span]:
    return [chunk.span for chunk in chunks(name, doc, **params)]


def keeps_promises(doc: Document, made: list[Chunk]) -> None:
    for chunk in made:
        around = [chunk.read, *(parent.span for parent in chunk.parents)]
        for inner, outer in pairwise([chunk.span, *around]):
            assert outer.start <= inner.start < inner.end <= outer.end, "what is read holds what is searched"
    found = [chunk.span for chunk in made]
    assert found == sorted(found, key=lambda s: s.start)
    covered = 0
    for span in found:
        piece = doc.text[span.start : span.end]
        assert piece.strip() == piece != ""
        assert not doc.text[covered : span.start].strip(), "text lost between chunks"
        assert span.end > covered, "a chunk inside the one before"
        covered = max(covered, span.end)
    assert not doc.text[covered:].strip()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", CHUNKERS)
@pytest.mark.parametrize("kind", ODD)
def test_promises_on_odd_texts(name, unit, kind):
    doc = document(ODD[kind])
    found = chunks(name, doc, size=40, overlap=8, unit=unit)
    keeps_promises(doc, found)
    assert found == chunks(name, doc, size=40, overlap=8, unit=unit)


@pytest.mark.parametrize("name", CHUNKERS)
@settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("ab .!?\n\té漢🚢1"), max_size=600),
    size=st.integers(8, 60),
    overlap=st.integers(0, 7),
)
def test_promises_on_any_text(name, text, size, overlap):
    doc = document(text)
    found = chunks(name, doc, size=size, overlap=overlap, unit="characters")
    keeps_promises(doc, found)
    assert all(chunk.span.end - chunk.span.start <= size for chunk in found)


@pytest.mark.parametrize("name", CHUNKERS)
@pytest.mark.parametrize("unit", UNITS)
def test_no_chunk_is_longer_than_asked(name, unit):
    text = "The harbour master counts every ship that comes in. Few leave before dawn! Why? " * 120
    doc = document(text)
    ruler = Bench(Letters()).ruler(unit)
    slack = 2 if unit == "cl100k" else 0  # a byte-pair token may split where a chunk begins
    for span in spans(name, doc, size=64, overlap=16, unit=unit):
        assert ruler.count(text[span.start : span.end]) <= 64 + slack


def test_fixed_overlap_is_exact():
    doc = document("abcdefghij" * 5)
    found = spans("fixed", doc, size=10, overlap=4, unit="characters")
    assert found[:3] == [Span(0, 10), Span(6, 16), Span(12, 22)]
    assert found[-1].end == 50


def test_sentence_chunks_begin_and_end_at_sentences():
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."
    found = spans("sentence", document(text), size=34, overlap=16, unit="characters")
    assert [text[s.start : s.end] for s in found] == [
        "One two three. Four five six.",
        "Four five six. Seven eight nine.",
        "Ten eleven twelve.",
    ]


def test_recursive_prefers_blank_lines_then_lines():
    text = "First paragraph.\n\nSecond one is longer\nwith a line break in it.\n\nThird."
    found = spans("recursive", document(text), size=30, overlap=0, unit="characters")
    assert [text[s.start : s.end] for s in found] == [
        "First paragraph.",
        "Second one is longer",
        "with a line break in it.",
        "Third.",
    ]


@pytest.mark.parametrize("name", [name for name in CHUNKERS if "overlap" in fields_of(name)])
def test_overlap_is_at_most_half(name):
    doc = document("abcdefghij " * 20)
    assert spans(name, doc, size=40, overlap=400) == spans(name, doc, size=40, overlap=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Vane saw it. She left.", ["Dr. Vane saw it. ", "She left."]),
        ("See Fig. 3 for more. It grew 3.5 %.", ["See Fig. 3 for more. ", "It grew 3.5 %."]),
        ("1. Open the lid. 2. Close it.", ["1. Open the lid. ", "2. Close it."]),
        ("That was in 2019. Then it rained.", ["That was in 2019. ", "Then it rained."]),
        ("“Stop!” she said. He did.", ["“Stop!” she said. ", "He did."]),
        ("- one\n- two", ["- one\n", "- two"]),
        ("港口很大。船只很多！", ["港口很大。", "船只很多！"]),
        ("2 Methods\nWe sailed out.", ["2 Methods\n", "We sailed out."]),
        ("J. K. Rowe wrote it… Then? Yes.", ["J. K. Rowe wrote it… ", "Then? ", "Yes."]),
    ],
)
def test_sentences(text, expected):
    assert [text[s.start : s.end] for s in sentence_spans(text)] == expected


@given(st.text(max_size=300))
def test_sentences_cover_everything(text):
    found = sentence_spans(text)
    assert "".join(text[s.start : s.end] for s in found) == text


def test_long_runs_take_time_in_proportion():
    """Half a million of the same; steps in the square of that would not end today."""
    assert len(sentence_spans("." * 500_000)) == 1
    item = "- one\n" + "goes on\n" * 200_000
    assert list_items(item) == [Span(0, len(item) - 1)]
    assert len(list(markdown_headings("word\n" * 400_000 + "---\n"))) == 1


def test_pack_repeats_whole_pieces_only():
    text = "aaa bbb ccc ddd "
    measure = Measure(text, CharacterRuler())
    pieces = [Span(0, 4), Span(4, 8), Span(8, 12), Span(12, 16)]
    assert pack(pieces, measure, 8, 4) == [Span(0, 8), Span(4, 12), Span(8, 16)]
    assert pack(pieces, measure, 8, 3) == [Span(0, 8), Span(8, 16)]


def test_a_chunk_over_the_models_window_is_searched_in_parts_and_read_whole():
    text = "The quay was rebuilt in stone and the crane was moved to its northern end. " * 60
    whole = cut(document(text), choose("chunker", {"name": "sentence", "params": {"size": 1000}}), Bench(Letters()))
    ruler = Letters().ruler
    assert len(whole.chunks) == 1
    assert [len(parts) for parts in whole.pieces] == [whole.vectors]
    assert all(ruler.count(text[s.start : s.end]) <= 254 for s in whole.pieces[0])
    assert whole.pieces[0][0].start == 0
    assert whole.pieces[0][-1].end == len(text.rstrip())
    assert whole.long == 1
    assert "1 chunk is longer" in whole.notes[0]
    assert {tuple(node.metadata["read"]) for node in to_nodes(document(text), whole)} == {(0, len(text.rstrip()))}
    fine = cut(document(text), choose("chunker", {"name": "sentence", "params": {"size": 200}}), Bench(Letters()))
    assert fine.long == 0
    assert fine.notes == ()
    assert fine.vectors == len(fine.chunks)
    assert all("read" not in node.metadata for node in to_nodes(document(text), fine))


def test_a_piece_cut_inside_a_word_still_fits_the_window():
    text = "antidisestablishmentarianism" * 400
    chosen = choose("chunker", {"name": "fixed", "params": {"size": 254, "overlap": 0}})
    made = cut(document(text), chosen, Bench(Letters()))
    assert all(Letters().ruler.count(text[s.start : s.end]) <= 254 for parts in made.pieces for s in parts)
    keeps_promises(document(text), list(made.chunks))


def test_nodes_know_their_place():
    doc = document("Alpha begins. It goes on", "over the page. Beta.", headings=[Heading("Part one", 1, 1, 0)])
    one = Chunk.of(Span(14, 45))
    made = Cut((one,), ((one.span,),))
    node = to_nodes(doc, made)[0]
    assert node.text == doc.text[14:45]
    assert node.metadata["pages"] == [1, 2]
    assert node.metadata["page"] == 2, "most of it stands there"
    assert node.metadata["headings"] == ["Part one"]
    assert node.ref_doc_id == "id"
    assert node.get_content(metadata_mode="embed") == node.text
    assert to_nodes(doc, made)[0].node_id == node.node_id


def test_cl100k_counts_like_the_published_tokenizer():
    assert Cl100kRuler().count("tiktoken is great!") == 6
