"""The reading lab's work without a page: one page, what a question finds, whether a model sees."""

from __future__ import annotations

import html
import os
import time

import pytest

from pipelines.errors import UsageError
from pipelines.reading.degrade import Degradation
from pipelines.reading.sight import Sight
from pipelines.recipe import choose
from playground.reading import acting, choosing, finding, running, seeing
from playground.reading.sheets import Sheets
from playground.reading.state import Page, Reading, readers, with_column
from playground.views import read_found, read_model
from tests.reading_lab import HANDBOOK, SCAN, SESSION, boards, lab_of, opened, ran


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("reading")) as made:
        yield made


def counted(monkeypatch, module):
    """Readings made from here on, by reader."""
    made, real = [], module.read_page

    def read(choice, *given, **more):
        made.append(choice.name)
        return real(choice, *given, **more)

    monkeypatch.setattr(module, "read_page", read)
    return made


# one page ---------------------------------------------------------------------------------------------


def test_a_page_is_read_by_each_column_and_not_twice(services, monkeypatch):
    lab = lab_of()
    run = ran(services, lab)
    assert [one.transcript.state for one in run.columns] == ["done", "done"]
    assert "Refit the guard" in run.columns[1].transcript.text
    made = counted(monkeypatch, running)
    other = with_column(SESSION, lab, 0, choose("reader", {"name": "tesseract", "params": {"page_mode": "block"}}))
    run = ran(services, other)
    assert made == ["tesseract"], "only the column that is new"
    (*_, last) = boards(services, other)
    assert all(one is not None and one.state == "done" for one in last.shown)
    assert 'class="word-boxes' in last.markup()[1]


def test_another_page_shows_none_of_what_was_read(services):
    lab = lab_of()
    ran(services, lab)
    for other in (lab.to(page=Page(document=HANDBOOK.name, number=2)), lab.to(degrade=Degradation(blur=3))):
        assert all(one.shown == [None, None] for one in boards(services, other)), "not even before it is drawn"


def test_a_page_that_is_not_there_is_a_message(services):
    lab = lab_of(number=900)
    (*_, last) = boards(services, lab)
    assert "has no page 900" in last.markup()[1]
    assert ran(services, lab).state == "failed"


def test_a_document_too_many_pages_on_turns_to_its_last(services):
    assert acting.page_of(services, HANDBOOK.name, lab_of(), 900) < 100
    assert acting.page_of(services, SCAN.name, lab_of(), 5) == 1


def test_an_upload_is_kept_for_a_week(tmp_path):
    given = tmp_path / "given.png"
    given.write_bytes(b"old")
    sheets = Sheets(None, tmp_path / "uploads")
    old, young = sheets.upload(given, "given.png"), sheets.upload(given, "given.png")
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(tmp_path / "uploads" / old, (eight_days_ago, eight_days_ago))
    newest = sheets.upload(given, "given.png")
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {young, newest}
    given.unlink()
    with pytest.raises(UsageError, match=r"given\.png cannot be kept"):
        sheets.upload(given, "given.png")


# what it does to retrieval ----------------------------------------------------------------------------


def test_each_readers_text_is_searched(services):
    lab = lab_of(asked="What is done with the bolts of the guard?")
    with pytest.raises(UsageError, match="No column has read"):
        finding.start(services, SESSION, lab)
    ran(services, lab)
    finding.start(services, SESSION, lab)
    services.measurements.settle(lab.work("find"), 120)
    found = finding.found(services, lab)
    assert [one.reader.name for one in found.rows] == ["text-layer", "tesseract"]
    assert all("bolts" in one.hits[0].text for one in found.rows)
    assert "same for every reader" in read_found.found(found)
    with pytest.raises(UsageError, match="No column has read"):  # another page was read
        finding.start(services, SESSION, lab.to(page=Page(document=HANDBOOK.name, number=2)))
    with pytest.raises(UsageError, match="no question"):
        finding.start(services, SESSION, lab.to(asked=" "))


def test_a_hostile_text_is_escaped(services):
    lab = lab_of(asked="<script>")
    ran(services, lab)
    finding.start(services, SESSION, lab)
    services.measurements.settle(lab.work("find"), 120)
    assert "<script>" not in read_found.found(finding.found(services, lab))


# does it see? -----------------------------------------------------------------------------------------


def test_only_a_vision_column_is_asked(services):
    with pytest.raises(UsageError, match="no vision model"):
        seeing.start(services, SESSION, lab_of(), 1)
    with pytest.raises(UsageError, match="no vision model"):
        seeing.start(services, SESSION, lab_of(), 3)


def test_without_ollama_the_column_says_what_to_type(services):
    lab = lab_of(names=("text-layer", "vlm"))
    (*_, last) = boards(services, lab)
    head = last.markup()[3]
    assert "Does it see?" in head
    said = choosing.advice(services, "")
    assert not said.fits
    assert said.line
    assert said.line in html.unescape(read_model.advice(said, "plain"))
    assert "Does it see?" not in last.markup()[2]
    seeing.start(services, SESSION, lab, 1)
    services.measurements.settle(lab.work("sight"), 60)
    assert seeing.looking(services, lab).state == "failed"
    assert 'role="alert"' in read_found.sight(seeing.looking(services, lab))


@pytest.mark.parametrize(("sees", "told"), [(True, "Yes, it sees"), (False, "No, it does not see")])
def test_what_a_model_answered_is_told_and_escaped(sees, told):
    """A model that is asked really: tests/browser/test_reading.py."""
    answered = seeing.Looking(column=1, model="m", state="done", rows=(Sight(sees, "ACE47", "<b>ACE47", 1.2, "m:1b"),))
    markup = read_found.sight(answered)
    assert told in markup
    assert "ACE47" in markup
    assert "m:1b" in markup
    assert "<b>ACE47" not in markup


def test_readers_begin_with_what_is_installed():
    assert [one.name for one in readers(SESSION, Reading())][:2] == ["text-layer", "tesseract"]
