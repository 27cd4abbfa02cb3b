"""Recipes compared on labelled questions, with the real embedding model on small texts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from threading import Event

import pytest

from pipelines.embedding.builtin import BuiltinEmbedder
from pipelines.embedding.cache import VectorCache
from pipelines.errors import Cancelled, DamagedFile, EngineRefused, UsageError
from pipelines.evaluation import spans
from pipelines.evaluation.questions import Question, Quote
from pipelines.evaluation.strategies import answerable, compare
from pipelines.loading.document import Document, Health, Page
from pipelines.recipe import Recipe
from pipelines.scratch import Scratch, Work
from pipelines.settings import Settings

SEA = (
    "Otters crack urchins on a stone that they carry under the arm. They sleep on their backs, wrapped in kelp. "
    "A tidal turbine turns twice a day with the water. It stands in the narrows, where the current is strong. "
    "Kelp grows half a metre a day in cold water. Divers cut it by hand in the early summer."
)
LAND = (
    "Moles dig tunnels under lawns and eat worms. Their fur lies in any direction. "
    "A windmill turns its cap into the wind. The miller lifts the sacks with a chain. "
    "Roses need water in summer. Gardeners prune them in late winter."
)


def document(name: str, text: str) -> Document:
    pages = (Page(1, "1", 0, len(text), 0, 0),)
    return Document(f"id of {name}", name, "text", text, pages, Health(1, len(text.split())))


def quoted(question: str, name: str, *quotes: str) -> Question:
    return Question(question, name, tuple(Quote(None, None, quote) for quote in quotes))


DOCUMENTS = {name: document(name, text) for name, text in (("sea.txt", SEA), ("land.txt", LAND))}
QUESTIONS = [
    quoted("How does an otter open sea urchins?", "sea.txt", "crack urchins on a stone"),
    Question("Who pays for all this?", answerable=False),
    quoted("Who harvests seaweed, and when?", "sea.txt", "Divers cut it by hand in the early summer."),
    quoted("What do moles eat, and how is their fur?", "land.txt", "eat worms", "fur lies in any direction"),
    quoted("When should roses be cut?", "land.txt", "Gardeners prune them in late winter."),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def scratch(settings):
    made = Scratch(settings, VectorCache(settings.data_dir / "vectors.db"))
    yield made
    made.close()


def small(name: str, size: int = 16, **more: int) -> Recipe:
    return Recipe().with_("chunker", name, size=size, **more).with_("retriever", k=2)


def without_time(row):
    return replace(row, p50_ms=0, p95_ms=0, cutting_s=0, embedding_s=0, seconds=())


def test_a_row_a_recipe_and_the_same_ones_again(scratch, settings):
    wanted = [small("fixed", overlap=4), small("sentence", overlap=0), small("window", 40, neighbours=1)]
    rows = list(compare(QUESTIONS, DOCUMENTS, wanted, scratch))
    again = list(compare(QUESTIONS, DOCUMENTS, wanted, scratch))
    assert [without_time(row) for row in rows] == [without_time(row) for row in again]
    assert [row.recipe for row in rows] == wanted
    for row in rows:
        assert len(row.per_question) == len(row.retrieved) == len(answerable(QUESTIONS)) == 4
        assert tuple(row.metrics) == tuple(row.per_question[0])
        assert tuple(row.metrics)[:6] == spans.METRICS
        assert {"ndcg@10", "hit@2", "page:map", "document:mrr@10"} < set(row.metrics)
        assert len(row.seconds) == 4
        assert row.p95_ms >= row.p50_ms > 0
        assert row.chunks == row.vectors > 4
        assert row.unit == "tokens of all-MiniLM-L6-v2"
        assert 4 < row.mean_tokens <= 40
        for name, found in row.metrics.items():
            values = [one[name] for one in row.per_question]
            assert found.mean == pytest.approx(sum(values) / 4)
            assert all(0 <= value <= 1 for value in values)
    fresh = Scratch(settings, VectorCache(settings.data_dir / "fresh.db"))
    anew = list(compare(QUESTIONS, DOCUMENTS, wanted, fresh))
    fresh.close()
    assert [without_time(row) for row in rows] == [without_time(row) for row in anew], "of no effect: what was kept"


def test_scores_are_those_of_the_passages_a_search_gives(scratch):
    recipe = small("sentence", overlap=0)
    (row,) = compare(QUESTIONS, DOCUMENTS, [recipe], scratch, budget=100)
    documents = list(DOCUMENTS.values())
    for question, scores, retrieved in zip(answerable(QUESTIONS), row.per_question, row.retrieved, strict=True):
        hits = scratch.search(question.question, recipe, documents).hits
        assert retrieved == tuple((hit.document_id, hit.start, hit.end) for hit in hits)
        document = DOCUMENTS[question.document]
        references = [(at := document.text.index(quote.text), at + len(quote.text)) for quote in question.quotes]
        for name in ("recall", "precision", "iou", "hit_at_k"):
            assert scores[name] == getattr(spans, name)(retrieved, document.id, references)
        everything = scratch.search(question.question, recipe.with_("retriever", k=50), documents).hits
        ranked = [(hit.document_id, hit.start, hit.end) for hit in everything]
        assert scores["recall_at_budget"] == spans.recall_at_budget(ranked, document.id, references, 100)
    assert row.metrics["recall_at_budget"].mean > 0


def test_what_is_read_is_paid_and_counted(scratch):
    searched, read = compare(
        QUESTIONS, DOCUMENTS, [small("window", 40, neighbours=0), small("window", 40, neighbours=2)], scratch
    )
    assert searched.chunks == read.chunks, "the same is searched"
    assert read.metrics["recall"].mean >= searched.metrics["recall"].mean
    assert read.metrics["precision"].mean < searched.metrics["precision"].mean
    assert read.metrics["precision_omega"].mean < searched.metrics["precision_omega"].mean


def test_parents_take_the_place_of_their_pieces(scratch):
    recipe = small("hierarchical", 16, factor=4)
    (row,) = compare(QUESTIONS, DOCUMENTS, [recipe.with_("retriever", k=4, merge_at=0)], scratch, budget=10_000)
    (apart,) = compare(QUESTIONS, DOCUMENTS, [recipe.with_("retriever", k=4, merge_at=1)], scratch, budget=10_000)
    lengths = [[end - start for _, start, end in read] for read in row.retrieved]
    assert max(max(one) for one in lengths) > 100, "a parent"
    assert all(len(one) < 4 for one in lengths)
    assert row.metrics["precision_omega"] == apart.metrics["precision_omega"]
    assert row.metrics["recall_at_budget"].mean == apart.metrics["recall_at_budget"].mean == 1.0


def test_differences_are_paired(scratch):
    first, second = compare(QUESTIONS, DOCUMENTS, [small("sentence", 16, overlap=0), small("fixed", 80)], scratch)
    found = second.difference(first)
    assert tuple(found) == tuple(first.metrics)
    for name, difference in found.items():
        assert difference.mean == pytest.approx(second.metrics[name].mean - first.metrics[name].mean)
    assert all(one.holds(0) for one in first.difference(first).values())
    assert set(second.p_values(first)) == set(found)
    assert set(first.p_values(first).values()) == {1.0}


def test_of_rows_with_another_k_what_both_have_is_compared(scratch):
    two = small("sentence", 16, overlap=0)
    first, second = compare(QUESTIONS, DOCUMENTS, [two, two.with_("retriever", k=3)], scratch)
    found = second.difference(first)
    assert {"recall", "ndcg@10", "page:recall@100"} < set(found)
    assert not {"precision@2", "precision@3", "hit@2", "document:hit@3"} & set(found)


def test_rankings_are_of_what_is_read_and_then_of_what_else_was_found(scratch):
    recipe = small("sentence", 16, overlap=0)
    (row,) = compare(QUESTIONS, DOCUMENTS, [recipe], scratch)
    everything = recipe.with_("retriever", k=50)
    for question, scores in zip(answerable(QUESTIONS), row.per_question, strict=True):
        hits = scratch.search(question.question, everything, list(DOCUMENTS.values())).hits
        first = next(rank for rank, hit in enumerate(hits, 1) if question.quotes[0].text in hit.text)
        if len(question.quotes) == 1:
            assert scores["map"] == pytest.approx(1 / first)
        assert scores["recall@100"] == 1
        assert scores["page:map"] == scores["document:map"], "a document of one page"


def test_progress_names_the_steps_and_stops_between_questions(scratch):
    seen = []
    stop = Event()

    def told(event):
        seen.append((event.stage, event.done, event.total))
        if event.stage == "asking" and len(rows) == 1 and event.done == 2:
            stop.set()

    rows = []
    running = compare(QUESTIONS, DOCUMENTS, [small("sentence", 24), small("fixed", 24)], scratch, work=Work(told, stop))
    rows.append(next(running))
    with pytest.raises(Cancelled):
        next(running)
    assert len(rows) == 1, "the row that was done is kept"
    assert ("asking", 4, 4) in seen
    assert {stage for stage, _, _ in seen} >= {"embedding", "asking"}
    assert seen[-1] == ("asking", 2, 4)


def test_wrong_questions_are_refused_before_any_work(scratch):
    with pytest.raises(UsageError, match="No question can be answered"):
        compare([Question("q", answerable=False)], DOCUMENTS, [Recipe()], scratch)
    with pytest.raises(UsageError, match=r"no document 'sky.txt'") as caught:
        compare([quoted("Is it blue?", "sky.txt", "blue")], DOCUMENTS, [Recipe()], scratch)
    assert "sea.txt, land.txt" in caught.value.fix
    wrong = [quoted("One?", "sea.txt", "no such words"), quoted("Two?", "land.txt", "nor these"), *QUESTIONS]
    with pytest.raises(DamagedFile, match=r"no such words.*besides it: 1\."):
        compare(wrong, DOCUMENTS, [Recipe()], scratch)


def test_a_question_too_long_to_embed_is_named(scratch):
    asked = [quoted("Why oh " * 400 + "?", "sea.txt", "kelp")]
    with pytest.raises(EngineRefused, match=r"“Why oh Why.*tokens"):
        list(compare(asked, DOCUMENTS, [Recipe()], scratch))
    keyword = Recipe().with_("retriever", "keyword")
    assert len(list(compare(asked, DOCUMENTS, [keyword], scratch))) == 1


def test_one_file_under_two_names_is_one_document(scratch):
    twice = {**DOCUMENTS, "copy/sea.txt": DOCUMENTS["sea.txt"]}
    asked = [*QUESTIONS, quoted("Where does the turbine stand?", "copy/sea.txt", "in the narrows")]
    (row,) = compare(asked, twice, [small("sentence", overlap=0)], scratch)
    (once,) = compare(QUESTIONS, DOCUMENTS, [small("sentence", overlap=0)], scratch)
    assert row.chunks == once.chunks
    assert row.per_question[:4] == once.per_question
    assert row.per_question[4]["hit_at_k"] == 1.0


def test_many_recipes_embed_each_question_once(tmp_path):
    """300 questions by 12 recipes: 300 embeddings of questions, whatever is measured about their time."""
    asked = [f"How many gulls did the keeper count on day {day}?" for day in range(300)]
    text = "".join(f"On day {day} the keeper counted {day * 7} gulls. " for day in range(300))
    questions = [quoted(question, "gulls.txt", f"On day {day} the keeper") for day, question in enumerate(asked)]
    embedder = Counting()
    with closing(VectorCache(tmp_path / "v.db")) as cache:
        scratch = Scratch(Settings(data_dir=tmp_path), cache, lambda choice: embedder)
        recipes = [
            Recipe().with_("retriever", name, k=k) for name in ("hybrid", "semantic", "keyword") for k in (1, 3, 5, 10)
        ]
        rows = list(compare(questions, {"gulls.txt": document("gulls.txt", text)}, recipes, scratch))
        scratch.close()
    assert len(rows) == 12
    assert sorted(embedder.asked) == sorted(asked)
    assert all(row.p50_ms > 0 for row in rows)


class Counting(BuiltinEmbedder):
    """The built-in model, noting the questions it embeds."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def embed(self, texts, kind="document", on_progress=None):
        if kind == "query":
            self.asked += texts
        return super().embed(texts, kind, on_progress)
