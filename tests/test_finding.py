"""The retrieval lab without a page: its state, its columns on a real library, the trace, the measured grid."""

import time

import pytest

from pipelines.engines.writing import Writer
from pipelines.errors import ModelMissing, UsageError
from pipelines.loading.page_numbers import page_numbers, told_pages
from pipelines.recipe import Recipe, choose
from pipelines.retrieval.base import StageScore
from pipelines.retrieval.candidates import Candidate, Ranking
from playground.finding import acting, board, drafting, grading, grid
from playground.finding.column import Found
from playground.finding.grid import Grid
from playground.finding.state import Finding, choices, recipes, use_in_chat, with_column
from playground.finding.trace import CITED, PROMPT, trace
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs import evaluating, question_sets
from sample_docs import folder
from tests.browser.conftest import settings_for
from tests.test_evaluation_making import ScriptedEngine, item

BOLTS = "How tight should the bolts of the brush guard be?"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    opened = Services.open(settings_for(tmp_path_factory.mktemp("data")))
    for name in ("lanternfish-handbook.pdf", "field-guide.md"):
        assert opened.library.add(folder() / name).status == "indexed"
    yield opened
    opened.close()


def last(services, lab, session=None):
    flag = services.tasks.begin(lab.id)
    return list(board.draw(services, session or Session(), lab, flag))[-1]


# state ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pages"),
    [("", None), (" ", None), ("3", [3]), ("1-3, 8", [1, 2, 3, 8]), ("2–4", [2, 3, 4]), ("1 - 2;5", [1, 2, 5])],
)
def test_pages_are_read(text, pages):
    assert page_numbers(text) == pages


@pytest.mark.parametrize("text", ["0", "a", "3-1", "1-999999", "1--2"])
def test_what_is_no_page_is_named(text):
    with pytest.raises(UsageError, match="no page"):
        page_numbers(text)


@pytest.mark.parametrize(
    ("numbers", "told"), [([3], "page 3"), ([2, 1, 3, 7, 7], "pages 1–3, 7"), ([4, 6], "pages 4, 6")]
)
def test_pages_are_told_as_they_are_read(numbers, told):
    assert told_pages(numbers) == told
    assert page_numbers(told.partition(" ")[2]) == sorted(set(numbers))


def test_columns_begin_with_ways_that_differ_in_kind():
    names = [str(one["retriever"]) for one in choices(Session(), Finding())]
    assert names == ["hybrid", "semantic", "keyword", "hybrid(fusion=rrf)"]
    session = Session(recipe=Recipe().with_("retriever", "keyword").to_json())
    assert [str(one["retriever"]) for one in choices(session, Finding())][:2] == ["keyword", "semantic"]


def test_what_the_browser_kept_comes_back_and_nonsense_does_not():
    lab = with_column(
        Session(), Finding(asked="x"), 1, recipes(Session(), Finding())[2].choice("retriever"), "retriever"
    )
    assert Finding.restore(lab.keep()) == lab
    assert recipes(Session(), lab)[1].choice("retriever").name == "keyword"
    assert Finding.restore({"shown": 99}).asked == ""
    broken = lab.to(columns=({"retriever": {"name": "gone"}}, {}))
    assert [one["retriever"].name for one in choices(Session(), broken)][:2] == ["hybrid", "semantic"]


def test_a_column_goes_into_the_chat():
    session = use_in_chat(Session(), Finding(), 2)
    assert recipe_of(session).choice("retriever").name == "keyword"
    with pytest.raises(UsageError):
        use_in_chat(Session(), Finding(), 3)


# the board --------------------------------------------------------------------------------------------


def test_one_embedding_serves_all_columns(services, monkeypatch):
    embedder = services.library.scratch.embedder(Recipe())
    texts, real = [], embedder.embed
    monkeypatch.setattr(embedder, "embed", lambda t, *a, **k: texts.extend(t) or real(t, *a, **k))
    lab = Finding(asked="Which part do I need to replace the brushes?", shown=4)
    now = last(services, lab)
    assert [one.error for one in now.columns] == [None] * 4
    assert texts == [lab.asked]
    for knobs in ({"alpha": 0.1}, {"k": 9}, {"depth": 3}, {"threshold": 0.2}, {"fusion": "rrf", "rrf_k": 5}):
        turned = recipes(Session(), lab)[0].with_("retriever", **knobs).choice("retriever")
        last(services, with_column(Session(), lab, 0, turned, "retriever"))
    assert texts == [lab.asked], "sliders embed nothing"


def test_the_board_shows_hits_scores_and_the_trace(services):
    now = last(services, Finding(asked=BOLTS))
    strip, _, *rest = now.markup()
    assert "Only the retriever differs" in strip
    hybrid, semantic, keyword = rest[4:7]
    for markup in (hybrid, semantic, keyword):
        assert "lanternfish-handbook.pdf" in markup
        assert '<mark class="term">bolts</mark>' in markup
    assert "fusion score, higher is better" in hybrid
    assert hybrid.count('<g class="walk') == keyword.count('<g class="walk') > 8
    assert "Jaccard" in rest[8]
    assert "ordered by keyword score" in rest[2]


def test_documents_and_pages_narrow_every_column(services):
    now = last(services, Finding(asked=BOLTS, documents=("field-guide.md",)))
    assert {hit.document for one in now.columns for hit in one.hits} == {"field-guide.md"}
    now = last(services, Finding(asked=BOLTS, pages="5-6"))
    assert now.columns[0].hits
    assert all({5, 6} & set(hit.pages) for one in now.columns for hit in one.hits)
    wrong = last(services, Finding(asked=BOLTS, pages="five"))
    assert all("no page" in one.error.message for one in wrong.columns)


def test_answers_show_what_was_cited(services):
    now = last(services, Finding(asked=BOLTS, answer=True, shown=2))
    assert "6 N·m" in now.columns[0].turn.text
    lane = trace(now.columns)[0]
    assert lane.stages[-2:] == (PROMPT, CITED)
    assert any(CITED in line.ranks for line in lane.lines)
    assert "quotes, no model" in now.markup()[6]


def test_hostile_questions_and_empty_ones(services):
    now = last(services, Finding(asked='<img src=x onerror="alert(1)">'))
    assert not any("<img src=x" in (markup or "") for markup in now.markup())
    assert "Try first" in last(services, Finding(asked=" ")).markup()[6]


def test_an_opened_passage_shows_its_page(services):
    lab = Finding(asked=BOLTS)
    opened = acting.act(services, Session(), lab, "open", "B:1")
    passage = last(services, opened).passage
    assert "lanternfish-handbook.pdf" in passage
    assert "5.png" in passage
    with pytest.raises(UsageError):
        acting.act(services, Session(), lab, "open", "B:77")
    with pytest.raises(UsageError):
        acting.act(services, Session(), lab, "open", "Z")
    assert acting.act(services, Session(), opened, "close", "").picked == ""


def test_a_trace_tells_where_a_passage_was_lost():
    def candidate(id, score, **ranks):
        return Candidate(id, score, {stage: StageScore(rank, 1.0) for stage, rank in ranks.items()})

    first = Ranking((candidate("a", 2, semantic=2, fused=1), candidate("b", 1, semantic=1, keyword=1, fused=2)))
    second = Ranking((candidate("c", 9, keyword=1),))
    lanes = trace([Found(Recipe(), first), Found(Recipe(), second), Found(Recipe())])
    assert [line.id for line in lanes[0].lines] == ["a", "c", "b"]
    assert lanes[0].stages == ("semantic", "keyword", "fused", PROMPT)
    assert dict(lanes[0].lines[2].ranks) == {"semantic": 1, "keyword": 1, "fused": 2}
    assert dict(lanes[0].lines[1].ranks) == {}
    assert lanes[2].lines == ()


# marking and sets -------------------------------------------------------------------------------------


def test_a_hit_is_kept_as_an_answer_in_a_named_set(services):
    lab = Finding(asked=BOLTS, into="bolts and nuts")
    made = acting.answers(services, Session(), lab, BOLTS, "A:1")
    assert (made.document, made.page) == ("lanternfish-handbook.pdf", 5)
    assert services.questions.read("bolts and nuts") == [made]
    with pytest.raises(UsageError, match="Which question"):
        acting.answers(services, Session(), lab, " ", "A:1")
    markup = question_sets.shown(services, "bolts and nuts")
    assert BOLTS in markup
    name = question_sets.act(services, "bolts and nuts", "rename", "", "nuts")
    question_sets.act(services, name, "reword", "0", "How tight?")
    assert services.questions.read("nuts")[0].question == "How tight?"
    assert question_sets.act(services, "nuts", "forget", "0", "") != "nuts"
    assert "nuts" not in services.questions.names()


def test_words_on_the_open_page_are_marked(services):
    lab = acting.act(services, Session(), Finding(asked=BOLTS, into="marked"), "open", "A:1")
    document = services.library.document("lanternfish-handbook.pdf")
    at = document.text.index("tighten the bolts")
    made = acting.mark(services, Session(), lab, BOLTS, f"{at}:{at + 26}")
    assert made.quotes[0].text.startswith("tighten the bolts")
    services.questions.delete("marked")


# measuring --------------------------------------------------------------------------------------------


def test_a_grid_is_measured_and_read(services):
    lab = Finding(questions="samples", grid=Grid(ks=(3, 5)))
    made, _ = grid.combinations(Session(), lab.grid)
    assert len(made) == 6
    grid.start(services, Session(), lab.work("grid"), lab.questions, lab.grid)
    *_, found = services.measurements.follow(lab.work("grid"))
    assert (found.state, len(found.rows)) == ("done", 6)
    for level in ("quote", "page", "document"):
        for against in (-1, 3):
            now = lab.to(grid={**lab.grid.model_dump(), "level": level, "against": against})
            table, each = evaluating.shown(services, now)
            assert "baseline" in table
            assert table.count("within noise") + table.count("better") + table.count("worse") >= 5
            assert bool(each) == (against >= 0)
    asked = acting.trace(services, Session(), now, 0)
    assert (asked.asked, asked.shown) == (found.each[0].question, 2)
    assert [r.choice("retriever") for r in recipes(Session(), asked)] == [
        found.recipes[0].choice("retriever"), found.recipes[3].choice("retriever")
    ]  # fmt: skip
    session = evaluating.in_chat(Session(), found.recipes[4])
    assert recipe_of(session).choice("retriever") == found.recipes[4].choice("retriever")


def test_too_large_a_grid_is_refused():
    with pytest.raises(UsageError, match="Choose fewer"):
        grid.combinations(Session(), Grid(ks=tuple(range(1, 300))))


# a Qdrant server --------------------------------------------------------------------------------------


def test_a_server_gives_the_same_hits_in_the_same_order(services, tmp_path, monkeypatch):
    """Qdrant's client in memory stands in for a server, which cannot be had here: the same calls, exact search."""
    from qdrant_client import QdrantClient

    from pipelines import collection
    from pipelines.stores.server import ServerStore

    client = QdrantClient(":memory:")
    monkeypatch.setattr(collection, "open_store", lambda settings, name, size: ServerStore(client, name, size))
    other = Services.open(settings_for(tmp_path))
    try:
        for name in ("lanternfish-handbook.pdf", "field-guide.md"):
            assert other.library.add(folder() / name).status == "indexed"
        for question in (BOLTS, "What does E-417 mean?", "Which seaweed can be dried and drunk?"):
            for more in ({}, {"pages": "1-5"}, {"documents": ("lanternfish-handbook.pdf",)}):
                lab = Finding(asked=question, shown=4, **more)
                here, there = last(services, lab), last(other, lab)
                for one, two in zip(here.columns, there.columns, strict=True):
                    assert [hit.text for hit in one.hits] == [hit.text for hit in two.hits]
                    assert [hit.score for hit in one.hits] == pytest.approx([hit.score for hit in two.hits], abs=1e-5)
    finally:
        other.close()


# with a language model --------------------------------------------------------------------------------


def hire(services, monkeypatch, *answers):
    """A scripted model stands for a capable one, which cannot run in the tests."""
    writer = Writer(ScriptedEngine(*answers), "big", 4096)
    monkeypatch.setattr(services.library.aids, "writer", lambda recipe, cancel=None: writer)


def test_written_questions_are_kept_or_dropped_by_a_person(services, monkeypatch):
    written = [item("How tight are the bolts?", "tighten the bolts to 6 N·m"), item("Who?", "nowhere to be found")]
    hire(services, monkeypatch, written)
    lab = Finding(into="written")
    assert "quote" in question_sets.drafts(services, lab)
    drafting.start(services, Session(), lab, "lanternfish-handbook.pdf", "5", 2)
    *_, found = services.measurements.follow(lab.work("drafts"))
    assert found.state == "done"
    markup = question_sets.drafts(services, lab)
    assert "How tight are the bolts?" in markup
    assert "The quote is not on the page." in markup
    assert "big (scripted)" in markup
    drafting.decide(services, lab, 0, "keep")
    assert [one.question for one in services.questions.read("written")] == ["How tight are the bolts?"]
    with pytest.raises(UsageError):
        drafting.decide(services, lab, 0, "drop")
    with pytest.raises(UsageError):
        drafting.decide(services, lab, 1, "keep")
    assert 'data-act="keep"' not in question_sets.drafts(services, lab)
    with pytest.raises(UsageError, match="no page 99"):
        drafting.start(services, Session(), lab, "lanternfish-handbook.pdf", "99", 2)


def test_no_model_is_said_not_hidden(services):
    with pytest.raises(ModelMissing, match="no language model"):
        drafting.start(services, Session(), Finding(), "lanternfish-handbook.pdf", "5", 2)
    hyde = Recipe().with_("retriever", "hyde").choice("retriever")
    now = last(services, with_column(Session(), Finding(asked=BOLTS), 1, hyde, "retriever"))
    assert "no language model" in now.markup()[7]
    assert now.columns[0].hits, "the other columns are not touched"


def test_what_a_model_wrote_for_a_search_is_shown(services, monkeypatch):
    hire(services, monkeypatch, "Tighten the bolts of the guard to six newton metres.")
    hyde = Recipe().with_("retriever", "hyde").choice("retriever")
    now = last(services, with_column(Session(), Finding(asked=BOLTS), 1, hyde, "retriever"))
    assert "six newton metres" in now.markup()[7]
    assert "big (scripted)" in now.markup()[7]


def test_answers_are_graded_without_a_judge_too(services):
    lab = Finding(questions="samples")
    grading.start(services, lab, Recipe(), "hybrid")
    *_, found = services.measurements.follow(lab.work("answers"))
    assert (found.state, found.judge) == ("done", "")
    markup = evaluating.answers(services, lab)
    assert "No judge" in markup
    assert "quotes, no model" in markup
    assert len(found.rows) == found.asked


def test_a_model_that_grades_passages_tells_how_far_it_is(services, monkeypatch):
    """Each grade takes a while, so that somebody would look."""

    class Slow(ScriptedEngine):
        def chat(self, *given, **more):
            time.sleep(0.15)
            yield from super().chat(*given, **more)

    writer = Writer(Slow(*({"relevance": n} for n in range(10))), "big", 4096)
    monkeypatch.setattr(services.library.aids, "writer", lambda recipe, cancel=None: writer)
    graded = choose("reranker", {"name": "llm-pointwise", "params": {"depth": 10}})
    lab = with_column(Session(), Finding(asked=BOLTS), 0, graded, "reranker")
    boards = list(board.draw(services, Session(), lab, services.tasks.begin(lab.id)))
    assert any("llm-pointwise: asking" in (now.markup()[6] or "") for now in boards)
    assert [hit.scores["rerank"].score for hit in boards[-1].columns[0].hits] == [9, 8, 7, 6, 5]
    assert "Grade it from 0 to 10" in boards[-1].markup()[6], "the prompt is shown"
