"""The lab's pure pieces: what is remembered, what is on show, what is drawn where, what differs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipelines import Recipe
from pipelines.chunking import Cut
from pipelines.chunking.base import Chunk, Parent, Span
from pipelines.errors import UsageError
from pipelines.loading.document import Rect
from pipelines.recipe import choose
from playground.lab.differences import differences
from playground.lab.overlay import overlay
from playground.lab.sheets import SHEET, Sheet, full_sheet, pasted_document, sheet_at, sheet_of
from playground.lab.state import Lab, chunkers, recipes, use_in_chat, with_column
from playground.state import Session, recipe_of
from playground.tasks import Tasks
from playground.views.outlines import outlines
from tests.test_chunking import document

# state --------------------------------------------------------------------------------------------------


def test_a_lab_survives_the_browser():
    lab = Lab(document="a.pdf", sheet=3, shown=4, picked="B:7", asked="Why?", budget=2000)
    assert Lab.restore(lab.keep()) == lab
    assert lab.picked_place == (1, 7)


@pytest.mark.parametrize("kept", [None, "x", {"shown": 9}, {"columns": 3}, {"pasted": "x" * 300_000}, {"zoom": "much"}])
def test_what_cannot_be_read_is_a_fresh_lab(kept):
    assert Lab.restore(kept).shown == 2


@pytest.mark.parametrize("picked", ["", "A", "A:", ":3", "E:1", "C:1", "A:-1", "A:x", "AB:1"])
def test_a_pick_that_is_nowhere(picked):
    assert Lab(picked=picked).picked_place is None


def test_columns_begin_with_the_chunker_in_use_and_differ():
    session = Session(recipe=Recipe().set(["chunker=semantic", "chunker.size=64"]).to_json())
    made = chunkers(session, Lab())
    assert str(made[0]) == "semantic(size=64)"
    assert len({choice.name for choice in made}) == 4


def test_a_column_of_another_version_takes_its_default():
    lab = Lab(columns=({"name": "gone", "params": {}}, {"name": "fixed", "params": {"size": 99}}))
    assert [str(choice) for choice in chunkers(Session(), lab)][:2] == ["sentence", "fixed(size=99)"]


def test_only_the_chunker_of_a_column_changes():
    session = Session(recipe=Recipe().set(["retriever.k=9"]).to_json())
    lab = with_column(session, Lab(picked="B:3"), 1, choose("chunker", "page"))
    one, other = recipes(session, lab)
    assert set(one.diff(other)) == {"chunker"}
    assert one.choice("retriever").params.k == 9
    assert lab.picked == ""


def test_a_column_becomes_the_chats_chunker():
    lab = with_column(Session(), Lab(), 1, choose("chunker", {"name": "window", "params": {"neighbours": 1}}))
    session = use_in_chat(Session(conversation="c"), lab, 1)
    assert str(recipe_of(session).choice("chunker")) == "window(neighbours=1)"
    assert session.conversation == "c"
    with pytest.raises(UsageError):
        use_in_chat(session, lab, 3)


# what differs -------------------------------------------------------------------------------------------


def test_the_strip_knows_what_differs():
    base = Recipe()
    found = differences([base, base.with_("chunker", "fixed"), base])
    assert found.others == ()
    assert found.same == (("A", "C"),)
    assert found.mixed == ()


def test_two_changes_at_once_are_told():
    base = Recipe()
    found = differences([base, base.with_("chunker", "fixed", size=64, unit="cl100k")])
    assert found.mixed == ("size", "unit")
    assert differences([base, base.with_("chunker", size=64)]).mixed == (), "one strategy at two sizes is one change"


def test_another_section_is_a_warning():
    base = Recipe()
    assert differences([base, base.set(["retriever.k=3", "chunker=fixed"])]).others == ("retriever",)


# sheets -------------------------------------------------------------------------------------------------


def test_pages_are_sheets():
    doc = document("First.", "Second page.", "Third.")
    assert sheet_of(doc, 2).page.number == 2
    assert (sheet_of(doc, 0).number, sheet_of(doc, 99).number) == (1, 3)
    assert sheet_at(doc, doc.text.index("Second")) == 2


def test_a_cover_is_not_the_first_look():
    assert full_sheet(document("Title", "A page with some text on it.", "Another page with some text.")) == 2


def test_a_long_text_is_shown_in_parts_that_hold_all_of_it():
    doc = pasted_document("A line of text.\n" * 2000)
    parts = [sheet_of(doc, number) for number in range(1, sheet_of(doc, 1).of + 1)]
    assert parts[0].start == 0
    assert parts[-1].end == len(doc.text)
    assert all(a.end == b.start and a.end - a.start <= SHEET * 1.3 for a, b in pairwise(parts))
    assert all(sheet_at(doc, part.start) == part.number for part in parts)


def test_pasted_text_is_markdown_if_it_has_headings():
    assert pasted_document("# One\n\ntext").kind == "markdown"
    assert pasted_document("just text").kind == "text"
    with pytest.raises(UsageError):
        pasted_document(" \n ")


# overlays -----------------------------------------------------------------------------------------------


def cut_of(*spans, **more):
    chunks = tuple(Chunk(Span(*span), Span(*span), **more) for span in spans)
    return Cut(chunks, tuple((chunk.span,) for chunk in chunks))


def test_chunks_are_cut_at_the_sheets_edges_and_overlaps_found():
    made = cut_of((0, 10), (8, 20), (20, 30), (40, 50))
    found = overlay(made, Sheet(2, 3, 9, 25), ranks={1: 2})
    assert [(m.index, m.span, m.begins, m.again, m.rank) for m in found.marks] == [
        (0, (9, 10), False, None, 0),
        (1, (9, 20), False, (9, 10), 2),
        (2, (20, 25), True, None, 0),
    ]


def test_what_is_read_for_the_picked_chunk_is_shown():
    made = cut_of((0, 10), (10, 20), parents=(Parent(Span(0, 20), 2),))
    assert overlay(made, Sheet(1, 1, 0, 15), picked=1).read == (0, 15)
    assert overlay(cut_of((0, 10)), Sheet(1, 1, 0, 15), picked=0).read is None


def test_rectangles_are_asked_for_once():
    asked = []

    def places(ranges):
        asked.append(list(ranges))
        return [[Rect(1, 0, 0, 1, 1)] if a < b else [] for a, b in ranges]

    found = overlay(cut_of((0, 10), (5, 20)), Sheet(1, 1, 0, 30), places=places)
    assert len(asked) == 1
    assert found.marks[0].rects
    assert not found.marks[0].again_rects
    assert found.marks[1].again_rects


# outlines -----------------------------------------------------------------------------------------------


def line(x0, y0, x1, height=0.02):
    return Rect(1, x0, y0, x1, y0 + height)


def test_one_line_is_a_rectangle():
    assert outlines([line(0.1, 0.1, 0.5, 0.1)]) == [[(0.1, 0.1), (0.5, 0.1), (0.5, 0.2), (0.1, 0.2)]]


def test_a_passage_has_the_shape_of_a_selection():
    (shape,) = outlines([line(0.5, 0.10, 0.9), line(0.1, 0.13, 0.9), line(0.1, 0.16, 0.4)])
    assert [(round(x, 3), round(y, 3)) for x, y in shape] == [
        (0.5, 0.1), (0.9, 0.1), (0.9, 0.155), (0.4, 0.155), (0.4, 0.18), (0.1, 0.18), (0.1, 0.125), (0.5, 0.125),
    ]  # fmt: skip


def test_lines_that_do_not_meet_are_two_shapes():
    assert len(outlines([line(0.6, 0.1, 0.9), line(0.1, 0.13, 0.3)])) == 2


def test_columns_and_gaps_are_apart_cells_of_a_row_together():
    assert len(outlines([line(0.1, 0.8, 0.4), line(0.6, 0.1, 0.9)])) == 2
    assert len(outlines([line(0.1, 0.1, 0.4), line(0.1, 0.3, 0.4)])) == 2
    assert len(outlines([line(0.1, 0.1, 0.2), line(0.6, 0.101, 0.9)])) == 1
    assert outlines([]) == []


# tasks --------------------------------------------------------------------------------------------------


def test_a_newer_wish_ends_the_older_one():
    tasks = Tasks()
    first = tasks.begin("page")
    other = tasks.begin("another page")
    second = tasks.begin("page")
    assert (first.is_set(), second.is_set(), other.is_set()) == (True, False, False)
    tasks.end("page", first)
    assert tasks.holds("page", second)
    tasks.stop("page")
    tasks.stop("nobody")
    assert second.is_set()
    tasks.close()
    assert other.is_set()


def test_the_wish_made_last_wins_whatever_arrives_first():
    tasks = Tasks()
    late, early = tasks.begin("page", 2000.0), tasks.begin("page", 1000.0)
    assert (late.is_set(), early.is_set()) == (False, True)
    for made in (900.0, 1990.0, 2060.0):
        tasks.overtake("page", made)
        assert not late.is_set(), "its own gesture, or one before it, however late the server hears of it"
    tasks.overtake("page", 2500.0)
    assert late.is_set()
    assert not tasks.holds("page", late), "it makes room; nobody stopped it"
    tasks.overtake("nobody", 1.0)
