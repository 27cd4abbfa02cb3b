"""What the tab of runs does, without a page: labs leave runs; runs are made again, compared, put back, deleted."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from pipelines.errors import UsageError
from pipelines.reading.degrade import Degradation
from pipelines.recipe import Recipe
from pipelines.runs.filter import Filter
from pipelines.runs.run import Begun, Ended
from playground.finding import board as finding_board
from playground.finding.state import Finding
from playground.finding.state import recipes as finding_recipes
from playground.lab import board as cutting_board
from playground.lab.state import Lab
from playground.reading import running
from playground.reading.state import Page, Reading, readers
from playground.reading.state import with_column as with_reader
from playground.runs import acting, again, board, loading
from playground.runs.settled import SETTLE_S, Settled
from playground.runs.state import Looking
from playground.sampling.state import Sampling
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs.runs import Wiring
from sample_docs import folder
from tests.browser.conftest import settings_for

SESSION = Session()
HANDBOOK = "lanternfish-handbook.pdf"
QUESTION = "What does a blinking lamp mean?"
BY_BLOCKS = Recipe().with_("reader", "tesseract", page_mode="block").choice("reader")
NOWHERE = {"chunking": {}, "retrieval": {}, "sampling": {}, "reading": {}}  # tabs that were never opened


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """The process's services: one document, no model."""
    with closing(Services.open(settings_for(tmp_path_factory.mktemp("runs")))) as made:
        made.library.add(folder() / HANDBOOK)
        yield made


def newest(services, kind):
    (run,) = services.runs.find(Filter(kinds=(kind,)), limit=1)
    return run


def kept(services, kind, more):
    """The newest runs of a kind, as soon as there are so many more than before."""
    ends = time.monotonic() + 30
    before = services.runs.count(Filter(kinds=(kind,)))
    yield
    while services.runs.count(Filter(kinds=(kind,))) < before + more:
        assert time.monotonic() < ends
        time.sleep(0.05)
    yield services.runs.find(Filter(kinds=(kind,)), limit=more)


def made_again(services, run):
    """How a run fares that is made again: the verdict."""
    now = Looking(run=run.id, opened="run")
    acting.act(services, now, "again", run.id)
    services.measurements.settle(now.again, 120)
    work = services.measurements.peek(now.again)
    assert work.state == "done", work.error
    return again.reproduced(services, run.id, work.rows[0])


def loaded(services, run):
    return loading.in_lab(services, SESSION, run, services.runs.details(run.id), NOWHERE)


# each lab leaves runs, which are made again and put back ------------------------------------------------------


def test_the_chunking_lab(services):
    cuts, searches = kept(services, "chunk", 2), kept(services, "search", 2)
    next(cuts)
    next(searches)
    lab = Lab(document=HANDBOOK, asked=QUESTION)
    *_, _ = cutting_board.draw(services, SESSION, lab, services.tasks.begin(lab.id))
    one, other = next(cuts)
    assert one.batch == other.batch != ""
    assert (one.origin, one.documents) == ("chunking lab", (HANDBOOK,))
    assert {run.known_recipe.choice("chunker").name for run in (one, other)} == {"sentence", "fixed"}
    assert one.numbers["chunks"] == len(services.runs.details(one.id).outputs["chunks"])
    found = next(searches)
    assert {run.question for run in found} == {QUESTION}
    for run in (one, found[0]):
        assert made_again(services, run).same, run.kind
    tab, lab = loaded(services, one)
    assert (tab, lab.document) == ("chunking", HANDBOOK)
    assert services.labs.now(Lab, lab.keep()) == lab, "the page and the process know the same"


def test_a_slider_on_its_way_leaves_nothing(services):
    runs = kept(services, "chunk", 2)
    next(runs)
    lab = Lab(document=HANDBOOK)
    for size in (60, 80, 100):
        session = Session(recipe=Recipe().set([f"chunker.size={size}"]).to_json())
        *_, _ = cutting_board.draw(services, session, lab, services.tasks.begin(lab.id))
    found = next(runs)
    assert services.runs.count(Filter(kinds=("chunk",), since=found[-1].when)) == 2
    assert 100 in [run.known_recipe.choice("chunker").params.size for run in found]


def test_the_retrieval_lab(services):
    runs = kept(services, "search", 3)
    next(runs)
    lab = Finding(asked=QUESTION, documents=(HANDBOOK,), pages="1-6")
    *_, _ = finding_board.draw(services, SESSION, lab, services.tasks.begin(lab.id))
    found = next(runs)
    assert [run.origin for run in found] == ["retrieval lab"] * 3
    by_words = next(run for run in found if run.known_recipe.choice("retriever").name == "keyword")
    assert made_again(services, by_words).same
    tab, lab = loaded(services, by_words)
    assert tab == "retrieval"
    assert (lab.asked, lab.documents, lab.pages) == (QUESTION, (HANDBOOK,), "1, 2, 3, 4, 5, 6")
    assert finding_recipes(SESSION, lab)[0].choice("retriever").name == "keyword"


def test_the_reading_lab(services):
    lab = Reading(page=Page(document=HANDBOOK, number=3), degrade=Degradation.parse("dpi=120"))
    lab = with_reader(SESSION, lab, 1, BY_BLOCKS)
    running.start(services, SESSION, lab)
    services.measurements.settle(lab.work("read"), 120)
    run = next(one for one in services.runs.find(Filter(kinds=("read",))) if one.summary.startswith("tesseract"))
    assert (run.about, run.documents, run.origin) == ("page 3, dpi=120", (HANDBOOK,), "reading lab")
    assert made_again(services, run).same
    tab, lab = loaded(services, run)
    assert (tab, lab.page.document, lab.page.number, lab.degrade.dpi) == ("reading", HANDBOOK, 3, 120)
    assert readers(SESSION, lab)[0] == BY_BLOCKS


def test_a_drawn_text_goes_back_with_what_was_said_before(services):
    said = [["system", "Be short."], ["user", "Hello"], ["assistant", "Yes?"], ["user", "A fish."]]
    recipe = Recipe().with_("sampling", temperature=0.3)
    services.runs.add(Begun("sample", recipe.to_json(), "A fish.", inputs={"messages": said}), Ended("done"))
    tab, lab = loaded(services, newest(services, "sample"))
    assert isinstance(lab, Sampling)
    assert (tab, lab.system, lab.prompt) == ("sampling", "Be short.", "A fish.")
    assert [text for _, text in lab.before] == ["Hello", "Yes?"]
    assert lab.columns[0]["sampling"]["params"]["temperature"] == 0.3


def test_an_answer_is_made_again_and_goes_to_chat_and_lab(services):
    recipe = Recipe().with_("retriever", "keyword", k=3)
    begun = Begun("ask", recipe.to_json(), QUESTION, inputs={"documents": [HANDBOOK]})
    for _ in services.recorder.answering(begun, services.library.ask(QUESTION, recipe, documents=[HANDBOOK])):
        pass
    run = newest(services, "ask")
    assert (
        made_again(services, run).said == "The same passages with the same scores, and the same answer, word for word."
    )
    assert recipe_of(loading.in_chat(SESSION, run)) == recipe
    tab, lab = loaded(services, run)
    assert (tab, lab.asked, lab.documents) == ("retrieval", QUESTION, (HANDBOOK,))


# what cannot be done says why -------------------------------------------------------------------------------


def test_another_result_is_told(services):
    recipe = Recipe().with_("retriever", "keyword", k=2)
    hit = {"document": HANDBOOK, "page": 1, "start": 0, "end": 9, "rank": 1, "score": 1.0, "text": "", "scores": {}}
    services.runs.add(Begun("search", recipe.to_json(), QUESTION), Ended("done", outputs={"hits": [hit]}))
    found = made_again(services, newest(services, "search"))
    assert (found.same, found.said) == (False, "Other passages, or in another order.")


@pytest.mark.parametrize(
    ("kind", "recipe", "why"),
    [
        ("index", Recipe().to_json(), "Add the file again"),
        ("search", '{"chunker": "of another app"}', "names parts that this app does not have"),
    ],
)
def test_what_is_never_made_again_says_why_at_once(services, kind, recipe, why):
    services.runs.add(Begun(kind, recipe), Ended("done"))
    run = newest(services, kind)
    with pytest.raises(UsageError, match=why):
        acting.act(services, Looking(run=run.id, opened="run"), "again", run.id)
    assert newest(services, kind).id == run.id


@pytest.mark.parametrize(
    ("kind", "inputs", "why"),
    [
        ("chunk", {}, "was uploaded and is not kept"),
        ("read", {"path": "gone.pdf", "page": 1}, "is not at gone.pdf any more"),
        ("evaluate", {"set": "x", "judged": True}, "Export it as Python"),
    ],
)
def test_what_cannot_be_made_again_any_more_says_why(services, kind, inputs, why):
    services.runs.add(Begun(kind, Recipe().to_json(), documents=("gone.pdf",), inputs=inputs), Ended("done"))
    run = newest(services, kind)
    now = acting.act(services, Looking(run=run.id, opened="run"), "again", run.id)
    services.measurements.settle(now.again, 60)
    assert why in board.draw(services, now).below
    assert newest(services, kind).state == "failed"


def test_a_run_whose_parts_are_gone_is_shown_and_not_loaded(services):
    services.runs.add(Begun("search", '{"retriever": "sonar"}', "depth?"), Ended("done"))
    run = newest(services, "search")
    with pytest.raises(UsageError, match="does not have"):
        loaded(services, run)
    with pytest.raises(UsageError, match="does not have"):
        loading.in_chat(SESSION, run)
    assert "depth?" in board.draw(services, Looking(run=run.id, opened="run")).below
    services.runs.add(Begun("index", Recipe().to_json(), "a.pdf"), Ended("done"))
    with pytest.raises(UsageError, match="No lab makes such runs"):
        loaded(services, newest(services, "index"))


# what is pressed --------------------------------------------------------------------------------------------


def test_the_table_is_narrowed_and_turned(services):
    now = acting.act(services, Looking(first=50), "kind", "read")
    assert (now.kinds, now.first) == (("read",), 0)
    assert acting.act(services, now, "kind", "read").kinds == ()
    now = acting.act(services, now, "starred", "")
    assert now.starred
    assert "No run fits" in board.draw(services, now.to(text="nowhere to be found")).table
    assert not acting.act(services, now.to(text="x"), "clear", "").filtered
    assert acting.act(services, Looking(), "older", "").first == 25
    assert acting.act(services, Looking(), "newer", "").first == 0


def test_two_are_marked_turned_round_and_let_go(services):
    ids = [services.runs.add(Begun("ask", question=f"Number {n}"), Ended("done")) for n in (1, 2, 3)]
    now = Looking()
    for run in ids:
        now = acting.act(services, now, "mark", run)
    assert (now.marked, now.opened) == ((ids[0], ids[2]), "pair"), "a third takes the place of the second"
    assert "Two runs compared" in board.draw(services, now).below
    assert acting.act(services, now, "swap", "").marked == (ids[2], ids[0])
    assert acting.act(services, now, "unmark", "").opened == ""
    assert acting.act(services, now, "mark", ids[0]).marked == (ids[2],)


def test_a_run_is_deleted_only_when_asked_twice(services):
    run = services.runs.add(Begun("ask", question="Of no use"), Ended("done"))
    other = services.runs.add(Begun("ask", question="Another"), Ended("done"))
    now = Looking(run=run, opened="run", marked=(run, other))
    with pytest.raises(UsageError, match="was not about to be deleted"):
        acting.act(services, now, "forget", run)
    now = acting.act(services, now, "delete", run)
    assert "for good" in board.draw(services, now).below
    assert acting.act(services, now, "keep", "").asking == ""
    now = acting.act(services, now, "forget", run)
    assert (now.opened, now.marked) == ("", (other,))
    with pytest.raises(UsageError):
        services.runs.get(run)
    with pytest.raises(UsageError):
        acting.act(services, now, "open", run)


# settling ---------------------------------------------------------------------------------------------------


def test_only_what_stays_is_kept_and_once(monkeypatch):
    monkeypatch.setattr("playground.runs.settled.SETTLE_S", 0.05)
    assert SETTLE_S > 1
    settled, seen = Settled(), []
    for shown in ("a", "b", "c"):
        settled.later("lab", shown, lambda shown=shown: seen.append(shown))
    settled.later("another", "x", lambda: seen.append("x"))
    time.sleep(0.4)
    assert sorted(seen) == ["c", "x"]
    settled.later("lab", "c", lambda: seen.append("again"))
    settled.later("lab", "d", lambda: seen.append("d"))
    settled.close()
    assert sorted(seen) == ["c", "d", "x"], "the same is not kept twice; what waits is kept at the end"


def test_runs_that_cannot_be_kept_stop_nothing(caplog):
    settled = Settled()
    settled.later("lab", "a", lambda: 1 / 0)
    settled.close()
    assert "could not be kept" in caplog.text


def test_of_two_acts_at_once_the_one_drawn_last_shows_both(services, monkeypatch):
    now, drawn, draw = services.labs.keep(Looking()), [], board.draw

    def while_another_acts(given, state):
        if not drawn:
            services.labs.keep(now.to(asking="a run"))
        drawn.append(state)
        return draw(given, state)

    monkeypatch.setattr(board, "draw", while_another_acts)
    told, *_ = Wiring.redraw(None, services, now.to(text="tide"))
    assert (told["text"], told["asking"]) == ("tide", "a run")
    assert [one.asking for one in drawn] == ["", "a run"]
