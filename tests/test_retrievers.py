"""Retrievers built on the plain lists: weighted fusion, MMR, HyDE, several wordings, auto-merging."""

import json
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import Library
from pipelines.engines.base import DoneEvent, ModelInfo, Stats, TokenEvent
from pipelines.engines.detect import Engines
from pipelines.errors import EngineRefused, ModelMissing
from pipelines.recipe import Recipe, choose
from pipelines.retrieval import rank, retrieve
from pipelines.retrieval.aids import Aids
from pipelines.retrieval.base import Written
from pipelines.retrieval.base_search import search
from pipelines.retrieval.bm25 import KeywordIndex
from pipelines.retrieval.candidates import RetrievalContext
from pipelines.retrieval.fusion import fuse, rrf
from pipelines.retrieval.hybrid import HybridParams
from pipelines.retrieval.mmr import choose as choose_varied
from pipelines.retrieval.multi_query import wordings
from pipelines.settings import Settings
from pipelines.stores.edge import EdgeStore
from tests.test_retrieval import embed, passages, recipe

BASES = ("semantic", "keyword", "hybrid")


class Scripted:
    """An engine that says what a function makes of the prompt: it stands for a capable model, which cannot run here."""

    name, version = "scripted", "1"

    def __init__(self, say, context=4096):
        self.say = say if callable(say) else lambda prompt: say
        self.prompts, self.schemas, self.context = [], [], context

    def info(self, model):
        return ModelInfo(model, context=self.context)

    def count_tokens(self, model, text):
        return len(text.split()), True

    def chat(self, model, messages, options, *, schema=None, **rest):
        self.prompts.append(messages[-1].content)
        self.schemas.append(schema)
        yield TokenEvent(self.say(self.prompts[-1]))
        yield DoneEvent("stop", Stats())


def no_embedder(choice):
    raise AssertionError("nothing here needs the embedding model")


class Only(Engines):
    """Engines that have one engine and model at hand, or none."""

    def __init__(self, settings, found):
        super().__init__(settings)
        self.found = found

    def resolve(self, choice):
        return self.found


def aids(engine, model="model", embedder=no_embedder, **settings):
    offline = Settings(offline=True, **settings)
    return Aids(offline, embedder, Only(offline, engine and (engine, model)))


@pytest.fixture
def context(tmp_path):
    store = EdgeStore(tmp_path / "s", 256)
    index = KeywordIndex(store, {})
    index.upsert(list(passages()))
    yield RetrievalContext(store, index, embed)
    store.close()


def asking(context, say, **settings):
    engine = Scripted(say)
    return replace(context, aids=aids(engine, **settings)), engine


def ids(ranking):
    return [one.id for one in ranking.candidates]


def texts(found):
    return [hit.text for hit in found.hits]


# hybrid -----------------------------------------------------------------------------------------------


def test_weighted_rrf_by_hand():
    first, second = [("a", 9.0), ("b", 8.0)], [("b", 1.0), ("c", 0.5)]
    found = dict(rrf([first, second], 1, [2, 0.5]))
    assert found == pytest.approx({"a": 2 / 2, "b": 2 / 3 + 0.5 / 2, "c": 0.5 / 3})
    assert rrf([first, second], 1, [0, 1]) == [("b", 1 / 2), ("c", 1 / 3)]
    assert rrf([first, second], 1, [1, 1]) == rrf([first, second], 1)
    assert fuse(first, second, "rrf", weights=(0, 0)) == []


def test_the_weights_of_rrf_reach_the_lists(context):
    for own, semantic, keyword in (("semantic", 1, 0), ("keyword", 0, 1)):
        weights = {"semantic_weight": semantic, "keyword_weight": keyword}
        found = rank("cat drive", recipe("hybrid", fusion="rrf", **weights), context)
        assert ids(found) == ids(rank("cat drive", recipe(own), context))
        ignored = rank("cat drive", recipe("hybrid", **weights), context)
        assert ids(ignored) == ids(rank("cat drive", recipe("hybrid"), context))


@pytest.mark.parametrize("base", BASES)
def test_the_base_searches_are_the_retrievers(context, base):
    own = rank("cat drive", recipe(base), context)
    found = search(base, HybridParams(), context, "cat drive")
    assert found.candidates == own.candidates
    assert set(found.seconds) == set(own.seconds)
    given_vector = search(base, HybridParams(), context, "cat drive", embed("cat drive"))
    assert given_vector.candidates == own.candidates
    assert "embed" not in given_vector.seconds


# mmr --------------------------------------------------------------------------------------------------


def test_mmr_by_hand():
    """Two passages alike, and one apart: the one that is new goes before the one that repeats."""
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    chosen = choose_varied(np.array([0.9, 0.8, 0.5]), vectors, 0.5)
    assert [at for at, _ in chosen] == [0, 2, 1]
    assert [score for _, score in chosen] == pytest.approx([0.45, 0.25, 0.4 - 0.5])


def test_mmr_counts_only_novelty_at_0_and_starts_with_the_best():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert [at for at, _ in choose_varied(np.array([0.9, 0.8, 0.1]), vectors, 0.0)] == [0, 2, 1]


@st.composite
def cases(draw):
    n = draw(st.integers(1, 8))
    row = st.lists(st.integers(-3, 3), min_size=3, max_size=3).filter(any)
    rows = np.array(draw(st.lists(row, min_size=n + 1, max_size=n + 1)), dtype=np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = rows[:-1] @ rows[-1]
    order = np.argsort(-similarity, kind="stable")
    return similarity[order], rows[:-1][order].astype(np.float32)


@given(cases(), st.floats(0, 1))
def test_mmr_is_the_definition(case, relevance):
    similarity, vectors = case
    chosen = choose_varied(similarity, vectors, relevance)
    likeness = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    before = []
    for at, score in chosen:
        left = [n for n in range(len(similarity)) if n not in before]
        value = {
            n: relevance * similarity[n] - (1 - relevance) * max((likeness[n][b] for b in before), default=0)
            for n in left
        }
        assert score == pytest.approx(value[at], abs=1e-5)
        assert score == pytest.approx(max(value.values()), abs=1e-5)
        before.append(at)
    assert sorted(before) == list(range(len(similarity)))
    scores = [score for _, score in chosen][1:]
    assert all(a >= b - 1e-5 for a, b in pairwise(scores))


@given(cases())
def test_mmr_of_relevance_alone_is_the_semantic_order(case):
    similarity, vectors = case
    assert [at for at, _ in choose_varied(similarity, vectors, 1.0)] == list(range(len(similarity)))


def test_mmr_end_to_end(context):
    plain = rank("cat", recipe("semantic"), context)
    assert ids(rank("cat", recipe("mmr", relevance=1), context)) == ids(plain)
    found = rank("cat", recipe("mmr", relevance=0.3), context)
    assert found.stage == "mmr"
    assert set(found.seconds) == {"embed", "semantic", "mmr"}
    assert sorted(ids(found)) == sorted(ids(plain))
    assert ids(found) != ids(plain)
    assert ids(found)[0] == ids(plain)[0]
    semantic = {one.id: one.scores["semantic"] for one in plain.candidates}
    for n, one in enumerate(found.candidates, 1):
        assert (one.scores["mmr"].rank, one.scores["mmr"].score) == (n, one.score)
        assert one.scores["semantic"] == semantic[one.id]
    hit = retrieve("cat", recipe("mmr"), context).hits[0]
    assert hit.scores["mmr"].rank == 1


def test_mmr_leaves_out_what_was_deleted_and_finds_nothing_in_nothing(context, tmp_path):
    class Forgetful:
        def __init__(self, store):
            self.store = store

        def __getattr__(self, name):
            return getattr(self.store, name)

        def vectors(self, ids):
            return dict(list(self.store.vectors(ids).items())[:-1])

    assert len(rank("cat", recipe("mmr"), replace(context, store=Forgetful(context.store))).candidates) == 7
    nowhere = replace(context, where={"document": ["none.pdf"]})
    assert rank("cat", recipe("mmr"), nowhere).candidates == ()


def test_mmr_is_quick():
    rows = np.random.default_rng(1).normal(size=(100, 1024)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        choose_varied(rows @ rows[0], rows, 0.5)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.05


# hyde -------------------------------------------------------------------------------------------------


def test_a_passage_that_was_invented_finds_what_the_question_does_not_name(context):
    asked, engine = asking(context, "Cats purr when content.")
    found = retrieve("Why the noise?", recipe("hyde", k=1, question_too=False), asked)
    assert texts(found) == ["Cats purr when content."]
    assert found.hits[0].score == pytest.approx(1, abs=1e-5)
    assert found.written == (Written("passage", "Cats purr when content.", "model (scripted)"),)
    assert list(found.seconds) == ["write", "embed", "semantic", "payloads"]
    assert "Question: Why the noise?" in engine.prompts[0]


def test_the_vectors_are_averaged_with_the_questions(context):
    """The store searches for the mean of unit vectors, made a unit vector again."""
    asked, _ = asking(context, "wheels")
    mean = np.array(embed("wheels")) + np.array(embed("kitten"))
    expected = search("semantic", HybridParams(), context, "", (mean / np.linalg.norm(mean)).tolist())
    found = rank("kitten", recipe("hyde"), asked)
    assert ids(found) == ids(expected)
    assert [one.score for one in found.candidates] == pytest.approx([one.score for one in expected.candidates])


def test_several_passages_are_asked_for_by_number(context):
    asked, engine = asking(context, lambda prompt: "wheels" if "version 2" in prompt else "kitten")
    found = rank("cat", recipe("hyde", passages=3), asked)
    assert [one.text for one in found.written] == ["kitten", "wheels"], "what is repeated counts once"
    assert ["version 2" in prompt for prompt in engine.prompts] == [False, True, False]
    assert "version 3" in engine.prompts[2]


@pytest.mark.parametrize("too", [True, False])
def test_without_a_passage_the_question_alone_is_searched(context, too):
    asked, _ = asking(context, " \n")
    found = rank("cat", recipe("hyde", question_too=too), asked)
    assert found.written == ()
    assert ids(found) == ids(rank("cat", recipe("semantic"), context))


def test_a_passage_too_long_for_the_embedding_model_is_halved(context):
    def strict(text):
        if len(text) > 60:
            raise EngineRefused("too long")
        return embed(text)

    asked, _ = asking(context, "kitten " * 30)
    found = rank("cat", recipe("hyde"), replace(asked, embed_query=strict))
    (written,) = found.written
    assert 20 < len(written.text) <= 60
    assert set(written.text.split()) == {"kitten"}

    def never(text):
        raise EngineRefused("no such capability")

    with pytest.raises(EngineRefused):
        rank("cat", recipe("hyde"), replace(asked, embed_query=never))


# multi-query ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("said", ["", "no JSON", '{"queries": []}', '{"queries": [""]}', '{"queries": "cat"}', "null"])
def test_without_usable_wordings_it_is_the_base(context, base, said):
    asked, _ = asking(context, said)
    found = rank("cat drive", recipe("multi-query", base=base), asked)
    assert ids(found) == ids(rank("cat drive", recipe(base), context))
    assert found.written == ()
    assert [one.score for one in found.candidates] == [1 / (60 + n) for n in range(1, len(found.candidates) + 1)]


def test_the_wordings_are_fused_by_ranks(context):
    asked, engine = asking(context, json.dumps({"queries": ["wheels", "purr", "brakes", "engine"]}))
    found = rank("cat", recipe("multi-query", base="keyword", queries=2, rrf_k=7), asked)
    lists = [rank(one, recipe("keyword"), context).candidates for one in ("cat", "wheels", "purr")]
    expected = rrf([[(one.id, one.score) for one in some] for some in lists], 7)
    assert [(one.id, one.score) for one in found.candidates] == expected
    assert [one.text for one in found.written] == ["wheels", "purr"]
    assert {one.kind for one in found.written} == {"query"}
    assert "Write 2 other ways" in engine.prompts[0]
    assert engine.schemas[0]["properties"]["queries"]["maxItems"] == 2
    for one in found.candidates:
        places = [place.scores["keyword"] for some in lists for place in some if place.id == one.id]
        assert one.scores["keyword"].rank == min(place.rank for place in places)
        assert one.scores["keyword"] in places
        assert set(one.scores) == {"keyword", "fused"}
    assert set(found.seconds) == {"write", "keyword", "fuse"}


def test_both_lists_keep_their_best_places(context):
    asked, _ = asking(context, json.dumps(["wheels"]))
    found = rank("cat", recipe("multi-query"), asked)
    assert {stage for one in found.candidates for stage in one.scores} == {"semantic", "keyword", "fused"}
    assert sum(one.scores["semantic"].rank == 1 for one in found.candidates) == 2
    assert [one.scores["fused"].rank for one in found.candidates] == list(range(1, len(found.candidates) + 1))


def test_junk_among_the_wordings_is_left_out():
    said = [" other  words ", "", 7, None, "OTHER words", "The\nquestion?", "x" * 201, ["a"], "last"]
    assert wordings(json.dumps({"queries": said}), "the question?") == ["other words", "last"]


@given(
    st.text()
    | st.recursive(st.none() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)).map(json.dumps)
)
def test_any_answer_gives_usable_wordings_or_none(said):
    found = wordings(said, "q")
    assert all(one.strip() == one and 0 < len(one) <= 200 and one.casefold() != "q" for one in found)
    assert len(found) == len(set(found))


# language models, and their absence -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hyde", "multi-query"])
def test_without_a_language_model_the_error_says_so(context, name):
    with pytest.raises(ModelMissing, match="language model"):
        rank("cat", recipe(name), context)
    with pytest.raises(ModelMissing, match="playground pull builtin"):
        rank("cat", recipe(name), replace(context, aids=aids(None)))


@pytest.mark.builtin
@pytest.mark.parametrize("name", ["hyde", "multi-query"])
def test_the_built_in_model_writes(context, builtin_engine, name):
    model = builtin_engine.models()[0].name

    def short(text):
        return embed(text or "cat")

    asked = replace(context, aids=aids(builtin_engine, model), embed_query=short)
    found = retrieve("Why do cats purr?", recipe(name), asked)
    assert len(found.hits) == 5
    assert found.seconds["write"] > 0
    assert all(one.by == f"{model} (builtin)" and one.text.strip() for one in found.written)
    assert retrieve("Why do cats purr?", recipe(name), asked).written == found.written, "remembered"


# auto-merging -----------------------------------------------------------------------------------------


def test_auto_merging_counts_more_pieces_than_it_returns():
    params = choose("retriever", {"name": "auto-merging", "params": {"k": 3, "depth": 10}}).params
    assert (params.looked_at, params.fetch) == (30, 30)
    wide = choose("retriever", {"name": "auto-merging", "params": {"k": 50}}).params
    assert (wide.looked_at, wide.fetch) == (50, 100)


def test_parents_take_the_place_of_pieces_that_hybrid_never_counts(tmp_path):
    """One passage is returned, so hybrid search sees one piece of the parent, and auto-merging all of them."""
    tides = " ".join(f"The tide of harbour number {n} rises and falls twice on a day." for n in range(12))
    other = " ".join(f"Bread number {n} is baked from flour and rye in the town." for n in range(60))
    plain = Recipe().with_("chunker", "hierarchical").with_("retriever", "hybrid", k=1, merge_at=0.5)
    merging = plain.with_("retriever", "auto-merging", k=1, merge_at=0.5)
    with Library.open(tmp_path, Settings(offline=True, data_dir=tmp_path)) as library:
        library.add_text("tides.txt", f"{tides}\n\n{other}")
        (piece,) = library.search("When does the tide rise in the harbour?", plain).hits
        (parent,) = library.search("When does the tide rise in the harbour?", merging).hits
    assert len(parent.text) > len(piece.text)
    assert parent.start <= piece.start < piece.end <= parent.end
    assert len(parent.matched) > 1
