"""The chunking lab's handlers on real parts: columns as they come to be, stopped, asked, measured, marked."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from pipelines import Recipe, registry
from pipelines.errors import EngineFailed, UsageError
from pipelines.evaluation.question_sets import MINE
from pipelines.recipe import choose
from playground.lab import board, measuring
from playground.lab.acting import act, document_names, open_first, paste
from playground.lab.state import Lab, with_column
from playground.services import Services
from playground.state import Session
from playground.views import measured
from sample_docs import folder
from tests.test_app import settings

REPORT = folder() / "harbour-energy-report.pdf"
GUIDE = folder() / "field-guide.md"
LIGHTS = "Why did the lights go out on the Gannet Steps?"
HOSTILE = "# <script>alert(1)</script>\n\nOne <img src=x onerror=alert(2)> is here. Two is here. Three is here.\n"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    opened = Services.open(settings(tmp_path_factory.mktemp("data")))
    opened.library.add(REPORT)
    opened.library.add(GUIDE)
    yield opened
    opened.close()


@pytest.fixture
def lab():
    return Lab(document=REPORT.name, sheet=3)


def last(services, lab, session=None):
    """The board when all is done."""
    return list(board.draw(services, session or Session(), lab))[-1]


def set_column(lab, at, name, **params):
    return with_column(Session(), lab, at, choose("chunker", {"name": name, "params": params}))


# on the page --------------------------------------------------------------------------------------------


def test_two_strategies_are_drawn_on_one_page(services, lab):
    shown = last(services, lab)
    one, other = shown.columns[0].body, shown.columns[1].body
    for body, letter in ((one, "A"), (other, "B")):
        assert f'src="page/{REPORT.name}/3.png' in body
        assert f'data-arg="{letter}:1"' in body
        assert body.count('class="cut ') >= 3
        assert f"url(#hatch-{letter})" in body, "overlaps are hatched"
    assert re.findall(r' d="(M[^"]+)"', one) != re.findall(r' d="(M[^"]+)"', other)
    assert shown.columns[2].body is None, "columns not shown are not computed"
    assert "Only the chunker differs" in shown.strip
    assert "p. 3 (printed 1) of 7" in shown.toolbar


def test_every_word_of_the_page_can_be_selected(services, lab):
    body = last(services, lab).columns[0].body
    document = services.library.document(REPORT.name)
    lines = re.findall(r'data-start="(\d+)">([^<]*)</text>', body)
    assert len(lines) > 20
    for start, text in lines:
        assert document.text[int(start) :].startswith(unescape(text))


def test_the_text_view_loses_no_letter(services, lab):
    document = services.library.document(GUIDE.name)
    for name in ("sentence", "fixed", "window", "hierarchical"):
        body = last(services, set_column(lab.to(document=GUIDE.name), 0, name)).columns[0].body
        inside = re.sub(r"<button.*?</button>", "", body, flags=re.DOTALL)
        assert unescape(re.sub(r"<[^>]+>", "", inside)) == document.text


def test_numbers_stand_side_by_side(services, lab):
    shown = last(services, set_column(lab, 1, "page")).numbers
    assert "chunks across pages" in shown
    assert shown.count("<svg") == 2
    assert "cuts inside sentences" in shown


def test_hostile_text_is_shown_and_not_obeyed(services):
    lab = paste(Lab(), HOSTILE)
    lab = lab.to(picked="A:0", asked="<b>what</b>")
    shown = last(services, lab)
    everything = "".join(part or "" for part in shown.markup())
    assert "<script>alert" not in everything
    assert "<img src=x" not in everything
    assert "<b>what</b>" not in everything
    assert "&lt;script&gt;" in everything


def test_an_empty_lab_teaches(services):
    shown = last(services, Lab())
    assert "paste text" in shown.columns[0].body
    assert shown.columns[1].body == ""


def test_a_removed_document_ends_in_words(services):
    shown = last(services, Lab(document="gone.pdf"))
    assert "gone.pdf" in shown.columns[0].body
    assert "fault" in shown.columns[0].body
    assert open_first(services, Session(), Lab(document="gone.pdf")).document in document_names(services, Session())


def test_one_broken_column_leaves_the_other(services, lab, monkeypatch):
    def broken(document, params, bench):
        raise EngineFailed("The model fell over.", "Pick it up.")

    part = registry.get("chunker", "semantic")
    monkeypatch.setitem(registry._PARTS, ("chunker", "semantic"), replace(part, build=broken))
    shown = last(services, set_column(lab, 1, "semantic", size=72))
    assert "The model fell over." in shown.columns[1].body
    assert "Pick it up." in shown.columns[1].body
    assert "data-arg" in shown.columns[0].body


# one chunk ----------------------------------------------------------------------------------------------


def test_a_chunk_tells_its_place_and_its_nearest(services, lab):
    picked = act(services, Session(), set_column(lab, 0, "window"), "chunk", "A:40")
    shown = last(services, picked)
    assert "Chunk 41 of" in shown.detail
    assert shown.detail.count("cosine") == 3
    assert "Read when this is found" in shown.detail
    assert "picked" in shown.columns[0].body
    assert last(services, act(services, Session(), picked, "chunk", "")).detail == ""


def test_picking_a_chunk_turns_to_its_page(services, lab):
    made = services.library.scratch.cut(services.library.document(REPORT.name), Recipe())
    end = len(made.chunks) - 1
    assert act(services, Session(), lab, "chunk", f"A:{end}").sheet > 3
    for wrong in ("A:9999", "Z:1", "A:x"):
        with pytest.raises(UsageError):
            act(services, Session(), lab, "chunk", wrong)


def test_buttons_turn_zoom_and_add_columns(services, lab):
    assert act(services, Session(), lab, "sheet", "4").sheet == 4
    assert act(services, Session(), lab, "zoom", "150").zoom == 150
    assert act(services, Session(), lab, "columns", "3").shown == 3
    assert act(services, Session(), lab, "view", "text").view == "text"
    assert act(services, Session(), lab, "again", "") == lab


# a question ---------------------------------------------------------------------------------------------


def test_a_question_lights_up_its_chunks_in_every_column(services, lab):
    shown = last(services, set_column(lab, 1, "hierarchical").to(asked=LIGHTS))
    for column in shown.columns[:2]:
        assert "<em>#1</em>" in column.body
        assert "tokens in the prompt" in column.head
    assert "trawl door" in shown.found
    assert "found by hybrid, the same in every column" in shown.found


# stop ---------------------------------------------------------------------------------------------------


def test_what_embeds_shows_progress_and_stops(services, lab, monkeypatch):
    monkeypatch.setattr("playground.background.PATIENCE_S", 0.0)
    monkeypatch.setattr("playground.background.LOOK_S", 0.0)
    lab = set_column(lab, 1, "semantic", buffer=2)
    seen = []
    for shown in board.draw(services, Session(), lab):
        seen.append(shown)
        if "Embedding sentences" in (shown.columns[1].body or ""):
            services.tasks.stop(lab.id)
    assert "Stopped" in seen[-1].columns[1].body
    assert "Go on" in seen[-1].columns[1].body
    assert "data-arg" in seen[-1].columns[0].body, "the other column stays"
    assert "chunk" in last(services, lab).columns[1].head


def test_a_newer_wish_ends_the_older_without_a_word(services, lab, monkeypatch):
    monkeypatch.setattr("playground.background.PATIENCE_S", 0.0)
    monkeypatch.setattr("playground.background.LOOK_S", 0.0)
    slow = set_column(lab, 1, "cluster", least=0)
    first, boards = board.draw(services, Session(), slow), []
    for shown in first:
        boards.append(shown)
        if "Embedding" in (shown.columns[1].body or ""):
            services.tasks.begin(lab.id)
    assert "Stopped" not in (boards[-1].columns[1].body or "")


# measured -----------------------------------------------------------------------------------------------


def result(services, lab):
    return list(services.measurements.follow(lab.id))[-1]


def test_columns_are_measured_on_the_samples(services, lab):
    measuring.measure(services, Session(), lab)
    with pytest.raises(UsageError, match="under way"):
        measuring.measure(services, Session(), lab)
    found = result(services, lab)
    assert found.state == "done"
    assert len(found.rows) == 2
    assert found.asked == len(found.rows[0].per_question) > 10
    assert any("two-column-paper.pdf, which is not here" in reason for reason in found.left_out)
    shown = measured.measured(found)
    assert "recall at 4,000 characters" in shown
    assert shown.count('class="interval') == 12
    assert "within noise" in shown


def test_a_stopped_measurement_keeps_its_rows(services):
    lab = Lab(document=REPORT.name, shown=4)
    measuring.measure(services, Session(), lab)
    for now in services.measurements.follow(lab.id):
        if now.rows:
            services.measurements.stop(lab.id)
    assert now.state == "stopped"
    assert 1 <= len(now.rows) < 4
    assert "Stopped" in measured.measured(now)


def test_an_answer_is_marked_and_measured(services, lab):
    document = services.library.document(REPORT.name)
    at = document.text.index("lost trawl door")
    for question, target in (("", "0:9"), ("Why?", "5:5"), ("Why?", "900000:900009")):
        with pytest.raises(UsageError):
            measuring.mark(services, lab, question, target)
    made = measuring.mark(services, lab, f" {LIGHTS} ", f"{at - 1}:{at + 15}")
    assert made.quotes[0].text == "lost trawl door"
    assert made.page == 3
    assert (f"{MINE} (1)", MINE) in measuring.sets(services)
    mine = lab.to(questions=MINE)
    measuring.measure(services, Session(), mine)
    found = result(services, mine)
    assert found.asked == 1
    assert found.rows[0].metrics["recall"].mean == 1
    assert "lost trawl door" in measured.marked(services.questions.read(MINE))
    measuring.forget(services, 0)
    assert MINE not in services.questions.names()
    assert "Make your own" in measured.marked([])


def test_a_file_of_questions_is_a_set(services, lab, tmp_path):
    file = tmp_path / "upload"
    file = file.with_suffix(".csv")
    file.write_text(f"question,document,quote\nWhy?,{REPORT.name},lost trawl door\nHow?,gone.pdf,x\n", "utf-8")
    name = measuring.take_file(services, str(file), "my exam.csv")
    chosen = measuring.choose(services, name)
    assert [one.question for one in chosen.questions] == ["Why?"]
    assert chosen.left_out == ("1 about gone.pdf, which is not here",)


def test_a_failed_measurement_says_why(services, lab, tmp_path):
    file = tmp_path / "wrong.csv"
    file.write_text(f"question,document,quote\nWhy?,{REPORT.name},words that are not there\n", "utf-8")
    wrong = lab.to(questions=measuring.take_file(services, str(file), "wrong.csv"))
    measuring.measure(services, Session(), wrong)
    found = result(services, wrong)
    assert found.state == "failed"
    assert "words that are not there" in measured.measured(found)
