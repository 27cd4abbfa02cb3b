"""Node parsers of LlamaIndex as chunkers: every node back at its place, however often the text repeats itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.chunking import Chunk, cut
from pipelines.chunking.base import Bench, Parent, Span
from pipelines.chunking.llama_index import from_node_parser
from pipelines.chunking.nodes import to_nodes
from pipelines.chunking.placing import Ground, NotThere, in_order
from pipelines.embedding.llama_index import as_llama_index
from pipelines.errors import CutFailed, EngineFailed
from pipelines.recipe import Choice
from pipelines.registry import PartParams
from tests.test_chunking import ODD, Letters, document, keeps_promises

RULER = Letters().ruler


def sentences(size=40, overlap=0, tokenizer=RULER.offsets):
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer)


def tokens(size=40, overlap=0, tokenizer=RULER.offsets):
    from llama_index.core.node_parser import TokenTextSplitter

    return TokenTextSplitter(chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer)


def markdown():
    from llama_index.core.node_parser import MarkdownNodeParser

    return MarkdownNodeParser()


def window(size=2, **more):
    from llama_index.core.node_parser import SentenceWindowNodeParser

    return SentenceWindowNodeParser(window_size=size, **more)


def hierarchical(*sizes):
    from llama_index.core.node_parser import HierarchicalNodeParser

    names = [str(size) for size in sizes]
    parsers = {str(size): sentences(size) for size in sizes}
    return HierarchicalNodeParser(node_parser_ids=names, node_parser_map=parsers)


PARSERS = {
    "sentences": lambda: sentences(),
    "sentences, overlap": lambda: sentences(overlap=16),
    "tokens": lambda: tokens(),
    "tokens, overlap": lambda: tokens(overlap=16),
    "markdown": markdown,
    "window": window,
    "hierarchical": lambda: hierarchical(160, 40),
}
TEXTS = ODD | {
    "no space": "x" * 5000,
    "sections": "Before.\n\n# One\n\nSame text. Same text.\n\n##\tTwo\n\nSame text.\n\n# One\n\nSame text. Same text.\n"
    * 9,
    "spaces": "Odd \u00a0 spaces.   Here\tthey\x85are.\r\n\r\nMore  of\u3000them.\n\n\n\nEnd.  " * 30,
    "surrogate": "A lone \ud800 stands. Here. " * 30,
}


@pytest.fixture(autouse=True)
def no_global_settings(monkeypatch):
    """LlamaIndex's global settings answer nobody: their defaults are paid services."""
    import llama_index.core.settings as module

    def refuse(self, name):
        if name.startswith("_"):  # a callback manager looks whether there is another one
            return object.__getattribute__(self, name)
        raise AssertionError(f"Settings.{name} was read")

    monkeypatch.setattr(type(module.Settings), "__getattribute__", refuse)


def bare(text):
    return "".join(text.split())


def parsers_own(parser, doc):
    """The texts of the parser's leaves, from LlamaIndex alone."""
    from llama_index.core.node_parser import get_leaf_nodes
    from llama_index.core.schema import Document as Theirs

    nodes = parser.get_nodes_from_documents([Theirs(text=doc.text.replace("\ud800", "\ufffd"))])
    return [node.text for node in get_leaf_nodes(nodes) if node.text.strip()]


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", PARSERS)
def test_every_node_is_where_its_text_stands_and_nothing_is_lost(name, kind):
    doc = document(TEXTS[kind])
    found = from_node_parser(PARSERS[name](), doc)
    keeps_promises(doc, found)
    shown = doc.text.replace("\ud800", "\ufffd")
    assert [bare(shown[c.span.start : c.span.end]) for c in found] == [
        bare(text) for text in parsers_own(PARSERS[name](), doc)
    ]


TWINS = "It rains on day {:03}. ", "So it did. " * 3 + "Day {:03} came. "


@pytest.mark.parametrize("overlap", [0, 30, 60])
@pytest.mark.parametrize("make", [sentences, tokens])
@pytest.mark.parametrize("sentence", TWINS)
def test_places_in_repeated_text_are_those_of_a_twin_without_repetition(sentence, make, overlap):
    told = document("".join(sentence.format(day) for day in range(100, 400)))
    same = document("".join(sentence.format(111) for _ in range(100, 400)))
    parser = make(150, overlap, tokenizer=list)
    expected = [chunk.span for chunk in from_node_parser(parser, told)]
    assert [chunk.span for chunk in from_node_parser(parser, same)] == expected


@pytest.mark.parametrize("name", ["SentenceSplitter", "TokenTextSplitter", "HierarchicalNodeParser"])
def test_parsers_as_llama_index_sets_them_up(name):
    import llama_index.core.node_parser as theirs

    doc = document("".join(f"Sentence {n} is here, and it rains. " for n in range(600)))
    found = from_node_parser(getattr(theirs, name).from_defaults(), doc)
    keeps_promises(doc, found)
    assert len(found) > 5


def test_a_window_is_read_and_its_sentence_searched():
    doc = document("One.  Two.\nThree.\n\nFour. Five.")
    found = from_node_parser(window(1), doc)
    assert [doc.text[c.span.start : c.span.end] for c in found] == ["One.", "Two.", "Three.", "Four.", "Five."]
    assert doc.text[found[2].read.start : found[2].read.end] == "Two.\nThree.\n\nFour."


@pytest.mark.parametrize("key", ["window", "around"])
def test_a_window_in_repeated_text_is_around_its_own_sentence(key):
    doc = document("It rains. " * 50)
    found = from_node_parser(window(2, window_metadata_key=key), doc)
    spans = [chunk.span for chunk in found]
    assert len(spans) == 50
    assert [chunk.read for chunk in found] == [
        Span(spans[max(0, at - 2)].start, spans[min(49, at + 2)].end) for at in range(50)
    ]


def test_leaves_know_their_parents():
    doc = document("".join(f"Sentence {n} is here. " for n in range(40)))
    found = from_node_parser(hierarchical(80, 40, 12), doc)
    keeps_promises(doc, found)
    ours = [piece.span for piece in from_node_parser(sentences(12), doc)]
    assert [chunk.span for chunk in found] == ours
    for chunk in found:
        small, large = chunk.parents
        assert small.children == sum(small.span.start <= c.span.start < small.span.end for c in found)
        assert large.children == len({c.parents[0] for c in found if c.parents[1] == large})


def test_a_leaf_of_two_overlapping_parents_is_one_chunk():
    doc = document("".join(f"Sentence {n} is here. " for n in range(40)))
    parser = hierarchical(40, 8)
    parser.node_parser_map["40"] = sentences(40, overlap=8)
    found = from_node_parser(parser, doc)
    assert len(found) == 40
    assert len({c.parents for c in found}) > 5


def test_a_parser_that_embeds_uses_the_model_it_is_given():
    from llama_index.core.node_parser import SemanticSplitterNodeParser

    doc = document("It rains iii. It iii rains iii. " + "A cat aaaa ate. An aaaa cat sat aaa. " * 2)
    found = from_node_parser(SemanticSplitterNodeParser(embed_model=as_llama_index(Letters())), doc)
    keeps_promises(doc, found)
    assert len(found) > 1


class Own:
    """A node parser of somebody's own, built when LlamaIndex is there."""

    def __new__(cls, split):
        from llama_index.core.node_parser import TextSplitter

        class OwnSplitter(TextSplitter):
            def split_text(self, text):
                return split(text)

        return OwnSplitter()


def test_a_text_that_is_not_there_names_parser_document_and_text():
    with pytest.raises(CutFailed) as caught:
        from_node_parser(Own(lambda text: [text[:5], text[5:].upper() * 9]), document("some small text " * 9))
    assert "OwnSplitter did not keep the text of a.pdf: “SMALL TEXT SOME SMALL TEXT" in str(caught.value)
    assert len(caught.value.message) < 200


def test_pieces_out_of_order_are_refused():
    with pytest.raises(CutFailed, match="not in the order"):
        from_node_parser(Own(lambda text: [text[5:], text[:5]]), document("abcdefghij"))


def test_a_parser_that_breaks_is_named():
    with pytest.raises(CutFailed, match=r"SentenceSplitter could not cut a\.pdf: Single token exceeded chunk size"):
        from_node_parser(sentences(2, tokenizer=str.encode), document("港口"))


def test_errors_of_our_models_come_through():
    def split(text):
        raise EngineFailed("The model failed.")

    with pytest.raises(EngineFailed):
        from_node_parser(Own(split), document("Text."))


def test_a_parser_may_leave_text_out_and_repeat_itself():
    doc = document("Title\nKeep this. Drop that. Keep this. Keep this.")
    found = from_node_parser(Own(lambda text: ["Keep this.", "Keep this. Keep this."]), doc)
    assert [chunk.span for chunk in found] == [Span(6, 16), Span(28, 49)]
    twice = from_node_parser(Own(lambda text: ["Title", "Title", "Keep"]), doc)
    assert [chunk.span for chunk in twice] == [Span(0, 5), Span(6, 10)]


def test_exact_letters_come_before_white_space_is_bent():
    assert Ground("ab a b").place(["a b"]) == [Span(3, 6)]
    assert Ground("a\nb ab").place(["a b", "ab"]) == [Span(0, 3), Span(4, 6)]
    assert Ground("港口。船只。").place(["港口。 船只。"]) == [Span(0, 6)]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_pieces_of_a_text_are_always_placed(data):
    text = data.draw(st.text("ab", min_size=1, max_size=40))
    overlap = data.draw(st.integers(0, 3))
    truth, at = [], 0
    while not truth or truth[-1].end < len(text):
        size = data.draw(st.integers(overlap + 1, overlap + 5))
        truth.append(Span(at, min(at + size, len(text))))
        at = max(at + 1, truth[-1].end - overlap)
    pieces = [text[s.start : s.end] for s in truth]
    starts = in_order(pieces, text)
    assert starts == sorted(starts)
    assert all(text.startswith(piece, start) for piece, start in zip(pieces, starts, strict=True))


def test_what_follows_nothing_is_not_there():
    with pytest.raises(NotThere):
        in_order(["b", "a"], "ab")


def test_a_part_around_a_parser_goes_all_the_way(monkeypatch):
    from pipelines import registry

    monkeypatch.setattr(registry, "_PARTS", dict(registry._PARTS))

    @registry.part("chunker", "theirs", label="Theirs")
    def theirs(doc, params: PartParams, bench: Bench) -> list[Chunk]:
        """A hierarchy of LlamaIndex."""
        return from_node_parser(hierarchical(80, 20), doc)

    doc = document("It rains. " * 30, "It snows. " * 30)
    made = cut(doc, Choice(name="theirs", params=PartParams()), Bench(Letters()))
    nodes = to_nodes(doc, made)
    assert {node.metadata["page"] for node in nodes} == {1, 2}
    assert len({node.node_id for node in nodes}) == len(nodes)
    assert nodes[0].metadata["parents"] == [[0, made.chunks[0].parents[0].span.end, made.chunks[0].parents[0].children]]
    assert isinstance(made.chunks[0].parents[0], Parent)
